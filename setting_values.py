"""How settings are written: each function reads the text of an environment variable, or raises ValueError.

The message of the error follows the name of the setting, and shows nothing of the value.
"""

import base64
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import language_tags


def text(value: str) -> str:
    """Any text."""
    return value


def web_url(value: str) -> str:
    """The address of a host, without a path."""
    parts = urlsplit(value)
    extra = parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in ("http", "https") or not parts.netloc or extra:
        raise ValueError("must look like https://project.supabase.co")
    return value.rstrip("/")


def user_name(value: str) -> str:
    """The name of a user, as HTTP's basic authentication sends it."""
    if ":" in value:
        raise ValueError("must have no colon (RFC 7617)")
    return value


def home_page(value: str) -> str:
    """An address that others begin with."""
    if not re.fullmatch(r"https?://[\w.:\[\]-]+(/[\w.~/%-]*)?", value, re.ASCII):
        raise ValueError("must look like https://app.example.com")
    return value.rstrip("/")


def service_url(value: str) -> str:
    """The address of a service, with a path if any, before `/v1`."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must look like https://models.example.com")
    if parts.username is not None or parts.path.rstrip("/").endswith("/v1"):
        raise ValueError("must have no password, and end before /v1")
    return value.rstrip("/")


def choice(*choices: str) -> Callable[[str], str]:
    """One of some words."""

    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return parse


def integer(minimum: int, maximum: int) -> Callable[[str], int]:
    """A whole number between two others."""

    def parse(value: str) -> int:
        if not value.isdecimal() or not minimum <= int(value) <= maximum:
            raise ValueError(f"must be a whole number from {minimum} to {maximum}")
        return int(value)

    return parse


def secret(value: str) -> str:
    """A secret that signs tokens."""
    if len(value.encode()) < 32:
        raise ValueError("must have 32 bytes or more (RFC 7518, section 3.2)")
    return value


def bearer_token(value: str) -> str:
    """A bearer token."""
    if not re.fullmatch(r"[A-Za-z0-9._~+/-]{16,}=*", value):
        raise ValueError("must have 16 or more letters, digits or -._~+/ (RFC 6750)")
    return value


def boolean(value: str) -> bool:
    """`true` or `false`."""
    if value.lower() not in ("true", "false"):
        raise ValueError("must be true or false")
    return value.lower() == "true"


def counter_url(value: str) -> str:
    """The address of Redis, or `memory://`."""
    if value != "memory://" and urlsplit(value).scheme not in ("redis", "rediss", "unix"):
        raise ValueError("must be memory:// or look like redis://host:6379/0")
    return value


def origins(value: str) -> list[str]:
    """Origins of web pages, with commas."""
    origins = [origin.strip() for origin in value.split(",") if origin.strip()]
    for origin in origins:
        # Refuse what Flask-CORS would read as a regular expression.
        if origin != "*" and not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]+)?", origin):
            raise ValueError("must look like https://app.example.com,https://www.example.com")
    return origins


def language(value: str) -> str:
    """A language tag, in canonical case."""
    try:
        return language_tags.canonical(value)
    except ValueError:
        raise ValueError("must be a language tag such as en or pt-BR (BCP 47)") from None


def schema(value: str) -> str:
    """The name of a schema."""
    # Names that need no quotes: they stand in settings of connections and in commands that people copy.
    if not re.fullmatch("[a-z_][a-z0-9_]{0,62}", value) or value.startswith("pg_"):
        raise ValueError("must be lower-case letters, digits and _, and not begin with pg_")
    return value


def endpoint(value: str) -> str:
    """The address of an endpoint, with a path if any."""
    if not re.fullmatch("[!-~]*", value):
        raise ValueError("must have only ASCII characters, and no space")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise ValueError("must look like https://api.example.com/events")
    if not re.fullmatch(r"[!-~]+", value):
        raise ValueError("must have no spaces, and other characters than ASCII percent-encoded")
    if "@" in parts.netloc:  # the value is not shown: it may hold a password
        raise ValueError("must name no user and no password")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("must have a port from 0 to 65535, or none") from None
    return value


def record_store(value: str) -> str:
    """The address of an LRS, which `/statements` follows."""
    if urlsplit(endpoint(value)).query:
        raise ValueError("must have no query")
    return value.rstrip("/").removesuffix("/statements")


def signing_keys(value: str) -> list[bytes]:
    """One or two secrets of Standard Webhooks; returns their bytes, the newest first."""
    keys = []
    for written in value.split(","):
        prefix, _, encoded = written.strip().partition("whsec_")
        try:
            keys.append(base64.b64decode(encoded, validate=True))
        except ValueError:
            keys.append(b"")
        if prefix or not 24 <= len(keys[-1]) <= 64:
            raise ValueError(
                "must be whsec_ and 24 to 64 bytes in base64, once or twice with a comma"
            )
    if len(keys) > 2:
        raise ValueError("must be two secrets at most: the new one and the old one")
    return keys


def log_level(value: str) -> str:
    """A log level, in capitals."""
    if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
    return value.upper()
