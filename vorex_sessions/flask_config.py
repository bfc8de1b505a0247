"""Turns the settings of config.py into the configuration of Flask and its extensions."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import required_settings
from vorex_sessions.current import current_flask
from vorex_sessions.database import snapshot, standbys, timeouts
from vorex_sessions.database.engine import engine_options
from vorex_sessions.version import VERSION


def setting(name: str) -> Any:
    """Return the value of a setting of config.py for the current app."""
    return current_flask().config[name]


def any_setting(names: Iterable[str]) -> bool:
    """Whether any of these settings of the current app is set, and not false."""
    return any(map(current_flask().config.get, names))


def extension(name: str) -> Any:
    """Return what the current app has under a name in its `extensions`."""
    return current_flask().extensions[name]


def _pseudonym_key(values: Mapping[str, Any]) -> bytes:
    """Return the secret key of pseudonyms, the same in every worker."""
    secret = values["LEARNER_HASH_KEY"] or values["DATABASE_URL"]
    return blake2b(secret.encode(), digest_size=32, person=b"learner hash").digest()


def _binds(values: Mapping[str, Any]) -> dict[str, Any]:
    """The pools beside that of ordinary queries: for downloads, and for what a standby answers."""
    downloads = values["EXPORT_CONNECTIONS"]
    primary, standby = values["DATABASE_URL"], values["DATABASE_READ_URL"]
    binds = {snapshot.POOL: {"url": primary, **engine_options(values, downloads)}}
    if standby:
        sizes = {standbys.POOL: values["DB_POOL_SIZE"], standbys.EXPORT_POOL: downloads}
        for name, size in sizes.items():
            # Where no connection is free, the primary is asked, so nobody waits long.
            options = engine_options(
                values, size, address="DATABASE_READ_URL", pool_timeout=timeouts.STANDBY_CHECK
            )
            binds[name] = {"url": standby, **options}
    return binds


def flask_config(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings under the names that Flask and its extensions use.

    Raises SettingError for a missing one.
    """
    required_settings.require(values)
    secret, project = values["SUPABASE_JWT_SECRET"], values["SUPABASE_URL"]
    algorithms = [*(["HS256"] if secret else []), *(["ES256", "RS256", "EdDSA"] if project else [])]
    return {
        **values,
        "XAPI_HOME_PAGE": values["XAPI_HOME_PAGE"] or project or "http://localhost",
        "PSEUDONYM_KEY": _pseudonym_key(values),
        "SQLALCHEMY_DATABASE_URI": values["DATABASE_URL"],
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(values, values["DB_POOL_SIZE"]),
        "SQLALCHEMY_BINDS": _binds(values),
        "JWT_SECRET_KEY": secret,
        # Flask-JWT-Extended also accepts JWT_ALGORITHM, which is HS256 by default.
        "JWT_ALGORITHM": algorithms[0],
        "JWT_DECODE_ALGORITHMS": algorithms,
        "JWT_DECODE_LEEWAY": 10,
        # Flask-JWT-Extended requires its identity claim, so this requires `exp`. auth/caller.py identifies
        # the caller by `sub` and `role`: an operator's token has no `sub`.
        "JWT_IDENTITY_CLAIM": "exp",
        "JWT_VERIFY_SUB": False,
        "API_TITLE": "Vorex Sessions",
        "API_VERSION": VERSION,
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/",
        "OPENAPI_JSON_PATH": "openapi.json",
        "API_SPEC_OPTIONS": {
            "info": {
                "description": "Stores the results of practice sessions and suggests what to practise next.",
                "contact": {"name": "The Vorex Sessions authors"},
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": "/", "description": "The service that sends this document."}],
            "tags": [
                {
                    "name": "Sessions",
                    "description": "For a learner's app, with the learner's token.",
                },
                {"name": "Operations", "description": "For the people who run the service."},
            ],
        },
        "MAX_CONTENT_LENGTH": 1024 * 1024,
    }
