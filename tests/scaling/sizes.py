"""How large the world is, and how large a request."""

PATIENTS = 40
TIMES = (1, 4, 16)
SIZES = tuple(PATIENTS * times for times in TIMES)
# How many items a request to a bulk helper has, and how many when it is four times as large.
REQUEST, LARGE_REQUEST = 5, 20
# Enough for the planner to take an index wherever it can: reading any large table whole takes a hundred times as long.
MANY_PATIENTS = 4_000
