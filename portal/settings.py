"""Settings: one file, fed by the environment only, failing loudly when something needed is missing."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from portal.env import flag, number, required, text, words

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = required("SECRET_KEY")
DEBUG = flag("DEBUG", False)
ALLOWED_HOSTS = words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
PORTAL_URL = text("PORTAL_URL", "http://localhost:8000")
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"

INSTALLED_APPS = [
    "portal",
    "portal.accounts",
    "audit",
    "reviews",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "guardian",
    "simple_history",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "portal.middleware.Doorman",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
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

# --- PostgreSQL: one engine everywhere; the session works under the application role ---------------------
_database = urlsplit(required("DATABASE_URL"))
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(_database.path.lstrip("/")),
        "USER": unquote(_database.username or ""),
        "PASSWORD": unquote(_database.password or ""),
        "HOST": _database.hostname or "",
        "PORT": str(_database.port or ""),
        "OPTIONS": {
            # Not `assume_role`: with the pool, Django 5.2 waits for a connection while it configures one.
            "options": f"-c role={text('DATABASE_ROLE', 'countersign_app')}",
            "server_side_binding": True,
            # Django switches prepared statements off; planning each anew costs a quarter of the server's time.
            "prepare_threshold": number("DATABASE_PREPARE_AFTER", 5),
            # Left alone the pool doubles its pause between attempts: a minute's outage would last two.
            "pool": {"min_size": 1, "max_size": number("DATABASE_POOL", 16), "timeout": 5, "reconnect_timeout": 3},
        },
    }
}

# --- Valkey: nudges, wake-ups and the cache; losing it loses nothing ------------------------------------
REDIS_URL = required("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": text("CACHE_PREFIX", "countersign"),
    }
}
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "global_keyprefix": text("BROKER_PREFIX", ""),
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "intake"
CELERY_TASK_ROUTES = {"reviews.tasks.deliver": {"queue": "deliveries"}}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "sweep-intake": {"task": "reviews.tasks.drain", "schedule": 5.0},
    "sweep-deliveries": {"task": "reviews.tasks.deliver", "schedule": 5.0},
    "expire-items": {"task": "reviews.tasks.expire", "schedule": 60.0},
    "worker-heartbeat": {"task": "portal.tasks.heartbeat", "schedule": 10.0},
}

# --- People ---------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
GUARDIAN_GET_INIT_ANONYMOUS_USER = None
ANONYMOUS_USER_NAME = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "portal.accounts.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
MFA_ADAPTER = "portal.accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Countersign"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = not PORTAL_URL.startswith("http://")
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
LOGIN_REDIRECT_URL = "/"

# --- The proof ------------------------------------------------------------------------------------------
KEYRING = required("KEYRING")
KEYS_DIR = Path(text("KEYS_DIR", str(BASE_DIR / ".run" / "keys")))
LOG_ORIGIN = text("LOG_ORIGIN", (urlsplit(PORTAL_URL).netloc or "localhost") + "/log/1")
SEQUENCER_INTERVAL_MS = number("SEQUENCER_INTERVAL_MS", 200)

# --- Bounds ---------------------------------------------------------------------------------------------
ITEM_BODY_LIMIT = number("ITEM_BODY_LIMIT", 1_048_576)
BATCH_BODY_LIMIT = number("BATCH_BODY_LIMIT", 33_554_432)
DATA_UPLOAD_MAX_MEMORY_SIZE = BATCH_BODY_LIMIT
CALLBACKS_ALLOW_PRIVATE = flag("CALLBACKS_ALLOW_PRIVATE", False)
WAITERS = number("WAITERS", 4)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": text("LOG_LEVEL", "WARNING")},
}
