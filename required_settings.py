"""Settings that must be there, alone or together, or not together. config.py reads each of them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from config import SettingError


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
    if values["DB_DISTRIBUTED"] and values["DATABASE_READ_URL"]:
        raise SettingError(
            "DATABASE_READ_URL and DB_DISTRIBUTED=true do not go together: a coordinator's standby does not "
            "tell how far the other machines are behind. Unset one of them."
        )
    if values["WEBHOOK_URL"]:
        _require_webhook(values)
    if values["XAPI_URL"]:
        _require_record_store(values)


def _require_webhook(values: Mapping[str, Any]) -> None:
    if not values["WEBHOOK_SECRETS"]:
        raise SettingError(
            "WEBHOOK_SECRETS is missing: set the secret that signs what is sent to WEBHOOK_URL."
        )
    _require_https("WEBHOOK", values)


def _require_record_store(values: Mapping[str, Any]) -> None:
    for name in ("XAPI_KEY", "XAPI_SECRET"):
        if not values[name]:
            raise SettingError(f"{name} is missing: set what the LRS at XAPI_URL has given you.")
    if not values["XAPI_HOME_PAGE"] and not values["SUPABASE_URL"]:
        raise SettingError(
            "XAPI_HOME_PAGE is missing: set an address that is yours, by which the LRS at XAPI_URL tells "
            "your learners from those of others."
        )
    _require_https("XAPI", values)


def _require_https(prefix: str, values: Mapping[str, Any]) -> None:
    parts = urlsplit(values[f"{prefix}_URL"])
    is_local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme == "http" and not is_local and not values[f"{prefix}_ALLOW_HTTP"]:
        raise SettingError(
            f"{prefix}_URL must begin with https://, or set {prefix}_ALLOW_HTTP=true where the network "
            "between is your own."
        )
