"""The WSGI entry point that gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinical_engine.settings")
os.environ["CLINICAL_ENGINE_PROCESS"] = "web"

application = get_wsgi_application()

# What is loaded by now stays. Each full garbage collection in the middle of a large request walked all of it. The addresses are
# read first, since Django loads the views only with them.
list(get_resolver().url_patterns)
gc.collect()
gc.freeze()
