"""Pages of long lists, by cursor: a page costs the same however deep it lies, and rows that arrive meanwhile shift nothing."""

from rest_framework.pagination import CursorPagination


class NewestFirstPages(CursorPagination):
    """Pages of 100, at most 1,000, newest first by the view's `time_field`."""

    page_size = 100
    max_page_size = 1000
    page_size_query_param = "page_size"


class ByMeasuredAt(NewestFirstPages):
    """Newest measurement first; its id decides between equal times."""

    ordering = ("-measured_at", "-id")


class ByAsOf(NewestFirstPages):
    """The observation about the latest time first; its id decides between equal times."""

    ordering = ("-as_of", "-id")
