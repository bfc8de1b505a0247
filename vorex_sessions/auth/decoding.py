"""Decodes access tokens: one pass over each, with the only key that may sign its algorithm.

flask-jwt-extended parses a token three times, and prepares the secret at each.
"""

import re
from base64 import urlsafe_b64encode
from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from typing import Any

import jwt
from flask import Flask
from flask_jwt_extended import JWTManager
from jwt import PyJWK, PyJWT
from jwt.algorithms import HMACAlgorithm
from jwt.api_jws import PyJWS
from jwt.exceptions import InvalidAlgorithmError, InvalidKeyError

from config import SettingError
from vorex_sessions.auth.published_keys import PublishedKeys
from vorex_sessions.current import current_flask

_SECRET = "vorex-jwt-secret"  # noqa: S105  # the name under which the key is kept
_KEYS = "vorex-published-keys"
# `exp` is required; auth/caller.py identifies the caller by `sub`, `role` and `aud`.
_RULES: Any = {"verify_aud": False, "verify_sub": False, "require": ["exp"]}
_BASE64URL = re.compile(rb"[A-Za-z0-9_-]+")
_TO_BASE64 = bytes.maketrans(b"-_", b"+/")


class _Signatures(PyJWS):
    """PyJWS, but for its look at each character of a token in turn, which takes as long as all the rest."""

    @staticmethod
    def _decode_base64url_segment(segment: bytes, name: str) -> bytes:
        if len(segment) % 4 != 1 and _BASE64URL.fullmatch(segment):
            base64 = segment.translate(_TO_BASE64)
            decoded = a2b_base64(base64 + b"==")  # padding beyond the need is ignored
            if b2a_base64(decoded, newline=False).rstrip(b"=") == base64:
                return decoded
        return PyJWS._decode_base64url_segment(segment, name)  # it says what is wrong


class _Secret(HMACAlgorithm):
    """HS256 with a key that was looked at when the service started: PyJWT looks again at each token."""

    def prepare_key(self, key: Any) -> bytes:
        return bytes(key)


class _Tokens(PyJWT):
    def __init__(self) -> None:
        super().__init__()
        self._jws = _Signatures()


_TOKENS = _Tokens()


class TokenDecoder(JWTManager):
    """Flask-JWT-Extended's manager: its settings, its `decode_token`, and our way to decode."""

    def init_app(self, app: Flask, add_context_processor: bool = False) -> None:
        """Prepare the keys. Raises SettingError for a secret that is none."""
        super().init_app(app, add_context_processor)
        if secret := app.config["JWT_SECRET_KEY"]:
            app.extensions[_SECRET] = _secret_key(secret)
        if project := app.config["SUPABASE_URL"]:
            app.extensions[_KEYS] = PublishedKeys(project)

    def _decode_jwt_from_config(self, encoded_token: str, *unused: Any) -> dict[str, Any]:
        app = current_flask()
        return _TOKENS.decode(
            encoded_token,
            _key(encoded_token, app),
            algorithms=app.config["JWT_DECODE_ALGORITHMS"],
            leeway=app.config["JWT_DECODE_LEEWAY"],
            options=_RULES,
        )


def _secret_key(secret: str) -> PyJWK:
    try:
        raw = HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except InvalidKeyError:
        raise SettingError(
            "SUPABASE_JWT_SECRET must be the project's JWT secret, not a public key or a JWK."
        ) from None
    encoded = urlsafe_b64encode(raw).rstrip(b"=").decode()
    key = PyJWK({"kty": "oct", "k": encoded}, "HS256")
    key.Algorithm = _Secret(HMACAlgorithm.SHA256)
    return key


def _key(token: str, app: Flask) -> PyJWK:
    """The only key that may sign a token of this algorithm. Raises PyJWTError, or Unavailable."""
    header = _unverified_header(token.partition(".")[0])
    algorithm = header.get("alg")
    if algorithm not in app.config["JWT_DECODE_ALGORITHMS"]:
        raise InvalidAlgorithmError
    if algorithm == "HS256":
        secret: PyJWK = app.extensions[_SECRET]
        return secret
    published: PublishedKeys = app.extensions[_KEYS]
    return published.find(
        header.get("kid"), algorithm, lambda: _unverified_claims(token).get("iat")
    )


@lru_cache(maxsize=64)
def _unverified_header(segment: str) -> dict[str, Any]:
    """The header of a token; nearly all tokens of a project have the same one."""
    return jwt.get_unverified_header(f"{segment}..")


def _unverified_claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))
