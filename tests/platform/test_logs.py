"""The log tells what went wrong and where, and nothing of whom."""

import io
import logging
import sys
from types import SimpleNamespace

import pytest
from celery.app.trace import build_tracer
from django.db import IntegrityError, transaction

from clinical_engine.celery import app
from clinical_engine.common.logs import ValueFreeFormatter, describe_error
from submitters.models import Organisation
from tests import factories

MARK = "Kowalczyk-4711"
logger = logging.getLogger("tests.logs")


def record_of(error: BaseException, message: str = "It failed", *args: object) -> logging.LogRecord:
    return logging.LogRecord(
        "tests", logging.ERROR, __file__, 1, message, args, (type(error), error, error.__traceback__)
    )


def chained_error() -> Exception:
    """An error with a cause and a context, each with the mark in its text."""
    external_id = MARK
    try:
        try:
            try:
                int(external_id)
            except ValueError:
                raise KeyError(external_id)  # noqa: B904 - the context is wanted
        except KeyError as error:
            raise RuntimeError(f"{external_id} failed") from error
    except RuntimeError as error:
        return error
    raise AssertionError


def test_a_traceback_is_frames_and_classes_without_texts_and_values() -> None:
    text = ValueFreeFormatter("%(message)s").format(record_of(chained_error()))
    assert MARK not in text
    assert text.splitlines()[0] == "It failed"
    assert text.count("tests/platform/test_logs.py:") == 3
    for name in ("RuntimeError", "KeyError", "ValueError", "in chained_error"):
        assert name in text


def test_a_circle_of_causes_ends() -> None:
    one, two = ValueError(MARK), KeyError(MARK)
    one.__cause__, two.__cause__ = two, one
    text = ValueFreeFormatter("%(message)s").format(record_of(one))
    assert text.splitlines() == ["It failed", "ValueError", "KeyError"]


def test_a_traceback_that_another_formatter_left_is_not_printed() -> None:
    record = record_of(chained_error())
    assert MARK in logging.Formatter().format(record)
    assert MARK not in ValueFreeFormatter().format(record)


def test_an_error_among_the_arguments_is_described() -> None:
    record = logging.LogRecord("tests", 30, __file__, 1, "%s after %d tries", (ValueError(MARK), 3), None)
    assert ValueFreeFormatter("%(message)s").format(record) == "ValueError after 3 tries"
    assert record.args is not None
    assert MARK in record.getMessage()


def test_the_path_that_somebody_typed_is_replaced_by_its_route() -> None:
    typed = SimpleNamespace(path=f"/api/v1/patients/{MARK}", resolver_match=None)
    known = SimpleNamespace(path="/admin/p/7/", resolver_match=SimpleNamespace(route="admin/p/<path:id>/"))
    for request, expected in (
        (typed, "Not Found: (an unknown address)"),
        (known, "Not Found: /admin/p/<path:id>/"),
    ):
        record = logging.LogRecord("django.request", 30, __file__, 1, "Not Found: %s", (request.path,), None)
        record.request = request
        assert ValueFreeFormatter("%(message)s").format(record) == expected


def test_a_record_without_arguments_is_printed_as_it_is() -> None:
    record = logging.LogRecord("tests", 30, __file__, 1, "100 % done", None, None)
    assert ValueFreeFormatter("%(levelname)s %(message)s").format(record) == "WARNING 100 % done"
    record = logging.LogRecord("tests", 30, __file__, 1, "%(kind)s done", ({"kind": "sweep"},), None)
    assert ValueFreeFormatter("%(message)s").format(record) == "sweep done"


def test_a_task_that_fails_unexpectedly_is_logged_without_the_text_of_its_error(log: io.StringIO) -> None:
    @app.task(name="tests.fail", bind=False)
    def fail() -> None:
        raise ValueError(MARK)

    try:
        build_tracer("tests.fail", fail, app=app)("an-id", [], {}, {})
    finally:
        app.tasks.unregister("tests.fail")
    assert "Task tests.fail[None] raised unexpected: ValueError" in log.getvalue()
    assert "tests/platform/test_logs.py" in log.getvalue()
    assert MARK not in log.getvalue()


@pytest.mark.django_db
def test_a_database_error_is_described_by_class_sqlstate_and_constraint() -> None:
    name = factories.organisation(name=MARK).name
    with pytest.raises(IntegrityError, match=MARK) as raised, transaction.atomic():
        Organisation.objects.create(name=name)
    described = describe_error(raised.value)
    assert described.startswith("IntegrityError sqlstate=23505 constraint_name=submitters_organisation_name")
    assert MARK not in described


@pytest.mark.parametrize("error", [ValueError(MARK), KeyError(MARK), OSError(2, MARK), SystemExit(MARK)])
def test_other_errors_are_described_by_their_class(error: BaseException) -> None:
    assert describe_error(error) == type(error).__name__


def test_the_engine_logs_through_this_formatter_only() -> None:
    engines = [
        handler
        for name in (None, "django", "django.server", "celery", "silk", "gunicorn")
        for handler in logging.getLogger(name).handlers
        if getattr(handler, "stream", None) is sys.stderr
    ]
    assert all(isinstance(handler.formatter, ValueFreeFormatter) for handler in engines)
