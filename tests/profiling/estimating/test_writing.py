"""What of an estimate is stored with the statement."""

from datetime import date

from clinical_engine.profiling.estimating.loading import History
from clinical_engine.profiling.estimating.writing import take_over
from clinical_engine.profiling.growth.verdicts import Curve, Fit, Measure, Outlook, Verdict
from clinical_engine.profiling.models import CapturedStatement


def fit(measure: Measure, driver: str, exponent: float = 1.0) -> Fit:
    return Fit(measure, driver, exponent, exponent - 0.1, exponent + 0.1, 30, Curve(0.0, 1.0, 1.0))


def test_of_each_measure_only_the_fit_that_explains_it_best_is_stored() -> None:
    fits = [
        fit(measure, driver)
        for measure in (Measure.ROWS, Measure.DURATION)
        for driver in ("measurements", "active_patients", "submitters")
    ]
    statement = CapturedStatement()
    take_over(statement, Verdict(Outlook.STEADY, "Steady.", fits, None, ()), History(), date(2026, 3, 1))
    stored = [(each["measure"], each["driver"]) for each in statement.verdict["fits"]]
    assert stored == [("rows", "measurements"), ("duration", "measurements")]
    assert (statement.measure, statement.driver) == ("duration", "measurements")


def test_of_a_statement_that_grows_towards_no_limit_what_grows_is_shown_not_its_flat_duration() -> None:
    fits = [
        fit(Measure.DURATION, "active_patients", 0.0),
        fit(Measure.VALUES, "submitters", 0.4),
        fit(Measure.ROWS, "active_patients", 1.0),
    ]
    statement = CapturedStatement()
    take_over(statement, Verdict(Outlook.GROWS, "Grows.", fits, None, ()), History(), date(2026, 3, 1))
    assert (statement.measure, statement.exponent) == ("rows", 1.0)
