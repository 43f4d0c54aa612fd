"""What an action sends, and whether it sends more in a larger world."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.scaling.recording import Sent, recorded

BEGINNING = 160
# How many more bytes one value may take where the numbers are larger: keys, counts and offsets gain a digit for each tenfold, and
# times have more or fewer digits after the point. Not a whole further value.
DIGITS = 4


@dataclass(slots=True)
class Largest:
    """The most that any statement of one kind needed, and how often it was sent."""

    shape: str
    times: int = 0
    parameters: int = 0
    values: int = 0
    size: int = 0
    copied: int = 0

    def take(self, sent: Sent) -> None:
        """Count one more."""
        self.times += 1
        self.parameters = max(self.parameters, sent.parameters)
        self.values = max(self.values, sent.values)
        self.size = max(self.size, sent.size)
        self.copied = max(self.copied, sent.copied)


@dataclass(slots=True)
class Summary:
    """What an action sent, by kind of statement."""

    by_key: dict[tuple[str, ...], Largest] = field(default_factory=dict)

    @classmethod
    def of(cls, statements: Sequence[Sent]) -> "Summary":
        """The summary of what was recorded."""
        summary = cls()
        for sent in statements:
            summary.by_key.setdefault(sent.read.key, Largest(sent.read.shape)).take(sent)
        return summary

    @property
    def queries(self) -> int:
        """The number of statements."""
        return sum(one.times for one in self.by_key.values())

    def like(self, key: tuple[str, ...]) -> Largest:
        """The statement of this kind; where there was none, the most that any other needed."""
        if key in self.by_key:
            return self.by_key[key]
        most = Largest("")
        for one in self.by_key.values():
            for name in ("parameters", "values", "size", "copied"):
                setattr(most, name, max(getattr(most, name), getattr(one, name)))
        return most


def measured(action: Callable[[], object]) -> Summary:
    """What the action sends."""
    with recorded() as recording:
        action()
    return Summary.of(recording.statements)


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that must not grow: its words, and by how much it may all the same, given what it was before."""

    words: str
    name: str
    per_value: int = 0

    def allowed(self, before: Largest, times: int) -> int:
        """The most that is no growth; `times` as large as before where the request is."""
        return int(getattr(before, self.name)) * times + self.per_value * max(before.values, 1) * times


_MEASURES = (
    Measure("binds more parameters in one statement", "parameters"),
    Measure("puts more values into one statement", "values"),
    Measure("sends a longer statement", "size", per_value=DIGITS),
    Measure("copies more bytes", "copied", per_value=DIGITS),
)
_GROWS_WITH_REQUEST = {"values", "size", "copied"}


def complaints(
    name: str, summaries: Mapping[int, Summary], *, of: str = "patients", request_grows: bool = False
) -> list[str]:
    """A sentence for everything that grows from one size to the next, which are multiples of the first.

    Where `request_grows` the sizes are those of a bulk request, and values and bytes may grow as it does.
    """
    found: list[str] = []
    sizes = sorted(summaries)
    for small, large in pairwise(sizes):
        before, after = summaries[small], summaries[large]
        if after.queries > before.queries:
            found.append(
                _sentence(
                    name, of, "takes more queries", _numbers_of_queries(summaries), _more_often(before, after)
                )
            )
        times = large // small if request_grows else 1
        for key, one in after.by_key.items():
            for measure in _MEASURES:
                factor = times if measure.name in _GROWS_WITH_REQUEST else 1
                if getattr(one, measure.name) > measure.allowed(before.like(key), factor):
                    numbers = {size: int(getattr(summaries[size].like(key), measure.name)) for size in sizes}
                    found.append(_sentence(name, of, measure.words, numbers, one.shape))
    return list(dict.fromkeys(found))


def _numbers_of_queries(summaries: Mapping[int, Summary]) -> dict[int, int]:
    return {size: summary.queries for size, summary in sorted(summaries.items())}


def _more_often(before: Summary, after: Summary) -> str:
    more = Counter({key: one.times for key, one in after.by_key.items()})
    more.subtract({key: one.times for key, one in before.by_key.items()})
    [(key, _)] = more.most_common(1)
    return after.by_key[key].shape


def _sentence(name: str, of: str, words: str, numbers: Mapping[int, int], shape: str) -> str:
    first = min(numbers)
    at = ", ".join(f"{number:,} at {size // first}x" for size, number in numbers.items())
    return f"{name} {words} when there are more {of} ({at}): {shape[:BEGINNING]}"
