"""Every setting, read from the environment once, checked, documented.

`docs/operating.md` lists the same settings for the people who run the service; a test compares the two.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


class SettingError(RuntimeError):
    """A setting is missing or cannot be used; the message says which one and what to do."""


def _text(value: str) -> str:
    return value


def _database_url(value: str) -> str:
    """Accept `postgres://` as Railway and Heroku write it; SQLAlchemy wants the driver named."""
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+psycopg2"):
        raise ValueError("must look like postgresql://user:password@host:5432/database")
    authority = re.split("[/?]", rest)[0]
    if authority.count("@") > 1 or not re.search(r"(^|@)(\[[^]]*\]|[^:@]*)(:[0-9]*)?$", authority):
        # Told here, lest the password stand in a traceback.
        raise ValueError(
            "is unreadable: in user and password write %40 for @, %2F for /, %3A for :, %3F for ?"
        )
    return f"postgresql+psycopg2://{rest}"


def _web_url(value: str) -> str:
    parts = urlsplit(value)
    beyond = parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in ("http", "https") or not parts.netloc or beyond:
        raise ValueError("must look like https://project.supabase.co")
    return value.rstrip("/")


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.isdecimal() or not least <= int(value) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(value)

    return parse


def _secret(value: str) -> str:
    if len(value.encode()) < 32:
        raise ValueError("must have 32 bytes or more (RFC 7518, section 3.2)")
    return value


def _yes_or_no(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError("must be true or false")
    return value.lower() == "true"


def _counts_url(value: str) -> str:
    if value != "memory://" and urlsplit(value).scheme not in ("redis", "rediss", "unix"):
        raise ValueError("must be memory:// or look like redis://host:6379/0")
    return value


def _origins(value: str) -> list[str]:
    origins = [origin.strip() for origin in value.split(",") if origin.strip()]
    for origin in origins:
        # Nothing that Flask-Cors would take for a pattern.
        if origin != "*" and not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]+)?", origin):
            raise ValueError("must look like https://app.example.com,https://www.example.com")
    return origins


def _level(value: str) -> str:
    if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
    return value.upper()


@dataclass(frozen=True)
class Setting:
    """One environment variable: how it is read, what it is when unset, what it means."""

    name: str
    parse: Callable[[str], Any]
    default: str | None
    meaning: str


SETTINGS = (
    Setting("DATABASE_URL", _database_url, None, "Where PostgreSQL is; required."),
    Setting(
        "SUPABASE_JWT_SECRET",
        _secret,
        None,
        "The secret that HS256 tokens are signed with; required unless `SUPABASE_URL` is set.",
    ),
    Setting(
        "SUPABASE_URL",
        _web_url,
        None,
        "The Supabase project, whose published keys ES256, RS256 and EdDSA tokens are checked with.",
    ),
    Setting("JWT_AUDIENCE", _text, "authenticated", "What a learner's token must name in `aud`."),
    Setting("PORT", _whole(1, 65535), "8000", "The port gunicorn listens on."),
    Setting("WEB_CONCURRENCY", _whole(1, 64), "2", "Worker processes."),
    Setting("DB_POOL_SIZE", _whole(1, 200), "10", "Database connections a worker may hold."),
    Setting(
        "DB_TRANSACTION_POOLER",
        _yes_or_no,
        "false",
        "Whether `DATABASE_URL` leads to a transaction pooler (PgBouncer, Supabase's port 6543).",
    ),
    Setting(
        "EXPORT_CONNECTIONS",
        _whole(1, 50),
        "2",
        "Downloads that a worker streams at once, each on a connection besides `DB_POOL_SIZE`.",
    ),
    Setting(
        "SESSION_RETENTION_DAYS",
        _whole(1, 36500),
        None,
        "After how many days `flask privacy purge` removes a session; unset: never.",
    ),
    Setting(
        "STREAK_MIN_SECONDS",
        _whole(0, 86_400),
        "60",
        "How long the sessions of a day must be together for the day to count in a streak.",
    ),
    Setting(
        "COHORT_MIN_OTHERS",
        _whole(5, 1000),
        "10",
        "How many others a learner must be compared with, at least.",
    ),
    Setting("RATELIMIT_ENABLED", _yes_or_no, "true", "Whether requests are counted at all."),
    Setting(
        "RATELIMIT_READS",
        _whole(1, 1_000_000),
        "600",
        "Reads a minute for each learner, else for each address.",
    ),
    Setting(
        "RATELIMIT_WRITES",
        _whole(1, 1_000_000),
        "120",
        "Writes a minute for each learner, else for each address.",
    ),
    Setting(
        "RATELIMIT_STORAGE_URI",
        _counts_url,
        "memory://",
        "Where requests are counted: each worker for itself, or `redis://…` for all of them.",
    ),
    Setting(
        "TRUSTED_PROXIES",
        _whole(0, 10),
        "0",
        "How many proxies in front of the service each add to `X-Forwarded-For`.",
    ),
    Setting(
        "CORS_ORIGINS",
        _origins,
        None,
        "Web sites that may call the API from a browser, separated by commas; `*` for all.",
    ),
    Setting("LOG_LEVEL", _level, "INFO", "The least that is logged: DEBUG, INFO, WARNING, ERROR."),
    Setting(
        "LEARNER_HASH_KEY",
        _text,
        None,
        "What learners are hashed with in logs; unset: derived from `DATABASE_URL`.",
    ),
    Setting(
        "GRACEFUL_TIMEOUT",
        _whole(1, 600),
        "30",
        "Seconds that requests in flight get to finish when the service is told to stop.",
    ),
)


def read(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Read and check every setting. Raises `SettingError` naming the first one that is unusable."""
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        raw = environ.get(setting.name, "").strip() or setting.default
        try:
            values[setting.name] = None if raw is None else setting.parse(raw)
        except ValueError as error:
            raise SettingError(f"{setting.name} {error}.") from None
    return values


def require(values: Mapping[str, Any]) -> None:
    """Raises `SettingError` where a setting is missing that the service cannot do without."""
    if not values["DATABASE_URL"]:
        raise SettingError(
            "DATABASE_URL is missing: set it to the address of a PostgreSQL database."
        )
    if not values["SUPABASE_JWT_SECRET"] and not values["SUPABASE_URL"]:
        raise SettingError(
            "SUPABASE_URL or SUPABASE_JWT_SECRET is missing: set the address of the Supabase project, or "
            "the secret that its tokens are signed with, or both."
        )
