"""Security headers, sites that may call the API, and slow clients."""

import socket
import time

import pytest
from flask import Flask

from tests.factories import Learner, token
from tests.serving import gunicorn
from tests.timing import tries
from vorex_sessions import create_app

SAVE = "/api/sessions/save"
ORIGIN = "https://app.example.com"


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/live", "/redoc", "/healthz", "/nothing", "/api/sessions/stats"]
)
def test_every_answer_carries_the_security_headers(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if path in ("/docs", "/docs/live", "/redoc"):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe-eval" not in answer.headers["Content-Security-Policy"]
    assert "script-src 'unsafe-inline'" not in answer.headers["Content-Security-Policy"]
    assert "Server" not in answer.headers


def test_an_answer_without_a_body_has_the_headers_of_the_answer_that_it_stands_for(
    learner: Learner,
) -> None:
    """A browser puts the headers of a 304 in place of those that it has."""
    learner.save()
    whole = learner.request("GET", "/api/sessions/stats")
    known = {"If-None-Match": whole.headers["ETag"]}
    for answer in (
        learner.request("GET", "/api/sessions/stats", headers=known),
        learner.request("OPTIONS", "/api/sessions/stats"),
    ):
        assert answer.data == b""
        for name in ("Content-Security-Policy", "Cache-Control", "X-Content-Type-Options"):
            assert answer.headers[name] == whole.headers[name]


def test_nothing_of_a_learner_is_kept_by_browsers_and_proxies(learner: Learner) -> None:
    for answer in (
        learner.request("GET", "/api/sessions/stats"),
        learner.request("POST", SAVE, json={}),
    ):
        assert answer.headers["Cache-Control"] == "no-store"


def test_other_sites_may_call_nothing_unless_set(app: Flask) -> None:
    for method in ("OPTIONS", "POST"):
        answer = app.test_client().open(SAVE, method=method, headers=preflight())
        assert not [name for name in answer.headers.keys() if name.startswith("Access-Control")]


def preflight(origin: str = ORIGIN) -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }


@pytest.fixture
def open_app(app: Flask, settings: dict) -> Flask:
    return create_app({**settings, "CORS_ORIGINS": [ORIGIN, "https://www.example.com"]})


def test_a_site_that_is_set_may_call_with_its_learners_token(open_app: Flask) -> None:
    answer = open_app.test_client().options(SAVE, headers=preflight())
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Origin" in answer.headers["Vary"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert {"authorization", "content-type", "idempotency-key"} <= set(allowed.split(", "))
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    headers = {"Origin": ORIGIN, "Authorization": f"Bearer {token()}"}
    real = open_app.test_client().get("/api/sessions/stats", headers=headers)
    assert real.headers["Access-Control-Allow-Origin"] == ORIGIN
    exposed = set(real.headers["Access-Control-Expose-Headers"].split(", "))
    assert {"RateLimit", "Retry-After", "Date", "ETag", "X-Request-ID"} <= exposed


@pytest.mark.parametrize(
    "name",
    [
        "traceparent",
        "tracestate",
        "sentry-trace",
        "baggage",
        "content-encoding",
        "if-match",
        "if-none-match",
    ],
)
def test_a_site_may_send_the_headers_of_tracing_compression_and_conditions(
    open_app: Flask, name: str
) -> None:
    headers = {**preflight(), "Access-Control-Request-Headers": f"authorization,{name}"}
    answer = open_app.test_client().options(SAVE, headers=headers)
    assert name in answer.headers["Access-Control-Allow-Headers"].lower().split(", ")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.com",
        "https://app.example.com.evil.net",
        "null",
        "http://app.example.com",
    ],
)
def test_a_site_that_is_not_set_may_not(open_app: Flask, origin: str) -> None:
    answer = open_app.test_client().options(SAVE, headers=preflight(origin))
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_an_error_can_be_read_by_a_site_that_is_set(open_app: Flask) -> None:
    answer = open_app.test_client().get("/api/sessions/stats", headers={"Origin": ORIGIN})
    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def connect(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=90)


@pytest.mark.parametrize("size", [2 * 1024 * 1024, 10**15])
def test_a_body_that_is_declared_too_large_is_refused_before_it_is_sent(
    app: Flask, database_url: str, size: int
) -> None:
    head = f"POST {SAVE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token()}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
    with gunicorn(database_url, WEB_CONCURRENCY="1") as (address, _):
        for attempt in tries():
            with connect(address) as client, attempt.under(2):
                client.sendall(head.encode() + b"{")
                assert b"HTTP/1.1 413" in client.recv(4096)


def test_clients_who_send_nothing_more_are_let_go_and_others_are_served(
    app: Flask, database_url: str
) -> None:
    with gunicorn(database_url, WEB_CONCURRENCY="1") as (address, _):
        head = f"POST {SAVE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token()}\r\n"
        head += "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
        slow = [connect(address) for _ in range(50)]
        for client in slow:
            client.sendall(head.encode())
        with connect(address) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200 OK" in client.recv(4096)
        began = time.monotonic()
        for client in slow:
            assert client.recv(4096)[:12] in (b"", b"HTTP/1.1 408", b"HTTP/1.1 400")
        assert time.monotonic() - began < 45
        for client in slow:
            client.close()


def test_headers_meant_for_the_servers_own_use_change_nothing(
    app: Flask, database_url: str
) -> None:
    with gunicorn(database_url, WEB_CONCURRENCY="1") as (address, _), connect(address) as client:
        client.sendall(
            b"GET /healthz HTTP/1.1\r\nHost: x\r\nSCRIPT_NAME: /x\r\nPATH_INFO: /y\r\n\r\n"
        )
        assert b"200 OK" in client.recv(1000)
