"""The one settings file: typed environment parsing, and the reason beside each value that someone could undo."""

from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import environ
from django.templatetags.static import static

from clinical_engine.common.environment import Env
from clinical_engine.profiling.access import may_view_silk
from clinical_engine.profiling.capture.cursor import CapturingCursor
from clinical_engine.profiling.silk.sampling import should_profile

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
# Written by `make run`, so that manage.py in another shell finds the running servers; the environment wins over it.
environ.Env.read_env(VAR_DIR / "environment")

MODE = env.str("CLINICAL_ENGINE_MODE", default="production")
if MODE not in {"development", "production"}:
    raise environ.ImproperlyConfigured(
        f"CLINICAL_ENGINE_MODE must be development or production, not {MODE!r}."
    )
DEVELOPMENT = MODE == "development"
N_PLUS_ONE_FAILS = DEVELOPMENT and env.bool("N_PLUS_ONE_FAILS", default=True)
# What this process is: gunicorn loads wsgi.py, which says 'web'; manage.py says 'migration' of migrations.
PROCESS = env.str("CLINICAL_ENGINE_PROCESS", default="worker")
SECRET_KEY = env.str("SECRET_KEY")
# Off in development too: Django's debug page shows local values, and those are patients' data.
DEBUG = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"] if DEVELOPMENT else env.NOTSET)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Stored with every attempt: 'since which release does this fail?'
RELEASE = env.str("RELEASE", default="development" if DEVELOPMENT else environ.Env.NOTSET)

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "silk",
    *(["zeal"] if N_PLUS_ONE_FAILS else []),
    "clinical_engine.api",
    "clinical_engine.audit",
    "clinical_engine.monitoring",
    "clinical_engine.profiling",
    "clinical_engine.staff",
    "clinical_engine.jobs",
    "submitters",
    "patients",
    "observations",
]
if DEVELOPMENT and find_spec("django_migration_linter"):
    # A tool of `make check`: `make run` and production don't install it.
    INSTALLED_APPS.append("django_migration_linter")
MIDDLEWARE = [
    "clinical_engine.profiling.capture.requests.capture_request",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "clinical_engine.api.lengths.refuse_undeclared_length",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "silk.middleware.SilkyMiddleware",
    "clinical_engine.profiling.silk.recording.RecordStatements",
    *(["zeal.middleware.zeal_middleware"] if N_PLUS_ONE_FAILS else []),
]
ROOT_URLCONF = "clinical_engine.urls"
WSGI_APPLICATION = "clinical_engine.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- Database -------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", engine="django.db.backends.postgresql")}
DATABASES["default"].update(
    # A connection goes on as it planned when tables were small, as for the checks of foreign keys: a worker, which fills tables by
    # the thousand, would read them whole for each row until their statistics come.
    CONN_MAX_AGE=600 if PROCESS == "web" else 5,
    CONN_HEALTH_CHECKS=True,
    # The test database is provisioned with its roles before Django starts, and used as it is.
    TEST={"NAME": DATABASES["default"]["NAME"]},
)
# Longer than anything should take, and shorter than what waits for it: a request has 60 seconds, a job's slice half its lease. A
# migration may build an index, but may not make all others wait behind it for a lock.
_LIMITS_MS = {"web": (20_000, 5_000), "worker": (30_000, 5_000), "migration": (3_600_000, 5_000)}
if PROCESS not in _LIMITS_MS:
    raise environ.ImproperlyConfigured(f"CLINICAL_ENGINE_PROCESS is {PROCESS!r}, none of {[*_LIMITS_MS]}.")
STATEMENT_TIMEOUTS_MS = {
    name: env.milliseconds(f"{name.upper()}_STATEMENT_TIMEOUT_MS", default=usual)
    for name, (usual, _) in _LIMITS_MS.items()
}
LOCK_TIMEOUT_MS = env.milliseconds(f"{PROCESS.upper()}_LOCK_TIMEOUT_MS", default=_LIMITS_MS[PROCESS][1])
# jit=off: compiling a bulk statement took 95 of its 99 seconds. random_page_cost: at the default of 4, made for discs that turn, a
# slice's rows are found by reading whole tables.
DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
    f"-c jit=off -c random_page_cost=1.1 -c statement_timeout={STATEMENT_TIMEOUTS_MS[PROCESS]}"
    f" -c lock_timeout={LOCK_TIMEOUT_MS} -c idle_in_transaction_session_timeout=60000"
)
DATABASES["default"]["OPTIONS"]["cursor_factory"] = CapturingCursor
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"

# --- Redis and Celery: the doorbell ---------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL")
CELERY_BROKER_URL = (
    REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    if REDIS_URL.startswith("unix://")
    else REDIS_URL
)
JOB_QUEUES = ("default", "reruns", "sweeps")
# A lease outlives the hard time limit: a worker that still runs is never declared dead.
JOB_LEASE = env.seconds("JOB_LEASE_SECONDS", default=120, least=1)
SWEEP_INTERVAL = env.seconds("SWEEP_INTERVAL_SECONDS", default=5, least=1)
CELERY_TASK_SOFT_TIME_LIMIT = JOB_LEASE.total_seconds() * 0.5
CELERY_TASK_TIME_LIMIT = JOB_LEASE.total_seconds() * 0.75
# A ring is acknowledged when it is heard. Acknowledged after the work it would come back later than the sweeper rings anyway,
# and a worker whose connection broke meanwhile acknowledges on a closed channel, which ends it for good.
CELERY_TASK_ACKS_LATE = False
# No result backend: the ledger holds the results, a second copy in Redis could only disagree.
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
# Prefetch one: rings waiting in a busy worker's memory would be invisible to an idle one.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10.0
# Never: each slice asks Django to close what is too old or broken. Celery by itself opens a connection for every one.
CELERY_DB_REUSE_MAX = 10**9
# A worker started before Redis, or one that lost it for an hour, connects when Redis is back instead of giving up.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# The web never waits for Redis longer than this; workers block on it by design and get more.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Above the hard time limit: a ring still being worked on must not be delivered a second time.
    "visibility_timeout": JOB_LEASE.total_seconds() * 2,
    "unacked_restore_interval": 10,
    "socket_timeout": 0.5 if PROCESS == "web" else 10,
    "socket_connect_timeout": 0.5 if PROCESS == "web" else 2,
    # One try to connect for each ring: retrying, the thread that rings would still sleep seconds after Redis is back.
    "max_retries": 0,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0}

# --- Promises about time --------------------------------------------------------------------------------------------
STATEMENT_DUE = timedelta(minutes=5)
MEASUREMENT_DUE = timedelta(minutes=5)
# A held measurement that no statement explains by then is 'outside period': counted daily instead of alarming.
OUTSIDE_PERIOD_AFTER = timedelta(days=7)
CLOCK_SKEW = timedelta(minutes=10)

# --- Rosters --------------------------------------------------------------------------------------------------------
# A roster that would unlink a larger share of a submitter's linked patients waits for a person to confirm it.
ROSTER_GUARD_SHARE = env.share("ROSTER_GUARD_SHARE", default=0.05)
# How often a submitter's last roster is compared again with the links: whoever slipped through is counted by then.
ROSTER_COMPARED_EVERY = env.seconds("ROSTER_COMPARED_EVERY_SECONDS", default=900, least=1)

# --- API ------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["submitters.api.authentication.ApiKeyAuthentication"],
    # Deny by default: a method without a scope in `required_scopes` answers nobody.
    "DEFAULT_PERMISSION_CLASSES": ["clinical_engine.api.scopes.HasRequiredScope"],
    "DEFAULT_PARSER_CLASSES": ["clinical_engine.api.parsers.SmallJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["clinical_engine.api.renderers.ExactJSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "clinical_engine.api.schema.ProblemAwareSchema",
    "EXCEPTION_HANDLER": "clinical_engine.api.refused_requests.handle_exception",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Clinical Engine API",
    "DESCRIPTION": "Activations and measurements in, links and observations out.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "DEFAULT_GENERATOR_CLASS": "clinical_engine.api.schema.OnceDescribed",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "CodeSystem": "observations.models.CodeSystem",
        "JobState": "clinical_engine.jobs.states.JobState",
        "MeasurementStatus": ["counted", "held", "replaced", "entered-in-error"],
        "StatementKind": "patients.models.StatementKind",
    },
}

# --- Slow queries: what every statement costs, and silk -------------------------------------------------------------
# How often a process writes down what its statements cost; 0: never, and nothing is counted.
CAPTURE_EVERY = env.seconds("CAPTURE_EVERY_SECONDS", default=15)
SILKY_AUTHENTICATION = SILKY_AUTHORISATION = True
SILKY_PERMISSIONS = may_view_silk
SILKY_INTERCEPT_FUNC = should_profile
PROFILED_SHARE = env.share("PROFILED_SHARE", default=1.0 if DEVELOPMENT else 0.01)
# Bodies hold patients' data.
SILKY_MAX_REQUEST_BODY_SIZE = SILKY_MAX_RESPONSE_BODY_SIZE = 0
SILKY_ANALYZE_QUERIES = SILKY_META = False
SILKY_MAX_RECORDED_REQUESTS = 10_000
# Garbage collection inside requests can deadlock; the scheduled task does it.
SILKY_MAX_RECORDED_REQUESTS_CHECK_PERCENT = 0
ZEAL_ALLOWLIST = [{"model": "silk.Request", "field": "response"}]  # silk's own list of requests asks for each

# --- Static files, sessions, security -------------------------------------------------------------------------------
STATIC_URL = "/static/"
# Development serves the apps' own folders; production what collectstatic gathered.
STATIC_ROOT = None if DEVELOPMENT else VAR_DIR / "static"
WHITENOISE_USE_FINDERS = DEVELOPMENT
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
AUTHENTICATION_BACKENDS = ["clinical_engine.staff.authentication.AccountBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEVELOPMENT
SECURE_SSL_REDIRECT = not DEVELOPMENT
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_HSTS_SECONDS = 0 if DEVELOPMENT else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEVELOPMENT
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_TLS_PROXY", default=False) else None
)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "value_free": {
            "()": "clinical_engine.common.logs.ValueFreeFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "value_free"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Django's own handlers would print the request's text and mail it; ours prints frames and classes only.
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "gunicorn.error": {"handlers": ["console"], "propagate": False},
    },
}

# --- Admin ----------------------------------------------------------------------------------------------------------
# Times are written with their zone: staff read times of organisations in several zones.
FORMAT_MODULE_PATH = "clinical_engine.staff.formats"
# Who opens the login page itself would otherwise land on an address that does not exist.
LOGIN_REDIRECT_URL = "admin:index"
UNFOLD = {
    "SITE_TITLE": "Clinical Engine",
    "SITE_HEADER": "Clinical Engine",
    "SITE_SUBHEADER": "Support and repair",
    "SITE_SYMBOL": "clinical_notes",
    # The front page is the admin itself: a link 'view site' would lead in a circle.
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "clinical_engine.staff.dashboard.fill",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("staff/favicon.svg")}  # noqa: ARG005 - called with the request
    ],
    "STYLES": [lambda request: static("staff/admin.css")],  # noqa: ARG005 - called with the request
    "SIDEBAR": {"navigation": "clinical_engine.staff.navigation.sidebar"},
}
