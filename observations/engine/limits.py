"""The bounds of language version 1. Stored scripts rely on them: another bound is another version."""

from typing import Final

NUMBER_LIMIT: Final = 10**15
"""Every number stays finite and smaller in size than this: exact as a whole number in a float."""
MAX_TEXT: Final = 200
MAX_ITEMS: Final = 1_000
MAX_FIELDS: Final = 100
MAX_INPUTS: Final = 100
MAX_SOURCE: Final = 20_000
MAX_NESTING: Final = 60
MAX_STEPS: Final = 20_000
MAX_NAME: Final = 60
MAX_NUMERAL: Final = 40
MAX_PROBLEMS: Final = 20
"""An author reads the first problems; a hostile source must not make us write ten thousand."""
MAX_SUGGESTIONS: Final = 200
"""How many known names are compared with an unknown one: the comparison is slow in the length of its list."""
ITEMS_PER_STEP: Final = 10
"""A function or `in` that reads a list pays one step for so many items, begun ones included."""
MAX_ROUND_DIGITS: Final = 15
