"""Which answers are kept for requests with an `Idempotency-Key`, and for how long."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from clinical_engine.api.idempotency import UnkeptResponse, idempotent, pruning
from clinical_engine.api.models import StoredAnswer
from clinical_engine.api.tasks import prune_answers
from patients.models import StatementConflict
from submitters.models import Organisation
from submitters.selectors import access_by_key
from tests import factories
from tests.api.bodies import batch, item, post, reading, readings, statement
from tests.api.contract import DescribedClient, client_of
from tests.api.idempotency import KEY, assert_replays, is_replay, kind_of_problem, with_key
from tests.factories import Caller
from tests.patients.concurrency import Threads, uncommitted


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        (
            "measurements",
            lambda caller: readings(caller, reading(), reading("m-2", unit="?")),
            "readings-refused",
        ),
        (
            "activations/batch",
            lambda caller: batch(caller, item(), item("s-2", effective_at="?")),
            "statements-refused",
        ),
    ],
)
def test_a_refusal_of_some_is_kept_with_its_results(
    api: DescribedClient, caller: Caller, path: str, body: Callable[[Caller], Any], kind: str
) -> None:
    first = with_key(api, path, body(caller))
    assert kind_of_problem(first) == (422, kind)
    assert_replays(with_key(api, path, body(caller)), first)
    # Who corrects the request sends another one.
    assert kind_of_problem(with_key(api, path, body(caller) | {"more": 1})) == (422, "idempotency-key-reused")


def test_a_conflict_is_kept_for_staff_and_for_who_sent_it(api: DescribedClient, caller: Caller) -> None:
    post(api, "activations", statement(caller))
    first = with_key(api, "activations", statement(caller, external_id="p-2"))
    assert kind_of_problem(first) == (409, "client-id-conflict")
    assert StatementConflict.objects.get().external_id == "p-2"
    assert_replays(with_key(api, "activations", statement(caller, external_id="p-2")), first)


def test_a_request_that_was_refused_as_a_whole_can_be_corrected_under_the_same_key(
    api: DescribedClient, caller: Caller
) -> None:
    for wrong in ({"effective_at": "?"}, {"submitter": str(factories.submitter().id)}):
        answer = with_key(api, "activations", statement(caller) | wrong)
        assert kind_of_problem(answer) == (422, "refused")
    assert kind_of_problem(with_key(api, "activations", "{")) == (400, "parse-error")
    too_large = statement(caller, "s" * 70_000)
    assert kind_of_problem(with_key(api, "activations", too_large)) == (413, "body-too-large")
    assert not StoredAnswer.objects.exists()
    assert with_key(api, "activations", statement(caller)).status_code == 202


def test_a_measurement_that_was_not_there_yet_is_looked_for_again(
    api: DescribedClient, caller: Caller
) -> None:
    made_up = f"measurements/{caller.organisation.id}/entered-in-error"
    for _ in range(2):
        assert kind_of_problem(with_key(api, made_up, {"reason": "Wrong"})) == (404, "not-found")


class _OpenView(APIView):
    authentication_classes = []
    permission_classes = []


class _OutOfOrderView(_OpenView):
    """Stores something, and answers that it could not."""

    @idempotent
    def post(self, _: Request) -> Response:
        factories.organisation(name="Stored by mistake")
        return Response(status=500)


class _RefusingView(_OpenView):
    """Refuses a request as a whole, and writes down beside it that it did."""

    @idempotent
    def post(self, _: Request) -> Response:
        factories.organisation()
        return UnkeptResponse("Refused", status=422)


def answer_of(view: type[APIView], caller: Caller, body: dict[str, int]) -> Any:
    request = APIRequestFactory().post("/", body, format="json", headers={"Idempotency-Key": KEY})
    access: Any = access_by_key(caller.key)
    force_authenticate(request, token=access)
    return view.as_view()(request)


def test_an_answer_that_is_our_own_fault_is_not_kept_and_nothing_of_it_is_stored(caller: Caller) -> None:
    assert answer_of(_OutOfOrderView, caller, {}).status_code == 500
    assert not StoredAnswer.objects.exists()
    assert not Organisation.objects.filter(name="Stored by mistake").exists()


def test_an_answer_that_says_so_is_not_kept_and_what_was_written_beside_it_stays(caller: Caller) -> None:
    before = Organisation.objects.count()
    for body in ({}, {"corrected": 1}):
        answer = answer_of(_RefusingView, caller, body)
        assert (answer.status_code, answer.content) == (422, b'"Refused"')
        assert not is_replay(answer)
    assert not StoredAnswer.objects.exists()
    assert Organisation.objects.count() == before + 2


def age(hours: float) -> None:
    """Let all answers have been given earlier."""
    StoredAnswer.objects.update(created_at=F("created_at") - timedelta(hours=hours))


def test_an_answer_is_kept_for_a_day(api: DescribedClient, caller: Caller) -> None:
    first = with_key(api, "activations", statement(caller))
    age(23.9)
    assert pruning.prune() == 0
    assert_replays(with_key(api, "activations", statement(caller)), first)


def test_an_expired_answer_gives_way_to_a_new_one_whether_or_not_it_is_gone(
    api: DescribedClient, caller: Caller
) -> None:
    with_key(api, "activations", statement(caller))
    age(24.1)
    # With another body, which the key is free for again.
    answer = with_key(api, "activations", statement(caller, "s-2", "p-2"))
    assert answer.json()["outcome"] == "accepted"
    assert_replays(with_key(api, "activations", statement(caller, "s-2", "p-2")), answer)
    assert StoredAnswer.objects.count() == 1


def test_expired_answers_are_deleted_in_slices_by_one_at_a_time(
    committed_caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = client_of(committed_caller)
    monkeypatch.setattr(pruning, "SLICE", 2)
    for number in range(5):
        with_key(api, "activations", statement(committed_caller), f"old-{number}")
    age(24.1)
    with_key(api, "activations", statement(committed_caller), "new")
    with Threads(1) as threads, uncommitted(threads, pruning._prune_slice):
        prune_answers()
        assert StoredAnswer.objects.count() == 6
    prune_answers()
    assert StoredAnswer.objects.count() == 1
    assert is_replay(with_key(api, "activations", statement(committed_caller), "new"))
