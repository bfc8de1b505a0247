"""What Flask and its extensions call our settings."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import orjson

from config import SettingError
from vorex_sessions import plans
from vorex_sessions.pools import FairPool


def _connect_args(values: Mapping[str, Any]) -> dict[str, Any]:
    """How libpq connects. Our own deadline is in waiting.py; these end what it has to leave behind."""
    arguments = {
        "application_name": "vorex-sessions",
        "connect_timeout": 2,
        "keepalives_idle": 10,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 2000,  # milliseconds without an acknowledgement
    }
    if not values["DB_TRANSACTION_POOLER"] and "options=" not in values["DATABASE_URL"]:
        # In the server: whoever waits has given up long before, and locks must not stay behind.
        limits = "-c statement_timeout=5s -c idle_in_transaction_session_timeout=10s"
        # What is read behind a lock is to be as of when it was taken, whatever the database's default is.
        isolation = r"-c default_transaction_isolation=read\ committed"
        arguments["options"] = f"{limits} {isolation} {plans.SETTING}"
    return arguments


def _engine_options(values: Mapping[str, Any], size: int) -> dict[str, Any]:
    """How SQLAlchemy keeps `size` connections."""
    return {
        # A question is one statement and needs no BEGIN and COMMIT around it; a transaction says so
        # (extensions.transaction). Switching a pooled connection to and fro instead loses its place
        # in the pool when the server has gone away meanwhile.
        "isolation_level": "AUTOCOMMIT",
        "pool_reset_on_return": None,
        "poolclass": FairPool,
        "pool_size": size,
        "max_overflow": 0,
        "pool_timeout": 1,
        "hide_parameters": True,  # what learners practise stays out of the logs
        "pool_use_lifo": True,  # the busiest connections stay warm, idle ones age out
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
        "use_native_hstore": False,  # a question at every connect, for a type we do not have
        "connect_args": _connect_args(values),
    }


def _pseudonym_key(values: Mapping[str, Any]) -> bytes:
    """Secret, and the same in every worker."""
    secret = values["LEARNER_HASH_KEY"] or values["DATABASE_URL"]
    return blake2b(secret.encode(), digest_size=32, person=b"learner hash").digest()


def flask_config(values: Mapping[str, Any]) -> dict[str, Any]:
    """What Flask and its extensions call these settings. Raises `SettingError` for a missing one."""
    if not values["DATABASE_URL"]:
        raise SettingError(
            "DATABASE_URL is missing: set it to the address of a PostgreSQL database."
        )
    secret, project = values["SUPABASE_JWT_SECRET"], values["SUPABASE_URL"]
    if not secret and not project:
        raise SettingError(
            "SUPABASE_URL or SUPABASE_JWT_SECRET is missing: set the address of the Supabase project, or "
            "the secret that its tokens are signed with, or both."
        )
    algorithms = [*(["HS256"] if secret else []), *(["ES256", "RS256", "EdDSA"] if project else [])]
    return {
        **values,
        "PSEUDONYM_KEY": _pseudonym_key(values),
        "SQLALCHEMY_DATABASE_URI": values["DATABASE_URL"],
        "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(values, values["DB_POOL_SIZE"]),
        "SQLALCHEMY_BINDS": {
            "exports": {
                "url": values["DATABASE_URL"],
                **_engine_options(values, values["EXPORT_CONNECTIONS"]),
            }
        },
        "JWT_SECRET_KEY": secret,
        # Flask-JWT-Extended adds JWT_ALGORITHM to what it accepts, HS256 unless told otherwise.
        "JWT_ALGORITHM": algorithms[0],
        "JWT_DECODE_ALGORITHMS": algorithms,
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
