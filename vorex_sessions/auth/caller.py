"""Authentication: verifies a Supabase access token and identifies the caller.

Every signature is verified, in every mode; no setting turns this off. A verified token is cached for
a minute at most.
"""

from dataclasses import dataclass
from typing import Any, cast

from flask import Flask
from flask_jwt_extended import decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from vorex_sessions import metrics
from vorex_sessions.auth.decoding import TokenDecoder
from vorex_sessions.auth.pseudonyms import pseudonym
from vorex_sessions.auth.token_cache import TokenCache
from vorex_sessions.current import current_flask, current_g, current_request
from vorex_sessions.problems.kinds import Forbidden, NotSignedIn, Problem, Unavailable
from vorex_sessions.text import UUID_PATTERN

LONGEST_TOKEN = 8192  # characters; Supabase's own have about 1,000
_CACHE = "vorex-token-cache"
_NO_LEARNER = "A service-role token cannot act as a learner; use the learner's own access token."
_REMEMBERED, _VERIFIED = (metrics.TOKENS.labels(how) for how in ("remembered", "verified"))
_ANON, _SERVICE = "anon", "service_role"  # roles of Supabase Auth


def init_app(app: Flask) -> None:
    """Bind the JWT manager. Its own responses are never sent: `_identify` catches its errors."""
    TokenDecoder(app)
    app.extensions[_CACHE] = TokenCache[Caller]()
    app.before_request(_identify)


@dataclass(frozen=True, slots=True)
class Caller:
    """The owner of a verified token: a learner, or the operator where both are None."""

    learner_id: str | None
    pseudonym: str | None


def _identify() -> None:
    """Identify the caller, once per request; the endpoint decides whether that caller is allowed."""
    request, known = current_request(), current_g()
    if request.endpoint is None or not request.path.startswith("/api/"):
        return
    try:
        known.caller = _verify(_bearer_token(request.environ.get("HTTP_AUTHORIZATION")))
    except (NotSignedIn, Unavailable) as problem:
        known.caller = problem


def _verify(token: str) -> Caller:
    cache: TokenCache[Caller] = current_flask().extensions[_CACHE]
    if cached := cache.get(token):
        _REMEMBERED.inc()
        return cached
    claims = _claims(token)
    verified = _caller_from(claims)
    _VERIFIED.inc()
    cache.put(token, verified, expires=int(claims["exp"]))
    return verified


def learner_of(token: str) -> tuple[str, float]:
    """The learner of a token, and when it expires. Raises NotSignedIn, Unavailable or Forbidden."""
    if len(token) > LONGEST_TOKEN:
        raise _bad_token(f"The access token is longer than {LONGEST_TOKEN} characters.")
    claims = _claims(token)
    learner = _caller_from(claims).learner_id
    if learner is None:
        raise Forbidden(_NO_LEARNER)
    _VERIFIED.inc()
    return learner, float(claims["exp"])


def caller() -> Caller:
    """Return the caller. Raises NotSignedIn, or Unavailable where the keys cannot be fetched."""
    identified: Caller | Problem = current_g().caller
    if isinstance(identified, Problem):
        raise identified
    return identified


def signed_in() -> Caller | None:
    """Return the caller, None where no valid token has come."""
    identified = current_g().get("caller")
    return identified if isinstance(identified, Caller) else None


def require_learner() -> None:
    """Guard an endpoint for learners. Raises NotSignedIn, Unavailable or Forbidden.

    OPTIONS needs no token: it returns no data, and browsers send it without one before the real request.
    """
    if current_request().method != "OPTIONS" and caller().learner_id is None:
        raise Forbidden(_NO_LEARNER)


def require_operator() -> None:
    """Guard an endpoint for operators. Raises NotSignedIn, Unavailable or Forbidden."""
    if current_request().method != "OPTIONS" and caller().learner_id is not None:
        raise Forbidden("This endpoint needs the project's service key, not a learner's token.")


def learner_id() -> str:
    """Return the id of the calling learner: a UUID in lower case, only from the verified token."""
    return cast(str, caller().learner_id)


def _bearer_token(header: str | None) -> str:
    if header is None:
        raise NotSignedIn(headers={"WWW-Authenticate": "Bearer"})
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or " " in token or "," in token:
        raise _bad_token("The Authorization header must have the form `Bearer <token>`.")
    if len(token) > LONGEST_TOKEN:
        raise _bad_token(f"The access token is longer than {LONGEST_TOKEN} characters.")
    return token


def _claims(token: str) -> dict[str, Any]:
    """Return the claims of a token with a valid signature and valid times. Raises NotSignedIn."""
    try:
        return decode_token(token)
    except (PyJWTError, JWTExtendedException, ValueError, RecursionError, OverflowError):
        # The response leaves out the reason, which would help only a forger. Malformed headers and claims
        # raise ValueError, RecursionError and OverflowError, which PyJWT does not catch.
        raise _bad_token("The access token is invalid or has expired; sign in again.") from None


def _caller_from(claims: dict[str, Any]) -> Caller:
    if claims.get("role") == _SERVICE:
        return Caller(None, None)
    config = current_flask().config
    subject, issuer = claims.get("sub"), config["SUPABASE_URL"]
    if claims.get("role") == _ANON:
        raise _bad_token("This is the project's anonymous key, not a learner's access token.")
    if not isinstance(subject, str) or not UUID_PATTERN.fullmatch(subject):
        raise _bad_token("The access token identifies no learner: its `sub` is not a UUID.")
    audience = claims.get("aud")
    if config["JWT_AUDIENCE"] not in (audience if isinstance(audience, list) else [audience]):
        raise _bad_token("The access token is for another audience.")
    if issuer and claims.get("iss") != f"{issuer}/auth/v1":
        raise _bad_token("The access token was issued by another project.")
    learner = subject.lower()
    return Caller(learner, pseudonym(learner))


def _bad_token(detail: str) -> NotSignedIn:
    return NotSignedIn(detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
