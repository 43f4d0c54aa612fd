"""In development and in tests a query that is sent for one row after another fails. Production has nothing of it.

django-zeal finds those of Django's models. SQL by hand it does not see: the capture counts that, in production as well.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from django.apps import apps


class QueryPerRowError(Exception):
    """A query was sent for one row after another. Its text names the model's field and the place, and holds no values."""


@contextmanager
def no_query_per_row() -> Iterator[None]:
    """One unit of work, in which the same line may ask for the same thing of one row only.

    Raises QueryPerRowError at the second. Does nothing where django-zeal is not installed as an app.
    """
    if not apps.is_installed("zeal"):
        yield
        return
    # By name: production must not load what patches Django's models.
    zeal = import_module("zeal")
    try:
        with zeal.zeal_context():
            yield
    except zeal.NPlusOneError as error:
        raise QueryPerRowError(str(error)) from error
