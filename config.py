"""Every setting, read from the environment once, checked, documented.

`docs/operating.md` lists the same settings for the people who run the service; a test compares the two.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson


class SettingError(RuntimeError):
    """A setting is missing or cannot be used; the message says which one and what to do."""


def _text(value: str) -> str:
    return value


def _database_url(value: str) -> str:
    """Accept `postgres://` as Railway and Heroku write it; SQLAlchemy wants the driver named."""
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+psycopg2"):
        raise ValueError("must look like postgresql://user:password@host:5432/database")
    return f"postgresql+psycopg2://{rest}"


def _web_url(value: str) -> str:
    if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc:
        raise ValueError("must look like https://project.supabase.co")
    return value.rstrip("/")


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.isdecimal() or not least <= int(value) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(value)

    return parse


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
        _text,
        None,
        "The secret that HS256 tokens are signed with; required.",
    ),
    Setting(
        "SUPABASE_URL",
        _web_url,
        None,
        "The Supabase project; when set, learners' tokens must be issued by it.",
    ),
    Setting("JWT_AUDIENCE", _text, "authenticated", "What a learner's token must name in `aud`."),
    Setting("PORT", _whole(1, 65535), "8000", "The port gunicorn listens on."),
    Setting("WEB_CONCURRENCY", _whole(1, 64), "2", "Worker processes."),
    Setting("DB_POOL_SIZE", _whole(1, 200), "10", "Database connections a worker may hold."),
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


def flask_config(values: Mapping[str, Any]) -> dict[str, Any]:
    """What Flask and its extensions call these settings. Raises `SettingError` for a missing one."""
    if not values["DATABASE_URL"]:
        raise SettingError(
            "DATABASE_URL is missing: set it to the address of a PostgreSQL database."
        )
    if not values["SUPABASE_JWT_SECRET"]:
        raise SettingError(
            "SUPABASE_JWT_SECRET is missing: set it to the JWT secret of the Supabase project."
        )
    return {
        **values,
        "SQLALCHEMY_DATABASE_URI": values["DATABASE_URL"],
        "SQLALCHEMY_ENGINE_OPTIONS": {
            # A question is one statement and needs no BEGIN and COMMIT around it; a transaction says so
            # (extensions.transaction). Switching a pooled connection to and fro instead loses its place
            # in the pool when the server has gone away meanwhile.
            "isolation_level": "AUTOCOMMIT",
            "pool_reset_on_return": None,
            "pool_size": values["DB_POOL_SIZE"],
            "max_overflow": 0,
            "pool_timeout": 2,
            "hide_parameters": True,  # what learners practise stays out of the logs
            "pool_use_lifo": True,  # the busiest connections stay warm, idle ones age out
            "json_serializer": lambda value: orjson.dumps(value).decode(),
            "json_deserializer": orjson.loads,
            "connect_args": {"connect_timeout": 2, "application_name": "vorex-sessions"},
        },
        "JWT_SECRET_KEY": values["SUPABASE_JWT_SECRET"],
        "JWT_DECODE_ALGORITHMS": ["HS256"],
        "JWT_DECODE_LEEWAY": 10,
        # flask-jwt-extended insists on its identity claim: that makes `exp` the required one. Who
        # is calling is read from `sub` and `role` by auth.py, since an operator's token has no `sub`.
        "JWT_IDENTITY_CLAIM": "exp",
        "JWT_VERIFY_SUB": False,
        "API_TITLE": "Vorex Sessions",
        "API_VERSION": "1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/",
        "OPENAPI_JSON_PATH": "openapi.json",
        "API_SPEC_OPTIONS": {
            "info": {
                "description": "Keeps the results of practice sessions and answers what comes next."
            },
            "tags": [
                {
                    "name": "Sessions",
                    "description": "What a learner's app calls, with their token.",
                },
                {"name": "Operations", "description": "For the people who run the service."},
            ],
        },
        "MAX_CONTENT_LENGTH": 1024 * 1024,
    }
