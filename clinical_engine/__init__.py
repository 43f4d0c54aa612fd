"""The clinical engine: the project's front door and its platform."""

from clinical_engine.celery import app as celery_app

__all__ = ["celery_app"]
