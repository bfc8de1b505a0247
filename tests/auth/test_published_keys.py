"""ES256, RS256 and EdDSA: tokens of a project's published keys, also while its key server fails."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
import requests
import time_machine
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import SECRET, Learner, token
from tests.key_server import Key, KeyServer, key_server
from tests.serving import gunicorn
from tests.timing import tries, wait_until
from vorex_sessions import create_app

STATS = "/api/sessions/stats"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # FIPS 186-5


@pytest.fixture
def server(app: Flask) -> Iterator[KeyServer]:
    with key_server() as server:
        server.keys = [Key()]
        yield server


def project_of(settings: dict, server: KeyServer) -> Flask:
    """An app with both the secret and the published keys."""
    return create_app({**settings, "SUPABASE_URL": server.address})


@pytest.fixture
def project(settings: dict, server: KeyServer) -> Flask:
    return project_of(settings, server)


def get_stats(app: Flask, access_token: str) -> TestResponse:
    response = app.test_client().get(STATS, headers={"Authorization": f"Bearer {access_token}"})
    if response.status_code >= 400:
        assert response.content_type == "application/problem+json"
    return response


def status(app: Flask, access_token: str) -> int:
    return get_stats(app, access_token).status_code


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_a_token_signed_with_a_published_key_is_the_learners(
    project: Flask, server: KeyServer, algorithm: str
) -> None:
    key = Key(algorithm)
    server.keys = [Key("ES256"), key, Key("RS256")]
    assert status(project, key.token(iss=server.issuer)) == 200
    assert len(server.request_times) == 1


def test_the_old_secret_goes_on_working_beside_the_keys(project: Flask, server: KeyServer) -> None:
    assert status(project, token(iss=server.issuer)) == 200
    with_kid = {"sub": Learner(project).id, "aud": "authenticated", "iss": server.issuer}
    stamped = jwt.encode(
        with_kid | {"exp": time.time() + 60}, SECRET, headers={"kid": "Tk3zFw0Kq1Rr8x2v"}
    )
    assert status(project, stamped) == 200
    assert not server.request_times


def test_keys_alone_are_enough_and_then_the_secret_proves_nothing(
    settings: dict, server: KeyServer
) -> None:
    app = create_app({**settings, "SUPABASE_URL": server.address, "SUPABASE_JWT_SECRET": None})
    assert status(app, server.keys[0].token(iss=server.issuer)) == 200
    assert status(app, token(iss=server.issuer)) == 401


def test_without_a_project_only_the_secret_proves_anything(app: Flask) -> None:
    assert status(app, Key().token()) == 401


def test_a_rotation_goes_by_without_a_401(project: Flask, server: KeyServer) -> None:
    first, second = server.keys[0], Key()
    with time_machine.travel(time.time(), tick=False) as clock:

        def minutes_later(minutes: float) -> None:
            clock.shift(minutes * 60)

        assert status(project, first.token(iss=server.issuer)) == 200
        server.keys = [first, second]  # the new key is published and not used yet
        minutes_later(20)
        assert status(project, first.token(iss=server.issuer)) == 200
        server.keys = [second, first]  # the new key is used; the old one is still published
        assert status(project, second.token(iss=server.issuer)) == 200
        assert status(project, first.token(iss=server.issuer)) == 200
        server.keys = [second]  # the old key is revoked
        minutes_later(11)
        assert status(project, second.token(iss=server.issuer)) == 200
        assert status(project, first.token(iss=server.issuer)) == 401


def test_a_key_that_never_stood_by_is_fetched_when_its_first_token_comes(
    project: Flask, server: KeyServer
) -> None:
    with time_machine.travel(time.time(), tick=False) as clock:
        assert status(project, server.keys[0].token(iss=server.issuer)) == 200
        server.keys.append(Key())
        clock.shift(5)
        early = get_stats(project, server.keys[1].token(iss=server.issuer))
        assert early.status_code == 503
        assert early.headers["Retry-After"] == "25"
        clock.shift(25)
        assert status(project, server.keys[1].token(iss=server.issuer)) == 200
    assert len(server.request_times) == 2


def test_an_unknown_key_is_401_only_after_a_fetch_newer_than_the_token(
    project: Flask, server: KeyServer
) -> None:
    with time_machine.travel(int(time.time()) + 0.5, tick=False) as clock:
        assert status(project, Key().token(iss=server.issuer)) == 401  # issued before the fetch
        clock.shift(2)
        stranger = Key().token(iss=server.issuer)
        assert status(project, stranger) == 503
        clock.shift(30)
        assert status(project, stranger) == 401


@pytest.mark.parametrize("issued_at", [9_999_999_999, 1e308])
def test_a_token_from_the_future_is_401_at_once(
    project: Flask, server: KeyServer, issued_at: float
) -> None:
    assert status(project, Key().token(iss=server.issuer, iat=issued_at)) == 401


def test_keys_are_fetched_anew_beside_a_request_after_five_minutes(
    settings: dict, server: KeyServer
) -> None:
    for attempt in tries():
        project, server.delay = project_of(settings, server), 0
        server.request_times.clear()
        with time_machine.travel(time.time(), tick=False) as clock:
            assert status(project, server.keys[0].token(iss=server.issuer)) == 200
            clock.shift(299)
            assert status(project, server.keys[0].token(iss=server.issuer)) == 200
            assert len(server.request_times) == 1
            clock.shift(2)
            server.delay = 5
            with attempt.under(1):
                assert status(project, server.keys[0].token(iss=server.issuer)) == 200
        wait_until(lambda: len(server.request_times) > 1)
        assert len(server.request_times) == 2


def test_a_server_that_hangs_delays_one_request_and_no_more(
    settings: dict, server: KeyServer
) -> None:
    good = server.keys[0]
    for attempt in tries():
        project, server.delay = project_of(settings, server), 0
        with time_machine.travel(time.time()) as clock:
            assert status(project, good.token(iss=server.issuer)) == 200
            server.delay = 30
            clock.shift(700)
            for slowest in (2.5, 0.5, 0.5):
                with attempt.under(slowest):
                    assert status(project, good.token(iss=server.issuer)) == 200
                clock.shift(31)


def test_a_server_that_drips_fails_like_one_that_hangs(settings: dict, server: KeyServer) -> None:
    server.drip = 0.2
    for attempt in tries():
        project = project_of(settings, server)
        with attempt.under(2.5):
            assert status(project, server.keys[0].token(iss=server.issuer)) == 503
        with attempt.under(3):
            wait_until(lambda: not fetching())


def fetching() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "_run_fetch" in thread.name]


def test_a_clock_that_is_set_back_stops_no_refresh(project: Flask, server: KeyServer) -> None:
    old, new = server.keys[0], Key()
    with time_machine.travel(time.time(), tick=False) as clock:
        assert status(project, old.token(iss=server.issuer)) == 200
        server.keys = [new]
        clock.shift(-7200)
        access_token = new.token(iss=server.issuer)
        assert status(project, access_token) == 200
        assert status(project, old.token(iss=server.issuer)) == 401
    assert len(server.request_times) == 2


NONSENSE = [
    b'{"keys": [' + b" " * 1_100_000 + b"]}",
    b"",
    b"<html>",
    b"[]",
    b"null",
    b'{"keys": 5}',
    b'{"keys": [1]}',
    b'{"keys": [{"kty": "EC"}]}',
    b"[" * 100_000,
    b"\xff\xfe",
]


@pytest.mark.parametrize("body", NONSENSE)
def test_nonsense_from_the_server_leaves_the_last_good_keys_in_force(
    project: Flask, server: KeyServer, body: bytes
) -> None:
    with time_machine.travel(time.time(), tick=False) as clock:
        good = server.keys[0]
        assert status(project, good.token(iss=server.issuer)) == 200
        server.body = body
        clock.shift(3599)
        assert status(project, good.token(iss=server.issuer)) == 200
        clock.shift(2)
        answer = get_stats(project, good.token(iss=server.issuer))
        assert answer.status_code == 503  # no fresh key for an hour: not the learner's fault
        assert 1 <= int(answer.headers["Retry-After"]) <= 30
        server.body = None
        clock.shift(31)
        assert status(project, good.token(iss=server.issuer)) == 200


@pytest.mark.parametrize("trouble", ["down", "500", "redirected", "slow"])
def test_without_any_keys_the_answer_is_503_within_three_seconds(
    app: Flask, settings: dict, trouble: str
) -> None:
    with key_server() as server:
        server.keys = [Key()]
        issuer = server.issuer
        access_token = server.keys[0].token(iss=issuer)
        project = project_of(settings, server)
        if trouble == "slow":
            server.delay = 30
        if trouble in ("500", "redirected"):
            server.status = 500 if trouble == "500" else 302
        if trouble != "down":
            for attempt in tries():
                project = project_of(settings, server)
                with attempt.under(3):
                    assert status(project, access_token) == 503
    if trouble == "down":
        assert status(project, access_token) == 503
        assert status(project, token(iss=issuer)) == 200  # the secret needs no server


def test_a_key_of_the_wrong_kind_in_the_set_is_never_used(
    project: Flask, server: KeyServer
) -> None:
    good, oct_secret = server.keys[0], b"a published secret is no secret, is it?"
    encoded = base64.urlsafe_b64encode(oct_secret).decode().rstrip("=")
    symmetric = {"kty": "oct", "k": encoded, "kid": "oct", "alg": "HS256"}
    encrypting = Key()
    encrypting.published["use"] = "enc"
    server.body = json.dumps(
        {"keys": [symmetric, encrypting.published, {"kty": "new"}, good.published]}
    ).encode()
    assert status(project, good.token(iss=server.issuer)) == 200
    claims = {"sub": Learner(project).id, "aud": "authenticated", "iss": server.issuer}
    claims["exp"] = claims["iat"] = int(time.time()) + 5
    assert status(project, jwt.encode(claims, oct_secret, headers={"kid": "oct"})) == 401
    assert status(project, encrypting.token(iss=server.issuer, iat=1)) == 401


def test_the_public_key_is_no_secret_for_hs256(project: Flask, server: KeyServer) -> None:
    for key in (Key("RS256"), Key("ES256"), Key("EdDSA")):
        server.keys = [key]
        public = key.private.public_key()
        pem = public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        der = public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        claims = {"sub": Learner(project).id, "aud": "authenticated", "iss": server.issuer}
        payload = json.dumps(claims | {"exp": int(time.time()) + 60, "iat": 1}).encode()
        for secret in (pem, pem.strip(), der, json.dumps(key.published).encode()):
            access_token = _hs256(payload, secret, {"kid": key.kid})
            assert status(project, access_token) == 401


def _hs256(payload: bytes, secret: bytes, headers: dict) -> str:
    """Return an HS256 token. PyJWT refuses to sign with a public key."""
    head = json.dumps({"alg": "HS256", "typ": "JWT", **headers}).encode()
    body = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (head, payload))
    signature = hmac.digest(secret, body, hashlib.sha256)
    return (body + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


@pytest.mark.parametrize("claimed", ["RS256", "EdDSA", "HS256", "ES384", "PS256", "none", ""])
def test_another_algorithm_than_the_keys_own_is_401(
    project: Flask, server: KeyServer, claimed: str
) -> None:
    access_token = server.keys[0].token(iss=server.issuer, iat=1)
    _, payload, signature = access_token.split(".")
    head = json.dumps({"alg": claimed, "kid": server.keys[0].kid, "typ": "JWT"}).encode()
    forged = base64.urlsafe_b64encode(head).decode().rstrip("=")
    assert status(project, f"{forged}.{payload}.{signature}") == 401
    assert status(project, f"{forged}.{payload}.") == 401


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../etc/passwd",
        "/dev/null",
        "' UNION SELECT 'secret' --",
        "'; DROP TABLE session_results; --",
        "http://127.0.0.1/keys",
        "",
        "\x00",
        "é" * 200,
    ],
)
def test_a_kid_is_only_ever_compared(project: Flask, server: KeyServer, kid: str) -> None:
    access_token = server.keys[0].token(iss=server.issuer, iat=1, headers={"kid": kid})
    assert status(project, access_token) == 401


@pytest.mark.parametrize("kid", [None, 5, ["a"], {"a": 1}, True])
def test_a_kid_that_is_no_string_is_401_and_fetches_nothing(
    project: Flask, server: KeyServer, kid: object
) -> None:
    head = {"alg": "ES256", "typ": "JWT"} | ({} if kid is None else {"kid": kid})
    access_token = server.keys[0].token(iss=server.issuer)
    start = base64.urlsafe_b64encode(json.dumps(head).encode()).decode().rstrip("=")
    assert status(project, ".".join([start, *access_token.split(".")[1:]])) == 401
    assert not server.request_times


def test_keys_that_a_token_brings_along_or_points_to_are_ignored(
    project: Flask, server: KeyServer
) -> None:
    with key_server() as theirs:
        forger = Key()
        theirs.keys = [forger]
        address = f"{theirs.address}/auth/v1/.well-known/jwks.json"
        for headers in (
            {"jku": address},
            {"x5u": address},
            {"jwk": forger.published},
            {"x5c": ["MIIB"]},
            {"crit": ["exp"]},
        ):
            for kid in (forger.kid, server.keys[0].kid):
                access_token = forger.token(
                    iss=server.issuer, iat=1, headers={**headers, "kid": kid}
                )
                assert status(project, access_token) == 401
        assert not theirs.request_times


def test_tokens_of_another_project_are_401(project: Flask, server: KeyServer) -> None:
    key = server.keys[0]
    assert status(project, key.token(iss="https://xyz.supabase.co/auth/v1")) == 401
    assert status(project, key.token()) == 401
    assert status(project, key.token(iss=server.issuer + "/")) == 401


def test_the_projects_own_api_keys_are_nobodys_sign_in(project: Flask, server: KeyServer) -> None:
    """Supabase's anon and service_role keys are valid tokens without a learner or an audience."""
    for signed in (
        server.keys[0].token,
        lambda **claims: token(**claims),
    ):
        nobody = {"sub": None, "aud": None, "iss": "supabase"}
        access_token = signed(role="anon", **nobody)
        assert status(project, access_token) == 401
        assert status(project, signed(role="service_role", **nobody)) == 403


def test_expired_and_tampered_tokens_are_401(project: Flask, server: KeyServer) -> None:
    key = server.keys[0]
    assert status(project, key.token(iss=server.issuer, exp=int(time.time()) - 11)) == 401
    head, _, signature = key.token(iss=server.issuer).split(".")
    _, payload, _ = key.token(iss=server.issuer).split(".")
    assert status(project, f"{head}.{payload}.{signature}") == 401
    assert status(project, f"{head}.{payload}.{signature[:-4]}") == 401


def test_a_malleable_signature_gains_nothing(project: Flask, server: KeyServer) -> None:
    """For ECDSA, (r, n - s) is as valid as (r, s): another text with the same learner and claims."""
    learner = Learner(project)
    access_token = server.keys[0].token(learner.id, iss=server.issuer)
    body, _, signature = access_token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    r, s = raw[:32], int.from_bytes(raw[32:])
    other = base64.urlsafe_b64encode(r + (P256_ORDER - s).to_bytes(32)).decode().rstrip("=")
    der = server.keys[0].private.sign  # JWS does not use DER signatures, so it is invalid
    twin = get_stats(project, f"{body}.{other}")
    assert twin.status_code == 200
    assert twin.data == get_stats(project, access_token).data
    assert status(project, server.keys[0].token(iss=server.issuer, exp=1)) == 401
    in_der = der(body.encode(), ec.ECDSA(hashes.SHA256()))
    assert all(decode_dss_signature(in_der))
    encoded = base64.urlsafe_b64encode(in_der).decode().rstrip("=")
    assert status(project, f"{body}.{encoded}") == 401


def test_an_oversized_token_is_401_before_it_is_read(project: Flask, server: KeyServer) -> None:
    access_token = server.keys[0].token(iss=server.issuer, user_metadata={"a": "x" * 9000})
    answer = get_stats(project, access_token)
    assert answer.status_code == 401
    assert "8192" in answer.get_json(force=True)["detail"]
    assert not server.request_times


def test_a_thousand_unknown_kids_a_second_cost_one_fetch_a_worker(
    database_url: str, server: KeyServer
) -> None:
    stranger = Key()
    settings = {
        "SUPABASE_URL": server.address,
        "WEB_CONCURRENCY": "1",
        "RATELIMIT_ENABLED": "false",
    }
    with gunicorn(database_url, **settings) as (address, _):

        def attack(number: int) -> int:
            access_token = stranger.token(iss=server.issuer, headers={"kid": f"{number}"})
            headers = {"Authorization": f"Bearer {access_token}"}
            return requests.get(f"{address}{STATS}", headers=headers, timeout=10).status_code

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(attack, range(1000)))
        assert set(answers) <= {401, 503}
        assert answers.count(503) <= 3  # 503 pages people
        assert len(server.request_times) == 1
        good = {"Authorization": f"Bearer {server.keys[0].token(iss=server.issuer)}"}
        assert requests.get(f"{address}{STATS}", headers=good, timeout=10).status_code == 200
        assert len(server.request_times) == 1
