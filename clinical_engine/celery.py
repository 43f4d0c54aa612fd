"""The Celery application. Messages only say 'there is work of this kind'; the work itself is in PostgreSQL."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinical_engine.settings")

app = Celery("clinical_engine")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["clinical_engine.jobs", "clinical_engine.profiling"])
