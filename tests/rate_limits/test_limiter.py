"""Limits of reads and writes a minute, for a learner or else for an address."""

import re

import pytest
from flask import Flask

from config import SettingError
from tests.factories import Learner, content, token
from vorex_sessions import create_app
from vorex_sessions.rate_limits.in_memory import MemoryCounter


@pytest.fixture
def strict(app: Flask, settings: dict) -> Flask:
    return create_app({**settings, "RATELIMIT_READS": 3, "RATELIMIT_WRITES": 2})


def fields(response) -> tuple[str, str]:
    return response.headers["RateLimit-Policy"], response.headers["RateLimit"]


def test_the_third_write_of_two_is_429_and_stores_nothing(strict: Flask, app: Flask) -> None:
    learner = Learner(strict)
    learner.save()
    learner.save()
    refused = learner.try_save(content())
    assert refused.status_code == 429
    body = refused.get_json(force=True)
    assert body["type"] == "/problems/quota-exceeded"
    assert body["violated-policies"] == ["writes"]
    assert re.fullmatch(
        r"More than 2 writes in a minute; please try again in \d+ s\.", body["detail"]
    )
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert fields(refused) == (
        '"writes";q=2;w=60',
        f'"writes";r=0;t={refused.headers["Retry-After"]}',
    )
    assert Learner(app, learner.id).count() == 2


def test_every_answer_says_what_is_left(strict: Flask) -> None:
    learner = Learner(strict)
    for left in (2, 1, 0):
        answer = learner.request("GET", "/api/sessions/stats")
        policy, rest = fields(answer)
        assert policy == '"reads";q=3;w=60'
        assert re.fullmatch(rf'"reads";r={left};t=(60|5\d)', rest)
    assert learner.request("GET", "/api/sessions/stats").status_code == 429


def test_reads_and_writes_are_counted_apart_and_learners_too(strict: Flask) -> None:
    learner, other = Learner(strict), Learner(strict)
    for _ in range(2):
        learner.save()
    assert learner.count() == 2
    other.save()
    assert other.count() == 1


def test_a_request_that_is_refused_for_its_content_counts_too(strict: Flask) -> None:
    learner = Learner(strict)
    for _ in range(2):
        assert learner.try_save({}).status_code == 422
    assert learner.try_save(content()).status_code == 429


def test_the_limits_of_the_contract_are_the_default(app: Flask, learner: Learner) -> None:
    assert fields(learner.request("GET", "/api/sessions/stats"))[0] == '"reads";q=600;w=60'
    assert fields(learner.try_save(content()))[0] == '"writes";q=120;w=60'


def anonymous(app: Flask, address: str = "192.0.2.1", **headers: str) -> int:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    environ = {"REMOTE_ADDR": address}
    return (
        app.test_client()
        .get("/api/sessions/stats", headers=headers, environ_base=environ)
        .status_code
    )


def test_without_a_good_token_the_address_is_counted(strict: Flask) -> None:
    assert [anonymous(strict) for _ in range(4)] == [401, 401, 401, 429]
    assert anonymous(strict, Authorization="Bearer nonsense") == 429
    assert anonymous(strict, "192.0.2.2") == 401
    learner = token()
    assert (
        anonymous(strict, Authorization=f"Bearer {learner}") == 200
    )  # the same address, signed in


def test_an_operator_shares_the_address_with_nobody(strict: Flask) -> None:
    assert anonymous(strict) == 401
    service_key = token(role="service_role", sub=None, aud=None)
    operator = {"Authorization": f"Bearer {service_key}"}
    assert [anonymous(strict, **operator) for _ in range(4)] == [403, 403, 403, 429]
    assert [anonymous(strict) for _ in range(3)] == [401, 401, 429]


def test_unknown_paths_and_pages_are_counted_by_address(strict: Flask) -> None:
    client = strict.test_client()
    answers = [client.get(path).status_code for path in ("/nothing", "/docs", "/openapi.json", "/")]
    assert answers == [404, 200, 200, 429]


def test_a_forged_forwarded_for_gains_nothing(strict: Flask, settings: dict) -> None:
    assert [anonymous(strict, X_Forwarded_For=f"198.51.100.{number}") for number in range(4)] == [
        401,
        401,
        401,
        429,
    ]
    behind = create_app({**settings, "RATELIMIT_READS": 3, "TRUSTED_PROXIES": 1})
    # The proxy appends the address that it saw; the client can forge what comes before.
    assert [
        anonymous(behind, X_Forwarded_For=f"198.51.100.{number}, 203.0.113.9")
        for number in range(4)
    ] == [401, 401, 401, 429]
    assert anonymous(behind, X_Forwarded_For="203.0.113.9, 203.0.113.10") == 401


def test_behind_two_proxies_the_second_last_address_counts(app: Flask, settings: dict) -> None:
    behind = create_app({**settings, "RATELIMIT_READS": 3, "TRUSTED_PROXIES": 2})
    assert [
        anonymous(behind, X_Forwarded_For=f"1.2.3.{number}, 203.0.113.9, 10.0.0.{number}")
        for number in range(4)
    ] == [401, 401, 401, 429]


def test_a_whole_64_of_version_6_is_one_address(strict: Flask) -> None:
    assert [anonymous(strict, f"2001:db8:0:1::{number}") for number in range(4)] == [
        *[401] * 3,
        429,
    ]
    assert anonymous(strict, "2001:db8:0:2::1") == 401
    assert [anonymous(strict, f"::ffff:192.0.2.{number}") for number in range(4)] == [401] * 4


def test_health_readiness_metrics_and_preflights_are_not_counted(strict: Flask) -> None:
    client = strict.test_client()
    for path in ("/healthz", "/readyz", "/metrics"):
        for _ in range(5):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "RateLimit" not in answer.headers
    for _ in range(5):
        assert client.options("/api/sessions/save").status_code == 200


@pytest.mark.parametrize("option", ["?nonsense=1", "?db=one", "?socket_timeout=soon"])
def test_options_that_redis_does_not_know_are_told_at_the_start(
    app: Flask, settings: dict, option: str
) -> None:
    address = f"redis://127.0.0.1:6379/0{option}"
    with pytest.raises(SettingError, match="RATELIMIT_STORAGE_URI"):
        create_app({**settings, "RATELIMIT_STORAGE_URI": address})


def test_limits_can_be_turned_off(app: Flask, settings: dict) -> None:
    free = create_app({**settings, "RATELIMIT_READS": 1, "RATELIMIT_ENABLED": False})
    for _ in range(3):
        answer = Learner(free).request("GET", "/api/sessions/stats")
        assert answer.status_code == 200
        assert "RateLimit" not in answer.headers


def test_a_window_begins_with_its_first_request_and_lasts_a_minute() -> None:
    now = 1000.0
    counts = MemoryCounter(clock=lambda: now)
    assert counts.hit("a") == (1, 60)
    now += 59.5
    assert counts.hit("a") == (2, 0.5)
    assert counts.hit("b") == (1, 60)
    now += 0.5
    assert counts.hit("a") == (1, 60)
    assert counts.hit("b") == (2, 59.5)


def test_windows_that_are_over_are_forgotten() -> None:
    now = 1000.0
    counts = MemoryCounter(clock=lambda: now)
    for number in range(1000):
        counts.hit(f"early {number}")
    now += 61
    counts.hit("late")
    assert set(counts._windows) == {"late"}
