"""Mistakes that were made on purpose: each of them is found, and what grows is named."""

import re
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from psycopg2.extras import execute_values
from pytest_django import DjangoDbBlocker

from clinical_engine.common.database import array_literal, fetch_all
from patients.models import Association, Patient
from tests.scaling.comparing import Summary, complaints, measured
from tests.scaling.recording import Sent
from tests.scaling.sizes import SIZES
from tests.scaling.statements import read
from tests.scaling.world import undone

MORE_QUERIES, MORE_PARAMETERS = "takes more queries", "binds more parameters in one statement"
MORE_VALUES, LONGER = "puts more values into one statement", "sends a longer statement"
MORE_COPIED = "copies more bytes"


def active_patients() -> list[UUID]:
    """What the incident's query was given: the ids of everybody who is active."""
    return list(Association.objects.filter(dissociated_at=None).values_list("patient_id", flat=True))


def incident(request: HttpRequest) -> HttpResponse:
    """The page that broke: one parameter for each active patient."""
    known = Patient.objects.filter(id__in=active_patients())
    return HttpResponse(f"{len(known)} patients")


def look_at_the_incident() -> None:
    assert incident(RequestFactory().get("/")).status_code == 200


def any_of_a_list() -> None:
    fetch_all(
        "SELECT id FROM patients_patient WHERE id = ANY(%s::uuid[])", [list(map(str, active_patients()))]
    )


def any_of_an_array_literal() -> None:
    fetch_all(
        "SELECT id FROM patients_patient WHERE id = ANY(%s::uuid[])", [array_literal(active_patients())]
    )


def text_that_is_split() -> None:
    ids = ";".join(map(str, active_patients()))
    fetch_all("SELECT id FROM patients_patient WHERE id::text = ANY(string_to_array(%s, ';'))", [ids])


def chain_of_conditions() -> None:
    wanted = Q()
    for patient in active_patients():
        wanted |= Q(pk=patient)
    assert list(Patient.objects.filter(wanted))


def values_of_everybody() -> None:
    with connection.cursor() as cursor:
        rows = [(patient,) for patient in active_patients()]
        execute_values(cursor.cursor, "SELECT id FROM (VALUES %s) AS asked (id)", rows, page_size=10_000)


def copy_of_everybody() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS staged (id uuid) ON COMMIT DROP")
        cursor.copy_expert(
            "COPY staged FROM STDIN", StringIO("".join(f"{one}\n" for one in active_patients()))
        )


def query_for_each() -> None:
    for patient in active_patients():
        assert Patient.objects.get(pk=patient)


def one_patient() -> None:
    """As it should be."""
    assert Patient.objects.get(pk=Patient.objects.values("pk")[:1])


PLANTED: dict[Callable[[], None], set[str]] = {
    look_at_the_incident: {MORE_PARAMETERS, MORE_VALUES, LONGER},
    any_of_a_list: {MORE_VALUES, LONGER},
    any_of_an_array_literal: {MORE_VALUES, LONGER},
    text_that_is_split: {LONGER},
    chain_of_conditions: {MORE_PARAMETERS, MORE_VALUES, LONGER},
    values_of_everybody: {MORE_PARAMETERS, MORE_VALUES, LONGER},
    copy_of_everybody: {MORE_VALUES, MORE_COPIED},
    query_for_each: {MORE_QUERIES},
    one_patient: set(),
}


_ALL = {MORE_QUERIES, MORE_PARAMETERS, MORE_VALUES, LONGER, MORE_COPIED}
NAME = "the planted page"


@pytest.fixture(scope="module")
def found(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Mapping[Callable[[], None], Sequence[str]]:
    """What is found of each mistake."""
    summaries: dict[Callable[[], None], dict[int, Summary]] = {action: {} for action in PLANTED}
    with django_db_blocker.unblock(), undone() as world:
        for size in SIZES:
            world.grow(size)
            for action in PLANTED:
                summaries[action][size] = measured(action)
    return {action: complaints(NAME, of_action) for action, of_action in summaries.items()}


@pytest.mark.parametrize("action", PLANTED)
def test_a_planted_mistake_is_found_and_its_reason_named(
    found: Mapping[Callable[[], None], Sequence[str]], action: Callable[[], None]
) -> None:
    named = {words for words in _ALL for sentence in found[action] if sentence.startswith(f"{NAME} {words}")}
    assert named == PLANTED[action], found[action]


def test_a_sentence_names_the_page_the_numbers_and_the_statement_without_its_values(
    found: Mapping[Callable[[], None], Sequence[str]],
) -> None:
    [sentence] = [sentence for sentence in found[any_of_an_array_literal] if MORE_VALUES in sentence]
    active = [size * 3 // 4 for size in SIZES]
    assert sentence == (
        f"{NAME} {MORE_VALUES} when there are more patients ({active[0]} at 1x, {active[1]} at 4x, {active[2]} at 16x):"
        " SELECT id FROM patients_patient WHERE id = ANY(?::uuid[])"
    )
    assert not [
        sentence
        for each in found.values()
        for sentence in each
        if re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", sentence)
    ]


def test_a_bulk_helper_may_grow_with_its_request_but_not_faster() -> None:
    def of(values: int, queries: int = 1) -> Summary:
        texts = [f"SELECT ANY('{array_literal(range(values))}')"] * queries
        return Summary.of([Sent(read(text), 1, len(text), read(text).values) for text in texts])

    def judged(few: Summary, many: Summary) -> list[str]:
        return complaints(NAME, {5: few, 20: many}, of="items", request_grows=True)

    assert not judged(of(5), of(20))
    assert [MORE_VALUES in sentence or LONGER in sentence for sentence in judged(of(5), of(100))] == [
        True,
        True,
    ]
    assert [MORE_QUERIES in sentence for sentence in judged(of(5), of(20, queries=2))] == [True]
