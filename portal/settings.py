"""Settings: one file, fed by the environment only, failing loudly when something needed is missing."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from portal.env import Misconfigured, flag, number, required, text, words
from portal.web import assets, policy

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

# --- Static files: straight from where they lie, under an address that changes with their bytes ------------
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_URL = f"static/{assets.stamp(STATICFILES_DIRS[0])}/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
if not DEBUG:
    WHITENOISE_IMMUTABLE_FILE_TEST = ""  # matches every address: each names its own bytes

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
    "django_htmx",
]
MIDDLEWARE = [
    "portal.middleware.Doorman",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.web.policy.PagePolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
_LOADERS = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            # Said here instead of installing the app, whose start imports Django's admin.
            "loaders": [("template_partials.loader.Loader", [("django.template.loaders.cached.Loader", _LOADERS)])],
            "builtins": ["template_partials.templatetags.partials", "portal.templatetags.countersign"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.web.shell.shell",
                "portal.demo.banner.demo",
            ],
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
CELERY_TASK_ROUTES = {
    "reviews.tasks.deliver": {"queue": "deliveries"},
    "reviews.tasks.notify": {"queue": "deliveries"},
    "reviews.tasks.make_evidence": {"queue": "evidence"},  # a worker of its own: a PDF never delays an item
    "reviews.tasks.simulate": {"queue": "evidence"},  # nor does a draft of rules that is tried
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "sweep-intake": {"task": "reviews.tasks.drain", "schedule": 5.0},
    "sweep-deliveries": {"task": "reviews.tasks.deliver", "schedule": 5.0},
    "sweep-evidence": {"task": "reviews.tasks.make_evidence", "schedule": 30.0, "kwargs": {"days": 2}},
    "sweep-all-evidence": {"task": "reviews.tasks.make_evidence", "schedule": 3600.0},
    "sweep-simulations": {"task": "reviews.tasks.simulate", "schedule": 15.0},
    "expire-items": {"task": "reviews.tasks.expire", "schedule": 60.0},
    "sweep-leases": {"task": "reviews.tasks.sweep_leases", "schedule": 20.0},
    "find-impasses": {"task": "reviews.tasks.find_impasses", "schedule": 30.0},
    "sweep-notices": {"task": "reviews.tasks.notify", "schedule": 30.0},
    "sweep-uploads": {"task": "reviews.tasks.sweep_uploads", "schedule": 3600.0},
    "worker-heartbeat": {"task": "portal.tasks.heartbeat", "schedule": 10.0},
}

# --- Mail: for what people must learn at once; without a server the portal alone tells them -----------------
EMAIL_HOST = text("MAIL_HOST", "")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'dummy'}.EmailBackend"
EMAIL_PORT = number("MAIL_PORT", 587)
EMAIL_HOST_USER = text("MAIL_USER", "")
EMAIL_HOST_PASSWORD = text("MAIL_PASSWORD", "")
EMAIL_USE_TLS = flag("MAIL_TLS", True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = text("MAIL_FROM", "countersign@localhost")

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
ACCOUNT_FORMS = {"login": "portal.accounts.forms.SignInForm"}
# An office shares one address; an account is guarded by its own five attempts.
ACCOUNT_RATE_LIMITS = {"login": "120/m/ip", "login_failed": "30/m/ip,5/300s/key"}
ACCOUNT_SESSION_REMEMBER = False  # a session ends with the browser, at the latest after twelve hours
MFA_FORMS = {
    "authenticate": "portal.accounts.forms.CodeForm",
    "authenticate_webauthn": "portal.accounts.forms.PasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn"]
MFA_TOTP_ISSUER = "Countersign"
MFA_WEBAUTHN_USER_VERIFICATION = "required"
ALLAUTH_TRUSTED_PROXY_COUNT = number("TRUSTED_PROXIES", 0)
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = not PORTAL_URL.startswith("http://")
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
# A proxy takes the certificate off: forms still come from the portal's own https address.
CSRF_TRUSTED_ORIGINS = ["{0.scheme}://{0.netloc}".format(urlsplit(PORTAL_URL))]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ALLAUTH_TRUSTED_PROXY_COUNT else None
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

# --- What a browser may do with our pages -----------------------------------------------------------------
CONTENT_SECURITY_POLICY = policy.POLICY
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if SESSION_COOKIE_SECURE else 0
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "portal.web.problems.csrf_refused"
ENVIRONMENT_NAME = text("ENVIRONMENT_NAME", "")
BANNER = text("BANNER", "")
DEMO = flag("DEMO", False)
if DEMO and (urlsplit(PORTAL_URL).hostname or "") not in ("localhost", "127.0.0.1", "::1"):
    raise Misconfigured("DEMO shows people's one-time codes and runs on this machine alone. Set DEMO=no.")

# --- The proof ------------------------------------------------------------------------------------------
KEYRING = required("KEYRING")
KEYS_DIR = Path(text("KEYS_DIR", str(BASE_DIR / ".run" / "keys")))
LOG_ORIGIN = text("LOG_ORIGIN", (urlsplit(PORTAL_URL).netloc or "localhost") + "/log/1")
SEQUENCER_INTERVAL_MS = number("SEQUENCER_INTERVAL_MS", 200)

# --- Bounds ---------------------------------------------------------------------------------------------
ITEM_BODY_LIMIT = number("ITEM_BODY_LIMIT", 1_048_576)
BATCH_BODY_LIMIT = number("BATCH_BODY_LIMIT", 33_554_432)
UPLOAD_LIMIT = number("UPLOAD_LIMIT", 52_428_800)
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
