"""The settings: read from the environment once, checked and documented.

`docs/operating.md` lists the same settings for the people who run the service; a test compares the two.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import language_tags
from database_address import database_url


class SettingError(RuntimeError):
    """A setting is missing or unusable; the message names it and says what to do."""


def _text(value: str) -> str:
    return value


def _web_url(value: str) -> str:
    parts = urlsplit(value)
    extra = parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in ("http", "https") or not parts.netloc or extra:
        raise ValueError("must look like https://project.supabase.co")
    return value.rstrip("/")


def _integer(minimum: int, maximum: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.isdecimal() or not minimum <= int(value) <= maximum:
            raise ValueError(f"must be a whole number from {minimum} to {maximum}")
        return int(value)

    return parse


def _secret(value: str) -> str:
    if len(value.encode()) < 32:
        raise ValueError("must have 32 bytes or more (RFC 7518, section 3.2)")
    return value


def _bearer_token(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._~+/-]{16,}=*", value):
        raise ValueError("must have 16 or more letters, digits or -._~+/ (RFC 6750)")
    return value


def _boolean(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError("must be true or false")
    return value.lower() == "true"


def _counter_url(value: str) -> str:
    if value != "memory://" and urlsplit(value).scheme not in ("redis", "rediss", "unix"):
        raise ValueError("must be memory:// or look like redis://host:6379/0")
    return value


def _origins(value: str) -> list[str]:
    origins = [origin.strip() for origin in value.split(",") if origin.strip()]
    for origin in origins:
        # Refuse what Flask-CORS would read as a regular expression.
        if origin != "*" and not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]+)?", origin):
            raise ValueError("must look like https://app.example.com,https://www.example.com")
    return origins


def _language(value: str) -> str:
    try:
        return language_tags.canonical(value)
    except ValueError:
        raise ValueError("must be a language tag such as en or pt-BR (BCP 47)") from None


def _schema(value: str) -> str:
    # Names that need no quotes: they stand in settings of connections and in commands that people copy.
    if not re.fullmatch("[a-z_][a-z0-9_]{0,62}", value) or value.startswith("pg_"):
        raise ValueError("must be lower-case letters, digits and _, and not begin with pg_")
    return value


def _log_level(value: str) -> str:
    if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
    return value.upper()


@dataclass(frozen=True)
class Setting:
    """An environment variable: its parser, its default and its meaning."""

    name: str
    parse: Callable[[str], Any]
    default: str | None
    meaning: str
    decides_answers: bool = False  # whether the same question has another answer after a change


SETTINGS = (
    Setting("DATABASE_URL", database_url, None, "Address of PostgreSQL; required."),
    Setting(
        "SUPABASE_JWT_SECRET",
        _secret,
        None,
        "Secret that signs HS256 tokens; required unless `SUPABASE_URL` is set.",
    ),
    Setting(
        "SUPABASE_URL",
        _web_url,
        None,
        "Address of the Supabase project, whose published keys verify ES256, RS256 and EdDSA tokens.",
    ),
    Setting("JWT_AUDIENCE", _text, "authenticated", "Required `aud` of a learner's token."),
    Setting("PORT", _integer(1, 65535), "8000", "Port that gunicorn listens on."),
    Setting("WEB_CONCURRENCY", _integer(1, 64), "2", "Number of worker processes."),
    Setting("DB_POOL_SIZE", _integer(1, 200), "10", "Maximum database connections per worker."),
    Setting(
        "DB_TRANSACTION_POOLER",
        _boolean,
        "false",
        "Whether `DATABASE_URL` points to a transaction pooler (PgBouncer, Supabase's port 6543).",
    ),
    Setting(
        "DATABASE_SCHEMA",
        _schema,
        None,
        "Schema of the service's tables; unset: that of the role's `search_path`, mostly `public`.",
    ),
    Setting(
        "EXPORT_CONNECTIONS",
        _integer(1, 50),
        "2",
        "Maximum concurrent downloads per worker, each on a connection outside `DB_POOL_SIZE`.",
    ),
    Setting(
        "SESSION_RETENTION_DAYS",
        _integer(1, 36500),
        None,
        "Days after which `flask privacy purge` removes a session; unset: never.",
    ),
    Setting(
        "DEFAULT_LANGUAGE",
        _language,
        "en",
        "Language of sessions that name none, as a tag of BCP 47.",
        decides_answers=True,
    ),
    Setting(
        "STREAK_MIN_SECONDS",
        _integer(0, 86_400),
        "60",
        "Seconds of practice that a day needs to count in a streak.",
        decides_answers=True,
    ),
    Setting(
        "COHORT_MIN_OTHERS",
        _integer(5, 1000),
        "10",
        "Minimum number of other learners in a comparison.",
        decides_answers=True,
    ),
    Setting("RATELIMIT_ENABLED", _boolean, "true", "Whether requests are counted and limited."),
    Setting(
        "RATELIMIT_READS",
        _integer(1, 1_000_000),
        "600",
        "Maximum read requests per minute, per learner or, without one, per IP address.",
    ),
    Setting(
        "RATELIMIT_WRITES",
        _integer(1, 1_000_000),
        "120",
        "Maximum write requests per minute, per learner or, without one, per IP address.",
    ),
    Setting(
        "RATELIMIT_STORAGE_URI",
        _counter_url,
        "memory://",
        "Where requests are counted: `memory://` per worker, `redis://…` for all workers together.",
    ),
    Setting(
        "TRUSTED_PROXIES",
        _integer(0, 10),
        "0",
        "Number of proxies in front of the service that each add to `X-Forwarded-For`.",
    ),
    Setting(
        "CORS_ORIGINS",
        _origins,
        None,
        "Origins that may call the API from a browser, separated by commas; `*` for all.",
    ),
    Setting("LOG_LEVEL", _log_level, "INFO", "Minimum log level: DEBUG, INFO, WARNING, ERROR."),
    Setting(
        "METRICS_TOKEN",
        _bearer_token,
        None,
        "Bearer token that `/metrics` asks for; unset: it is open.",
    ),
    Setting(
        "LEARNER_HASH_KEY",
        _text,
        None,
        "Key that hashes learner ids in logs; unset: derived from `DATABASE_URL`.",
    ),
    Setting(
        "GRACEFUL_TIMEOUT",
        _integer(1, 600),
        "30",
        "Seconds that running requests get to finish when the service stops.",
    ),
)
# The settings that decide what is answered.
DECISIVE = tuple(setting.name for setting in SETTINGS if setting.decides_answers)


def read(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Read and check every setting. Raises `SettingError` for the first unusable one."""
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        raw = environ.get(setting.name, "").strip() or setting.default
        try:
            values[setting.name] = None if raw is None else setting.parse(raw)
        except ValueError as error:
            raise SettingError(f"{setting.name} {error}.") from None
    return values


def require(values: Mapping[str, Any]) -> None:
    """Check that the required settings are there. Raises `SettingError`."""
    if not values["DATABASE_URL"]:
        raise SettingError(
            "DATABASE_URL is missing: set it to the address of a PostgreSQL database."
        )
    if not values["SUPABASE_JWT_SECRET"] and not values["SUPABASE_URL"]:
        raise SettingError(
            "SUPABASE_URL or SUPABASE_JWT_SECRET is missing: set the address of the Supabase project, or "
            "the secret that signs its tokens, or both."
        )
