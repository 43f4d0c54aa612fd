"""What is done from time to time."""

from clinical_engine.celery import app


def test_a_worker_knows_whatever_the_scheduler_asks_for() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)
