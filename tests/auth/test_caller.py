"""Authentication with tokens as Supabase Auth issues them."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest
from flask import Flask

from config import SettingError
from tests.factories import SECRET, Learner, token
from vorex_sessions import create_app

STATS = "/api/sessions/stats"


def call(app: Flask, header: str | None) -> tuple[int, str]:
    headers = {} if header is None else {"Authorization": header}
    response = app.test_client().get(STATS, headers=headers)
    if response.status_code >= 400:
        assert response.content_type == "application/problem+json"
    return response.status_code, response.headers.get("WWW-Authenticate", "")


def test_every_endpoint_of_the_api_asks_for_a_token(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") and not rule.websocket:  # tests/live/test_sockets.py
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                path = re.sub("<uuid:[a-z_]+>", str(uuid4()), rule.rule)
                response = app.test_client().open(path, method=method)
                assert response.status_code == 401, f"{method} {rule}"


def test_options_is_answered_without_a_token_as_browsers_ask_it(app: Flask) -> None:
    response = app.test_client().options("/api/sessions/save")
    assert response.status_code == 200
    assert "POST" in response.headers["Allow"]


def test_without_a_token_the_answer_says_bearer(app: Flask) -> None:
    assert call(app, None) == (401, "Bearer")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer   "])
def test_the_scheme_is_bearer_in_any_case(app: Flask, scheme: str) -> None:
    assert call(app, f"{scheme} {token()}")[0] == 200


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic abc", "Bearer a b", "Bearer a, Bearer b", "x", "Bearer é"],
)
def test_a_malformed_header_is_401(app: Flask, header: str) -> None:
    status, challenge = call(app, header)
    assert status == 401
    assert challenge.startswith("Bearer")


def from_now(**seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(**seconds)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1e300},
        {"sub": None},
        {"sub": "alice"},
        {"sub": 5},
        {"sub": "{9b2f4f0e-52b0-4b1c-8b54-0d6c2a1e6a11}"},
        {"aud": None},
        {"aud": "anon"},
        {"aud": ["a", "b"]},
        {"aud": {"authenticated": 1}},
        {"role": "anon"},
    ],
)
def test_a_token_whose_claims_do_not_hold_is_401(app: Flask, claims: dict) -> None:
    if "sub" in claims:
        subject = claims["sub"]
        payload = {"aud": "authenticated", "exp": from_now(hours=1), "sub": subject}
        payload = {name: value for name, value in payload.items() if value is not None}
        bad_token = jwt.encode(payload, SECRET) if subject != 5 else _unchecked(payload)
    else:
        bad_token = token(**claims) if claims != {"exp": 1e300} else _unchecked({"exp": 1e300})
    assert call(app, f"Bearer {bad_token}") == (401, 'Bearer error="invalid_token"')


def _unchecked(claims: dict) -> str:
    """Return a token that PyJWT's own encoder refuses to make."""
    claims = {"exp": int(from_now(hours=1).timestamp()), "aud": "authenticated"} | {
        name: value.timestamp() if isinstance(value, datetime) else value
        for name, value in claims.items()
    }
    return jwt.api_jws.encode(json.dumps(claims).encode(), SECRET, "HS256")


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"exp": -9}, 200),
        ({"exp": -12}, 401),
        ({"nbf": 9}, 200),
        ({"nbf": 12}, 401),
        ({"iat": 9}, 200),
        ({"iat": 12}, 401),
    ],
)
def test_clocks_may_differ_by_ten_seconds(app: Flask, claims: dict, status: int) -> None:
    instants = {name: from_now(seconds=seconds) for name, seconds in claims.items()}
    assert call(app, f"Bearer {token(**instants)}")[0] == status


def test_a_token_signed_with_another_secret_is_401(app: Flask) -> None:
    assert call(app, f"Bearer {token(secret='another secret that is also long enough')}")[0] == 401


def test_a_tampered_token_is_401(app: Flask) -> None:
    header, payload, signature = token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["sub"] = str(uuid4())
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    assert call(app, f"Bearer {header}.{forged}.{signature}")[0] == 401


@pytest.mark.parametrize("algorithm", ["none", "None", "HS384", "HS512", "RS256", "ES256"])
def test_another_algorithm_is_401(app: Flask, algorithm: str) -> None:
    head = json.dumps({"alg": algorithm, "typ": "JWT"}).encode()
    _, payload, signature = token().split(".")
    encoded = base64.urlsafe_b64encode(head).decode().rstrip("=")
    for end in (signature, ""):
        assert call(app, f"Bearer {encoded}.{payload}.{end}")[0] == 401


def test_absurdly_nested_tokens_are_401(app: Flask) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 5_000).decode()
    _, payload, signature = token().split(".")
    head = token().split(".")[0]
    assert call(app, f"Bearer {deep}.{payload}.{signature}")[0] == 401
    assert call(app, f"Bearer {head}.{deep}.{signature}")[0] == 401


def test_an_audience_may_be_one_of_several(app: Flask) -> None:
    assert call(app, f"Bearer {token(aud=['x', 'authenticated'])}")[0] == 200


def test_a_service_role_token_may_not_act_as_a_learner(app: Flask) -> None:
    service = token(role="service_role", aud=None)
    assert call(app, f"Bearer {service}")[0] == 403


def test_an_expired_service_role_token_is_401(app: Flask) -> None:
    assert call(app, f"Bearer {token(role='service_role', exp=from_now(minutes=-1))}")[0] == 401


def test_the_learner_is_the_tokens_subject_in_any_case(app: Flask) -> None:
    learner = Learner(app)
    learner.save()
    assert Learner(app, learner.id.upper()).save()["user_id"] == learner.id
    assert learner.count() == 2


def test_with_a_project_set_its_issuer_is_required(settings: dict) -> None:
    project = {**settings, "SUPABASE_URL": "https://abc.supabase.co"}
    app = create_app(project)
    assert call(app, f"Bearer {token()}")[0] == 401
    assert call(app, f"Bearer {token(iss='https://xyz.supabase.co/auth/v1')}")[0] == 401
    assert call(app, f"Bearer {token(iss='https://abc.supabase.co/auth/v1')}")[0] == 200
    assert call(app, f"Bearer {token(role='service_role')}")[0] == 403


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----",
        '{"kty": "oct", "k": "c2VjcmV0LXRoYXQtaXMtbG9uZy1lbm91Z2gtZm9yLUhTMjU2"}',
    ],
)
def test_a_secret_that_is_none_is_refused_at_the_start(settings: dict, secret: str) -> None:
    with pytest.raises(SettingError, match="SUPABASE_JWT_SECRET") as told:
        create_app({**settings, "SUPABASE_JWT_SECRET": secret})
    assert secret not in str(told.value)
