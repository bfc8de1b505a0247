"""Supabase access tokens -> who is calling.

The signature is verified on every request, in every mode; there is no switch to turn it off.
"""

from enum import StrEnum
from typing import Any, cast

from flask import Flask, current_app, g, request
from flask_jwt_extended import decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from vorex_sessions.extensions import jwt
from vorex_sessions.problems import Forbidden, NotSignedIn
from vorex_sessions.text import UUID_PATTERN


class Role(StrEnum):
    """The roles of Supabase Auth that mean something here."""

    ANON = "anon"
    SERVICE = "service_role"


def init_app(app: Flask) -> None:
    """Bind the JWT manager; its own answers never show, since `require_learner` catches its errors."""
    jwt.init_app(app)


def require_learner() -> None:
    """Before a learner's endpoint: remember whose token this is. Raises NotSignedIn or Forbidden.

    OPTIONS says what there is, not whose: browsers ask it without a token before the real request.
    """
    if request.method == "OPTIONS":
        return
    claims = _claims(_bearer_token())
    if claims.get("role") == Role.SERVICE:
        raise Forbidden
    g.learner_id = _learner_of(claims)


def learner_id() -> str:
    """The learner who is calling: a UUID in lower case, taken from the verified token alone."""
    return cast(str, g.learner_id)


def _bearer_token() -> str:
    header = request.headers.get("Authorization")
    if header is None:
        raise NotSignedIn(headers={"WWW-Authenticate": "Bearer"})
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or " " in token or "," in token:
        raise _bad_token("The Authorization header must read `Bearer <token>`.")
    return token


def _claims(token: str) -> dict[str, Any]:
    """The claims of a token whose signature and times hold."""
    try:
        return decode_token(token)
    except (PyJWTError, JWTExtendedException, ValueError, RecursionError, OverflowError):
        # The reason stays inside: it helps nobody but a forger. ValueError, RecursionError and
        # OverflowError are what absurd headers and claims raise beneath PyJWT's own checks.
        raise _bad_token("The access token is invalid or has expired; sign in again.") from None


def _learner_of(claims: dict[str, Any]) -> str:
    subject, issuer = claims.get("sub"), current_app.config["SUPABASE_URL"]
    if claims.get("role") == Role.ANON:
        raise _bad_token("This is the project's anonymous key, not a learner's access token.")
    if not isinstance(subject, str) or not UUID_PATTERN.fullmatch(subject):
        raise _bad_token("The access token names no learner: its `sub` is not a UUID.")
    audience = claims.get("aud")
    if current_app.config["JWT_AUDIENCE"] not in (
        audience if isinstance(audience, list) else [audience]
    ):
        raise _bad_token("The access token is meant for another audience.")
    if issuer and claims.get("iss") != f"{issuer}/auth/v1":
        raise _bad_token("The access token was issued by another project.")
    return subject.lower()


def _bad_token(sentence: str) -> NotSignedIn:
    return NotSignedIn(sentence, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
