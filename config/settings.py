"""Settings of every process, read from the environment."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from django.utils.translation import gettext_lazy as _

from config import broker, database, env, tracing
from config.logs import LOGGING as LOGGING

django_stubs_ext.monkeypatch()

ROOT = Path(__file__).resolve().parent.parent
EMBEDDED = env.flag("MAILSYNC_EMBEDDED", False)  # set by the launcher when it fills in what is missing
SIMULATED = env.flag("MAILSYNC_SIMULATOR", False)  # and when it runs a simulator of its own
ROLE = os.environ.get("MAILSYNC_ROLE", "command")  # "web" | "worker" | "command"
DEVELOPMENT = env.flag("DEBUG", EMBEDDED)
# Django's own pages for errors are for programmers, who name it: whoever just runs the product sees ours. In a worker it would
# keep every SQL statement.
DEBUG = env.flag("DEBUG", False) and ROLE == "web"

HOST = env.text("HOST", "127.0.0.1")
PORT = env.number("PORT", 8000)
PUBLIC_URL = env.address("PUBLIC_URL", f"http://127.0.0.1:{PORT}", "https", "http").rstrip("/")
SECRET_KEY = env.text("SECRET_KEY")
TOKEN_ENCRYPTION_KEYS = env.fernet_keys("TOKEN_ENCRYPTION_KEYS")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "mailsync",  # first: its templates give the admin its face
    "django.contrib.admin.apps.SimpleAdminConfig" if ROLE == "worker" else "django.contrib.admin",  # without its pages
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "django_celery_beat",
    "axes",
    "syncjobs",
]

MIDDLEWARE = [
    *tracing.MIDDLEWARE,
    "mailsync.api.errors.OneShape",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.health.Probes",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "mailsync.api.query.PlainQuery",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "mailsync.gate.Gate",
    "mailsync.preferences.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "mailsync.dashboard.missing.OwnPage",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = False  # under /api/ both spellings are routes of their own; a redirect would lose a POST
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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

# --- Postgres -------------------------------------------------------------------------------------------------------
DATABASES = database.databases(ROLE)
DATABASE_POOLER, DATABASE_SESSION = database.POOLER, database.SESSION

# --- Redis, channels, Celery ----------------------------------------------------------------------------------------
REDIS_URL = env.text("REDIS_URL")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "mailsync", "group_expiry": 43_200, "capacity": 100},
    }
}

CELERY_BROKER_URL = env.address("CELERY_BROKER_URL", REDIS_URL, "redis", "rediss", "sentinel", "amqp", "amqps")
CELERY_RESULT_BACKEND, CELERY_TASK_IGNORE_RESULT = None, True  # the row is the truth
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# Claim and lease carry the guarantee, not the broker. RabbitMQ hands out the next message with the acknowledgement: late, it
# does not lie with a worker that is busy for the length of a slice while another has its hands free.
CELERY_TASK_ACKS_LATE = broker.is_rabbitmq(CELERY_BROKER_URL)
CELERY_TASK_DEFAULT_QUEUE = "control"
# A click must not wait for a broker that is away: the sweeper rings again. Beat alone asks for nothing else, and to it a
# RabbitMQ that was away is only a new connection if it tries again.
CELERY_TASK_PUBLISH_RETRY = CELERY_TASK_ACKS_LATE
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = not CELERY_TASK_ACKS_LATE  # which only Redis knows
CELERY_WORKER_DIRECT = True  # a queue of its own, on which each worker's watchdog listens whether it still hears
CELERY_WORKER_MAX_TASKS_PER_CHILD = 50
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 30.0  # seconds; four are too few for a child to begin on a busy machine
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # a lost doorbell does not stop the work
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_TRANSPORT_OPTIONS = broker.transport_options(CELERY_BROKER_URL, ROLE)
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_TIMEZONE = "UTC"
# Ticks that nobody took must not pile up for ever; yet a worker drops what is too old by its own clock, not by beat's, and
# clocks differ.
_TICK = {"queue": "control", "expire_seconds": 900}
# django-celery-beat keeps these rows editable in the admin; each tick may be lost or doubled (design: the row is the truth).
CELERY_BEAT_SCHEDULE = {
    "wake due jobs": {"task": "syncjobs.wake", "schedule": 1.0, "options": _TICK},
    "sweep": {"task": "syncjobs.sweep", "schedule": 5.0, "options": _TICK},
    "canaries": {"task": "syncjobs.canaries", "schedule": 5.0, "options": _TICK},
    "hourly syncs": {"task": "mailsync.tick", "schedule": 5.0, "options": _TICK},
    "erase": {"task": "mailsync.erase", "schedule": 2.0, "options": _TICK},
    "reindex": {"task": "mailsync.reindex", "schedule": 2.0, "options": _TICK},
    "pushed": {"task": "mailsync.pushed", "schedule": 1.0, "options": _TICK},
    # Not on control: they may wait for Google, for a mail server, for a great mailbox to be counted, and who wakes jobs must not.
    "watch": {"task": "mailsync.watch", "schedule": 5.0, "options": _TICK | {"queue": "interactive"}},
    "revoke": {"task": "mailsync.revoke", "schedule": 30.0, "options": _TICK | {"queue": "interactive"}},
    "prune the audit log": {"task": "mailsync.prune", "schedule": 3600.0, "options": _TICK | {"expire_seconds": 3600}},
    "pictures": {"task": "mailsync.pictures", "schedule": 15.0, "options": _TICK | {"queue": "interactive"}},
    "notices": {"task": "mailsync.notices", "schedule": 5.0, "options": _TICK | {"queue": "interactive"}},
    "letters": {"task": "mailsync.letters", "schedule": 10.0, "options": _TICK | {"queue": "interactive"}},
    "prune": {"task": "syncjobs.prune", "schedule": 3600.0, "options": _TICK | {"expire_seconds": 3600}},
}

# --- Jobs -----------------------------------------------------------------------------------------------------------
SYNC_KINDS = {"mailbox": "mailsync.sync.job.MAILBOX", "backfill": "mailsync.sync.backfill.BACKFILL"}
SYNC_LOG_FACTS = ("account",)  # of a job's facts, those that each line logged about it names
SYNC_LEASE = env.duration("SYNC_LEASE", "90s", minimum=3)
SYNC_SLICE = env.duration("SYNC_SLICE", "10m", minimum=1)
SYNC_STALE_AFTER = env.duration("SYNC_STALE_AFTER", "30m", minimum=2)
SYNC_INTERVAL = env.duration("SYNC_INTERVAL", "1h", minimum=10)
SYNC_RECONCILE = env.duration("SYNC_RECONCILE", "24h", minimum=0)  # 0: never by itself
CELERY_TASK_TIME_LIMIT = int(SYNC_SLICE.total_seconds()) + 300  # a backstop only

# --- Gmail ----------------------------------------------------------------------------------------------------------
GOOGLE_BASE_URL = env.address("GOOGLE_BASE_URL", "", "https", "http").rstrip("/")
GOOGLE_CLIENT_ID = env.text("GOOGLE_CLIENT_ID", "simulator" if GOOGLE_BASE_URL else "")
GOOGLE_CLIENT_SECRET = env.text("GOOGLE_CLIENT_SECRET", "simulator" if GOOGLE_BASE_URL else "")
GOOGLE_PUBSUB_TOPIC = env.topic("GOOGLE_PUBSUB_TOPIC")  # where Gmail tells of changes; empty: it is not asked to
GOOGLE_PUBSUB_SERVICE_ACCOUNT = env.text("GOOGLE_PUBSUB_SERVICE_ACCOUNT", "")  # who pushes; empty: nobody may
GOOGLE_PUBSUB_AUDIENCE = env.text("GOOGLE_PUBSUB_AUDIENCE", f"{PUBLIC_URL}/push/gmail/")
GMAIL_USER_UNITS_PER_MINUTE = env.limit("GMAIL_USER_UNITS_PER_MINUTE", 6000, least=250)  # the dearest call takes 100
GMAIL_PROJECT_UNITS_PER_MINUTE = env.limit("GMAIL_PROJECT_UNITS_PER_MINUTE", 1_200_000, least=250)
# Whose quota the calls of a service account are counted on.
GMAIL_DELEGATED_QUOTA = env.choice("GMAIL_DELEGATED_QUOTA", "mailbox", "service-account")
GMAIL_UNIT_COSTS = env.price_table("GMAIL_UNIT_COSTS", "2026")

# --- Accounts, sessions, security -----------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# Whoever tries too many passwords for one name from one address waits; others who use the name do not, nor does the API.
AXES_FAILURE_LIMIT = env.number("SIGN_IN_ATTEMPTS", 10, minimum=1)
AXES_COOLOFF_TIME = env.duration("SIGN_IN_PAUSE", "15m")
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "mailsync.dashboard.sign_in.locked"
AXES_CLIENT_IP_CALLABLE = "mailsync.audit.address_of"
AXES_USERNAME_CALLABLE = "mailsync.signing.digest_of_name"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken", "next"]
AXES_DISABLE_ACCESS_LOG = True  # the audit log has what it would say
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
STAFF_SECOND_STEP = env.flag("STAFF_SECOND_STEP", False)  # whether staff may not sign in with a password alone
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
SESSION_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"  # but for the frame of a mail, which asks for an exception itself
_SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
SECURE_SSL_REDIRECT = _SECURE and env.flag("SECURE_SSL_REDIRECT", True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("BEHIND_PROXY", False) else None
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _SECURE
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'", *([GOOGLE_BASE_URL] if GOOGLE_BASE_URL else ["https://accounts.google.com"])],
        "frame-ancestors": ["'self'"],
    }
}
CSRF_FAILURE_VIEW = "mailsync.api.errors.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

# --- Languages, time, files -----------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [ROOT / "mailsync" / "locale"]
FORMAT_MODULE_PATH = "mailsync.formats"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = None if DEVELOPMENT else ROOT / "staticfiles"
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEVELOPMENT
WHITENOISE_MAX_AGE = 0 if DEVELOPMENT else 60
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
EMAIL_CONFIG = environ.Env.email_url_config(env.text("EMAIL_URL", "consolemail://"))
vars().update(EMAIL_CONFIG)
WEBHOOK_SECRET = env.text("WEBHOOK_SECRET", "")  # empty: no webhooks
# Addresses of inner networks: whoever may type one reaches them.
WEBHOOK_ALLOW_PRIVATE = env.flag("WEBHOOK_ALLOW_PRIVATE", False)
METRICS_TOKEN = env.text("METRICS_TOKEN", "")  # empty: /metrics answers on loopback only
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("EMAIL_FROM", f"mailsync@{urlsplit(PUBLIC_URL).hostname}")
EMAIL_TIMEOUT, PASSWORD_RESET_TIMEOUT = 10, 3600  # seconds
LETTERS_PER_PLACE, LETTERS_PER_ADDRESS = "20/hour", "5/hour"  # that a browser may have sent

# --- The API --------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "mailsync.api.authentication.TokenAuthentication",
        "mailsync.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["mailsync.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["mailsync.api.throttles.PerUser"],
    "EXCEPTION_HANDLER": "mailsync.api.errors.error_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
# Per user; what is not named is not limited.
API_THROTTLES = (
    {"start": "120/minute", "batch": "20/minute", "read": "6000/minute"} if env.flag("API_THROTTLES", True) else {}
)
SPECTACULAR_SETTINGS = {
    "TITLE": "mailsync",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",  # served by us
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "mailsync.api.describe.everything",
    ],
}
