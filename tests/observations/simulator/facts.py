"""Simulated patients, by hand."""

from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any

from observations.simulator.actions import Content, Patient, Progress, Reading, Retraction, Single, Statement
from tests.factories import NOON, days

_number = count(1)


def glucose(value: int) -> Single:
    return Single("2339-0", Decimal(value), "mg/dL", float(value))


def state(patient: Patient, day: float, *, active: bool = True, name: str | None = None) -> Statement:
    said = Statement(
        patient=patient,
        client_id=name or f"s-{next(_number)}",
        due=0,
        active=active,
        effective_at=NOON + days(day),
        progress=Progress.ANSWERED,
    )
    patient.actions.append(said)
    return said


def measure(patient: Patient, day: float, content: Content | None = None, **fields: Any) -> Reading:
    name = fields.pop("client_id", f"m-{next(_number)}")
    reading = Reading(
        patient=patient,
        client_id=name,
        due=0,
        content=content or glucose(100),
        measured_at=NOON + days(day),
        **{"progress": Progress.ANSWERED, "measurement": f"id-of-{name}", **fields},
    )
    patient.actions.append(reading)
    return reading


def retract(target: Reading) -> Retraction:
    said = Retraction(
        patient=target.patient,
        client_id=target.client_id,
        due=0,
        target=target,
        progress=Progress.ANSWERED,
    )
    target.patient.actions.append(said)
    return said


def day(number: float) -> datetime:
    return NOON + days(number)
