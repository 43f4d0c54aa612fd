"""The small pieces that tables and fields of the admin are made of; whatever comes from data is escaped."""

import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.timezone import now as current_time

NOTHING = "–"  # noqa: RUF001 - a dash, as people write it


class Tone(StrEnum):
    """What a badge's colour says; the words say it too."""

    GOOD = "good"
    BAD = "bad"
    WAITING = "waiting"
    PLAIN = "plain"


def badge(text: str, tone: Tone = Tone.PLAIN) -> SafeString:
    """A word or two in a coloured frame."""
    return format_html('<span class="ce-badge ce-badge-{}">{}</span>', tone, text)


def link(url: str, text: object) -> SafeString:
    """A link within the admin."""
    return format_html('<a class="ce-link" href="{}">{}</a>', url, text)


def page_of(view: str, key: object, text: object) -> SafeString:
    """A link to the page of one row: `view` is its URL name such as 'admin:jobs_job_change'."""
    return link(reverse(view, args=[str(key)]), text)


def list_url(view: str, **filters: object) -> str:
    """The address of a list with filters set."""
    return f"{reverse(view)}?{urlencode(filters)}" if filters else reverse(view)


def moment_text(time: datetime | None, zone: ZoneInfo | None = None) -> str:
    """A time with its zone: in `zone` when given, otherwise in UTC."""
    return NOTHING if time is None else date_format(localtime(time, zone), "DATETIME_FORMAT")


def moment(time: datetime | None, zone: ZoneInfo | None = None) -> SafeString:
    """As `moment_text`, for a cell of its own: never broken across lines."""
    return _in_one_line(moment_text(time, zone))


def precise_moment(time: datetime | None) -> SafeString:
    """A time in UTC to the millisecond, for those who look for causes."""
    if time is None:
        return _in_one_line(NOTHING)
    return _in_one_line(f"{localtime(time, UTC):%-d %b %Y, %H:%M:%S}.{time.microsecond // 1000:03d} UTC")


def _in_one_line(text: str) -> SafeString:
    return format_html('<span class="ce-time">{}</span>', text)


def length(span: timedelta) -> str:
    """A stretch of time in its largest unit, such as '3 days'."""
    seconds = max(0, int(span.total_seconds()))
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            number = seconds // size
            return f"{number} {name}{'' if number == 1 else 's'}"
    return f"{seconds} s"


def ago(time: datetime) -> str:
    """How long a time is past, such as '3 days'."""
    return length(current_time() - time)


def code_block(text: str) -> SafeString:
    """Text with its line breaks and in a typewriter face."""
    return format_html('<pre class="ce-code">{}</pre>', text)


def json_block(value: object) -> SafeString:
    """A stored JSON value, one member a line."""
    return code_block(json.dumps(value, indent=2, ensure_ascii=False))


def identifier(value: object) -> SafeString:
    """An id, in a face that tells 0 from O."""
    return format_html('<span class="ce-id">{}</span>', value)
