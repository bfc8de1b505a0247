"""From the settings of config.py to the configuration of Flask and its extensions."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from flask import current_app

import config
from vorex_sessions.database import snapshot
from vorex_sessions.database.engine import engine_options


def setting(name: str) -> Any:
    """The value of a setting of config.py, for the current app."""
    return current_app.config[name]


def _pseudonym_key(values: Mapping[str, Any]) -> bytes:
    """Secret, and the same in every worker."""
    secret = values["LEARNER_HASH_KEY"] or values["DATABASE_URL"]
    return blake2b(secret.encode(), digest_size=32, person=b"learner hash").digest()


def flask_config(values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of config.py under the names that Flask and its extensions give them.

    Raises SettingError for a missing one.
    """
    config.require(values)
    secret, project = values["SUPABASE_JWT_SECRET"], values["SUPABASE_URL"]
    algorithms = [*(["HS256"] if secret else []), *(["ES256", "RS256", "EdDSA"] if project else [])]
    return {
        **values,
        "PSEUDONYM_KEY": _pseudonym_key(values),
        "SQLALCHEMY_DATABASE_URI": values["DATABASE_URL"],
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(values, values["DB_POOL_SIZE"]),
        "SQLALCHEMY_BINDS": {
            snapshot.POOL: {
                "url": values["DATABASE_URL"],
                **engine_options(values, values["EXPORT_CONNECTIONS"]),
            }
        },
        "JWT_SECRET_KEY": secret,
        # Flask-JWT-Extended adds JWT_ALGORITHM to what it accepts, HS256 unless told otherwise.
        "JWT_ALGORITHM": algorithms[0],
        "JWT_DECODE_ALGORITHMS": algorithms,
        "JWT_DECODE_LEEWAY": 10,
        # flask-jwt-extended insists on its identity claim: that makes `exp` the required one. Who
        # is calling is read from `sub` and `role` by auth/caller.py, since an operator's token has no `sub`.
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
