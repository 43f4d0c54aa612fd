"""Chains of corrections: none may close to a circle, in which nothing would count; also not by halves sent at the same moment."""

from collections.abc import Callable, Sequence
from itertools import permutations
from threading import Barrier

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinical_engine.common.database import execute
from observations.intake import Outcome, chains
from observations.models import Correction, Measurement
from observations.readings import Reading
from submitters.models import Submitter
from tests import factories
from tests.observations.facts import record, retract
from tests.patients.concurrency import Threads, somebody_waits_for_a_lock, uncommitted, wait_until
from tests.patients.histories import dice

Work = Callable[[], int]
ROUNDS = 40
CIRCLE = "replaces_in_a_circle"


@pytest.fixture
def submitter(db: None) -> Submitter:
    return factories.submitter()


def plain(client_id: str) -> Reading:
    return factories.reading("p-1", 100, client_id=client_id)


def by(client_id: str, replaces: str, patient: str = "p-1") -> Reading:
    return factories.reading(patient, 100, client_id=client_id, replaces=replaces)


def told(submitter: Submitter, *readings: Reading) -> list[str]:
    """What became of each: its outcome, or the code for which it was refused."""
    answers = record(submitter, *readings)
    return [answer.refusals[0].code if answer.refusals else answer.outcome.value for answer in answers]


def links() -> dict[str, str]:
    """What is noted: by each client id the one that replaces it."""
    return dict(Correction.objects.values_list("target_client_id", "replacement_client_id"))


def standing() -> set[str]:
    return set(Measurement.objects.filter(status="final").values_list("client_id", flat=True))


def test_of_two_that_replace_each_other_in_one_request_the_second_is_refused(
    submitter: Submitter, work: Work
) -> None:
    assert told(submitter, by("e", "f"), by("f", "e")) == ["held", CIRCLE]
    work()
    assert (links(), standing()) == ({"f": "e"}, {"e"})
    # Nothing of it is left in the way: what it should have been can be sent under the same id.
    assert told(submitter, plain("f"), by("g", "e")) == ["held", "held"]
    work()
    assert standing() == {"g"}


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@pytest.mark.parametrize("together", [True, False], ids=["one request", "three requests"])
def test_whichever_of_three_closes_the_circle_is_refused(
    submitter: Submitter, work: Work, order: Sequence[int], *, together: bool
) -> None:
    circle = [by("b", "a"), by("c", "b"), by("a", "c")]
    sent = [circle[place] for place in order]
    requests = [sent] if together else [[each] for each in sent]
    answers = [answer for request in requests for answer in told(submitter, *request)]
    assert answers == ["held", "held", CIRCLE]
    work()
    assert len(standing()) == 1
    assert sent[2].client_id not in Measurement.objects.values_list("client_id", flat=True)


def test_what_is_sent_again_is_a_duplicate_and_no_circle(submitter: Submitter) -> None:
    chain = [plain("m-1"), by("m-2", "m-1"), by("m-3", "m-2"), by("m-4", "m-3")]
    assert told(submitter, *chain[::-1]) == ["held"] * 4
    assert told(submitter, *chain, *chain[::-1]) == ["duplicate"] * 8
    assert told(submitter, by("m-1", "m-4"), by("m-2", "m-4")) == ["conflict", "conflict"]
    assert links() == {"m-1": "m-2", "m-2": "m-3", "m-3": "m-4"}


def test_one_entered_in_error_still_replaces_what_it_replaced(submitter: Submitter, work: Work) -> None:
    assert told(submitter, by("e", "f")) == ["held"]
    retract(submitter, "e")
    work()
    assert told(submitter, by("f", "e")) == [CIRCLE]
    assert told(submitter, by("g", "e"), plain("f")) == ["held", "held"]
    work()
    assert standing() == {"g"}


def test_a_refused_one_leaves_what_it_named_to_the_next_row_of_its_request(submitter: Submitter) -> None:
    assert told(submitter, by("a", "b")) == ["held"]
    assert told(submitter, by("b", "a"), by("c", "a"), by("d", "a")) == [CIRCLE, "held", "replaced_already"]
    assert links() == {"b": "a", "a": "c"}


def test_a_row_in_conflict_with_its_own_request_is_no_link_of_a_chain(submitter: Submitter) -> None:
    sent = [plain("x"), by("x", "t"), by("r", "t"), by("r", "u"), by("u", "r"), by("t", "r")]
    assert told(submitter, *sent) == ["held", "conflict", "held", "conflict", "held", "replaced_already"]
    assert links() == {"t": "r", "r": "u"}


def test_the_same_ids_of_another_organisation_are_no_part_of_a_chain(submitter: Submitter) -> None:
    assert told(submitter, by("e", "f")) == ["held"]
    assert told(factories.submitter(factories.organisation()), by("f", "e")) == ["held"]


def test_a_circle_from_times_when_nobody_looked_keeps_nobody_from_correcting(submitter: Submitter) -> None:
    assert told(submitter, by("b", "a"), by("c", "b")) == ["held", "held"]
    execute(
        """
        INSERT INTO observations_correction (organisation_id, target_client_id, replacement_client_id, kind, job_id)
        VALUES (%s, 'c', 'a', 'replaced', gen_random_uuid())
        """,
        [submitter.organisation_id],
    )
    assert told(submitter, by("a", "z"), by("y", "c"), by("b", "a")) == [
        "held",
        "replaced_already",
        "duplicate",
    ]


def test_a_chain_longer_than_is_followed_is_no_further_extended_from_its_end(
    submitter: Submitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chains, "MOST_FOLLOWED", 3)
    assert told(submitter, *(by(f"m-{n}", f"m-{n - 1}") for n in range(1, 9))) == ["held"] * 8
    # Before the chain's first: whether it ends where it would close cannot be told.
    assert told(submitter, by("m-0", "other"), by("new", "another")) == [CIRCLE, "held"]
    # Behind its last, as people correct, it may always go on.
    assert told(submitter, by("m-9", "m-8")) == ["held"]


def test_the_number_of_statements_is_the_same_for_any_number_of_corrections(submitter: Submitter) -> None:
    def statements(number: int, start: int) -> int:
        names = [f"{start}/{n}" for n in range(number)]
        record(submitter, *(by(f"{name}/2", f"{name}/1") for name in names))
        # Each with a chain behind it.
        with CaptureQueriesContext(connection) as captured:
            record(submitter, *(by(f"{name}/1", f"{name}/0") for name in names))
        return len(captured)

    record(submitter, by("patient", "known"))
    assert statements(1, 1) == statements(200, 2) <= 16


@pytest.mark.usefixtures("committed_db")
class TestAtTheSameMoment:
    """On connections of their own."""

    def test_the_second_half_of_a_circle_waits_for_the_first_and_is_refused(self, work: Work) -> None:
        submitter = factories.submitter()
        with Threads(2) as threads:
            with uncommitted(threads, lambda: told(submitter, by("e", "f"))):
                second = threads.start(told, submitter, by("f", "e"))
                wait_until(lambda: second.done() or somebody_waits_for_a_lock())
                assert not second.done()
            assert second.result() == [CIRCLE]
        work()
        assert (links(), standing()) == ({"f": "e"}, {"e"})

    def test_a_correction_of_something_else_waits_for_nobody(self) -> None:
        submitter = factories.submitter()
        # Of another patient: those of one patient wait for each other, by the job that they share.
        record(submitter, by("other", "nothing", "p-2"))
        with Threads(1) as threads, uncommitted(threads, lambda: told(submitter, by("e", "f"))):
            assert told(submitter, by("g", "other", "p-2")) == ["held"]

    def test_two_links_that_join_two_chains_to_a_circle_do_not_both_come_in(self) -> None:
        submitter = factories.submitter()
        # a <- b and c <- d are there; b <- c and d <- a name no client id in common.
        assert told(submitter, by("b", "a"), by("d", "c")) == ["held", "held"]
        with Threads(2) as threads:
            with uncommitted(threads, lambda: told(submitter, by("c", "b"))):
                second = threads.start(told, submitter, by("a", "d"))
                wait_until(lambda: second.done() or somebody_waits_for_a_lock())
                assert not second.done()
            assert second.result() == [CIRCLE]

    def test_in_many_rounds_of_circles_sent_in_pieces_each_is_short_of_one_link(
        self, work: Work, request: pytest.FixtureRequest
    ) -> None:
        submitter, number = factories.submitter(), 5
        random = dice(request.config.getoption("randomly_seed"))

        def send(readings: Sequence[Reading], together: Barrier) -> list[str]:
            together.wait()
            return told(submitter, *readings)

        for turn in range(ROUNDS):
            circle = [by(f"{turn}/{n}", f"{turn}/{(n + 1) % number}", f"p-{n}") for n in range(number)]
            random.shuffle(circle)
            # What is there beforehand makes the chains that others join.
            before = random.randrange(number - 1)
            record(submitter, *circle[:before])
            cut = random.randrange(before + 1, number)
            together = Barrier(2)
            with Threads(2) as threads:
                sending = [threads.start(send, part, together) for part in (circle[before:cut], circle[cut:])]
            answers = [answer for future in sending for answer in future.result()]
            assert answers.count(CIRCLE) == 1
            assert answers.count(Outcome.HELD) == number - before - 1
        work()
        assert Measurement.objects.count() == ROUNDS * (number - 1)
        assert len(standing()) == ROUNDS
