"""Waiting until everything that was sent is linked and computed: every patient is read and compared until it is as it must be."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from observations.simulator.actions import Patient, Progress
from observations.simulator.answering import Difference
from observations.simulator.client import Client, NoAnswerError
from observations.simulator.comparing import LINKS, PATIENT, compare
from observations.simulator.expectation import expected_of
from observations.simulator.finding import Found, find

_THREADS = 4
_PAUSE = 0.5
_LOOK = 0.05


def comparable(patients: Sequence[Patient]) -> list[Patient]:
    """Those of whom all that was sent has been answered; what must follow for the others nobody knows."""
    return [
        patient
        for patient in patients
        if all(action.progress is Progress.ANSWERED for action in patient.actions)
    ]


class Settling:
    """Compares patients; `client` makes a connection for each thread that does."""

    def __init__(self, client: Callable[[], Client], organisation: str, ended: threading.Event) -> None:
        self.right = self.readings = self.observations = 0
        self.silence = ""
        """Why the engine gave no answer about somebody when all were asked about last; '' when it gave one about everybody."""
        self.differing: dict[str, list[Difference]] = {}
        """The patients that are not as they must be, or with whom the engine is not finished, and what is wrong."""
        self.last_progress_at = monotonic()
        self._client, self._organisation, self._ended = client, organisation, ended
        self._linked: set[str] = set()
        self._lock = threading.Lock()

    @property
    def linked(self) -> int:
        """How many patients have the links they must have."""
        return len(self._linked)

    @property
    def differences(self) -> list[Difference]:
        """All that is wrong."""
        return [
            one
            for patient, found in self.differing.items()
            for one in found or [Difference(patient, "its last job", "finished", "not finished")]
        ]

    def settle(self, patients: Sequence[Patient], seconds: float, show: Callable[[], None]) -> None:
        """Compare all patients, those that are not right again and again, until all are or none has become right for `seconds`."""
        self.last_progress_at = monotonic()
        waiting = list(patients)
        while waiting and not self._ended.is_set():
            right = self._compare_all(waiting, show)
            waiting = [patient for patient in waiting if patient not in right]
            if monotonic() - self.last_progress_at > seconds:
                return
            if waiting:
                self._ended.wait(_PAUSE)

    def _compare_all(self, patients: Sequence[Patient], show: Callable[[], None]) -> set[Patient]:
        remaining = iter(patients)
        self.silence = ""
        with ThreadPoolExecutor(_THREADS) as threads:
            lookers = [threads.submit(self._compare_some, remaining) for _ in range(_THREADS)]
            try:
                while not all(looker.done() for looker in lookers):
                    show()
                    self._ended.wait(_LOOK)
            except KeyboardInterrupt:
                # The pool would wait until its threads have compared everybody.
                self._ended.set()
                raise
        return {patient for looker in lookers for patient in looker.result()}

    def _compare_some(self, remaining: Iterator[Patient]) -> list[Patient]:
        right = []
        with self._client() as client:
            while not self._ended.is_set():
                with self._lock:
                    patient = next(remaining, None)
                if patient is None:
                    break
                if self._is_right(client, patient):
                    right.append(patient)
        return right

    def _is_right(self, client: Client, patient: Patient) -> bool:
        expected = expected_of(patient)
        try:
            found = self._found(client, patient)
            differences, is_finished = compare(patient, expected, found), found.is_finished
        except NoAnswerError as error:
            self.silence = str(error)
            unread = Difference(patient.external_id, PATIENT, "read back", f"no answer ({error})")
            differences, is_finished = [unread], False
        with self._lock:
            is_right = self._take(patient.external_id, differences, is_finished=is_finished)
            if is_right:
                self.readings += len(expected.statuses)
                self.observations += len(expected.glucose)
        return is_right

    def _found(self, client: Client, patient: Patient) -> Found:
        # An engine that was silent for so long is not asked about everybody else: each would take as long again.
        if self.silence:
            raise NoAnswerError(self.silence)
        return find(client, patient, self._organisation)

    def _take(self, patient: str, differences: list[Difference], *, is_finished: bool) -> bool:
        if not any(difference.what in {PATIENT, LINKS} for difference in differences):
            self._linked.add(patient)
        if differences or not is_finished:
            self.differing[patient] = differences
            return False
        self.differing.pop(patient, None)
        self.right += 1
        self.last_progress_at = monotonic()
        return True
