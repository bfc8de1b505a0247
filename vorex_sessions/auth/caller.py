"""Supabase access tokens -> who is calling.

Every signature is verified, in every mode; there is no switch to turn it off. What was found is
remembered for a minute at most.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from flask import Flask, current_app, g, request
from flask_jwt_extended import decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import InvalidAlgorithmError, PyJWTError

from vorex_sessions import metrics
from vorex_sessions.auth.published_keys import PublishedKeys
from vorex_sessions.auth.token_cache import TokenCache
from vorex_sessions.extensions import jwt
from vorex_sessions.problems.kinds import Forbidden, NotSignedIn, Problem, Unavailable
from vorex_sessions.text import UUID_PATTERN

LONGEST_TOKEN = 8192  # characters; Supabase's own have about 1,000
_KEYS = "vorex-published-keys"
_REMEMBERED = "vorex-remembered-tokens"


class Role(StrEnum):
    """The roles of Supabase Auth that mean something here."""

    ANON = "anon"
    SERVICE = "service_role"


def init_app(app: Flask) -> None:
    """Bind the JWT manager; its own answers never show, since `_identify` catches its errors."""
    jwt.init_app(app)
    app.extensions[_REMEMBERED] = TokenCache[Caller]()
    if project := app.config["SUPABASE_URL"]:
        app.extensions[_KEYS] = PublishedKeys(project)
    app.before_request(_identify)


@jwt.decode_key_loader
def _key(header: dict[str, Any], claims: dict[str, Any]) -> Any:
    """The one key that a token of its algorithm may be signed with; header and claims prove nothing yet."""
    algorithm = header.get("alg")
    if algorithm not in current_app.config["JWT_DECODE_ALGORITHMS"]:
        raise InvalidAlgorithmError
    if algorithm == "HS256":
        return current_app.config["JWT_SECRET_KEY"]
    published: PublishedKeys = current_app.extensions[_KEYS]
    return published.find(header.get("kid"), algorithm, claims.get("iat"))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a verified token belongs to: a learner, or the operator where `learner_id` is None."""

    learner_id: str | None


def _identify() -> None:
    """Find out once who is calling; whether that is good enough is for the endpoint to say."""
    if request.endpoint is None or not request.path.startswith("/api/"):
        return
    try:
        g.caller = _caller_with(_bearer_token())
    except (NotSignedIn, Unavailable) as problem:
        g.caller = problem


def _caller_with(token: str) -> Caller:
    remembered: TokenCache[Caller] = current_app.extensions[_REMEMBERED]
    if known := remembered.find(token):
        metrics.TOKENS.labels("remembered").inc()
        return known
    claims = _claims(token)
    verified = _caller_of(claims)
    metrics.TOKENS.labels("verified").inc()
    remembered.keep(token, verified, expires=int(claims["exp"]))
    return verified


def caller() -> Caller:
    """Who is calling. Raises NotSignedIn, or Unavailable where the keys are away."""
    if isinstance(g.caller, Problem):
        raise g.caller
    return cast(Caller, g.caller)


def signed_in_learner() -> str | None:
    """The learner who is calling, if it is one."""
    known = g.get("caller")
    return known.learner_id if isinstance(known, Caller) else None


def require_learner() -> None:
    """Before a learner's endpoint. Raises NotSignedIn, Unavailable or Forbidden.

    OPTIONS says what there is, not whose: browsers ask it without a token before the real request.
    """
    if request.method != "OPTIONS" and caller().learner_id is None:
        raise Forbidden(
            "A service-role token cannot act as a learner; use the learner's own access token."
        )


def require_operator() -> None:
    """Before an operator's endpoint. Raises NotSignedIn, Unavailable or Forbidden."""
    if request.method != "OPTIONS" and caller().learner_id is not None:
        raise Forbidden("A learner's token may not do this; it takes the project's service key.")


def learner_id() -> str:
    """The learner who is calling: a UUID in lower case, taken from the verified token alone."""
    return cast(str, caller().learner_id)


def _bearer_token() -> str:
    header = request.headers.get("Authorization")
    if header is None:
        raise NotSignedIn(headers={"WWW-Authenticate": "Bearer"})
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or " " in token or "," in token:
        raise _bad_token("The Authorization header must read `Bearer <token>`.")
    if len(token) > LONGEST_TOKEN:
        raise _bad_token(f"The access token is longer than {LONGEST_TOKEN} characters.")
    return token


def _claims(token: str) -> dict[str, Any]:
    """The claims of a token whose signature and times hold."""
    try:
        return decode_token(token)
    except (PyJWTError, JWTExtendedException, ValueError, RecursionError, OverflowError):
        # The reason stays inside: it helps nobody but a forger. ValueError, RecursionError and
        # OverflowError are what absurd headers and claims raise beneath PyJWT's own checks.
        raise _bad_token("The access token is invalid or has expired; sign in again.") from None


def _caller_of(claims: dict[str, Any]) -> Caller:
    if claims.get("role") == Role.SERVICE:
        return Caller(None)
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
    return Caller(subject.lower())


def _bad_token(sentence: str) -> NotSignedIn:
    return NotSignedIn(sentence, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
