"""How long executions of a statement took, kept as counts in buckets of equal width on a logarithmic scale.

Counts can be added up over processes, days and months, and a percentile is read off them to within a tenth.
"""

from collections.abc import Iterable, Mapping
from math import log2
from typing import TypeAlias

BUCKETS_PER_DOUBLING = 4
Durations: TypeAlias = Mapping[int, int]
"""By bucket, how many executions: bucket b holds those of `2 ** (b / 4)` microseconds or more, and less than bucket b + 1."""
# An execution of a day is as long as any; the buckets of one fit into a byte.
_LAST = 255


def bucket_of(seconds: float) -> int:
    """The bucket of one execution. Less than a microsecond counts as one."""
    return min(int(log2(max(seconds * 1e6, 1.0)) * BUCKETS_PER_DOUBLING), _LAST)


def percentile(durations: Durations, share: float) -> float | None:
    """Microseconds that the given share (0 to 1) of the executions stayed under; None without any.

    Within a bucket the executions are taken as spread evenly, so that a median that slowly rises does so in figures as well.
    """
    wanted = share * sum(durations.values())
    seen = 0
    for bucket in sorted(durations):
        count = durations[bucket]
        if count and seen + count >= wanted:
            return float(2 ** ((bucket + (wanted - seen) / count) / BUCKETS_PER_DOUBLING))
        seen += count
    return None


def added(parts: Iterable[Durations]) -> dict[int, int]:
    """All of them together."""
    found: dict[int, int] = {}
    for part in parts:
        add_to(found, part)
    return found


def add_to(sums: dict[int, int], more: Durations) -> None:
    """Add more of them to what there is."""
    for bucket, count in more.items():
        sums[bucket] = sums.get(bucket, 0) + count


def packed(durations: Durations) -> bytes:
    """For storage: a byte for each bucket, and its count in as many bytes of seven bits as it needs."""
    out = bytearray()
    for bucket in sorted(durations):
        out.append(bucket)
        count = durations[bucket]
        while count > 0x7F:  # noqa: PLR2004 - seven bits
            out.append(count & 0x7F | 0x80)
            count >>= 7
        out.append(count)
    return bytes(out)


def unpacked(stored: bytes | memoryview) -> dict[int, int]:
    """The opposite of `packed`."""
    found: dict[int, int] = {}
    stream = iter(bytes(stored))
    for bucket in stream:
        count = shift = 0
        for byte in stream:
            count |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:  # noqa: PLR2004 - the last of its count
                break
        found[bucket] = count
    return found


def last(before: Durations, after: Durations, count: int) -> dict[int, int]:
    """About the last `count` executions, of those before and those after: all of the later ones, filled up with earlier ones."""
    room = count - sum(after.values())
    earlier = sum(before.values())
    if room <= 0 or not earlier:
        return dict(after)
    if room >= earlier:
        return added([before, after])
    kept, wanted, found = {}, 0.0, 0
    for bucket in sorted(before):
        # Which of them were the earlier is not known: of each bucket the same share stays.
        wanted += before[bucket] * room / earlier
        if round(wanted) > found:
            kept[bucket] = round(wanted) - found
            found = round(wanted)
    return added([kept, after])
