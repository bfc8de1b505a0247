"""A verified token is cached for a minute at most, and never past its expiry."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from prometheus_client import REGISTRY

from tests.factories import Learner, token
from vorex_sessions import create_app
from vorex_sessions.auth import token_cache
from vorex_sessions.auth.token_cache import TokenCache

STATS = "/api/sessions/stats"


def status(app: Flask, access_token: str) -> int:
    return (
        app.test_client()
        .get(STATS, headers={"Authorization": f"Bearer {access_token}"})
        .status_code
    )


def count(how: str) -> float:
    return REGISTRY.get_sample_value("vorex_access_tokens_total", {"how": how}) or 0


def test_the_second_request_with_a_token_verifies_nothing(app: Flask) -> None:
    access_token, another = token(), token()
    before = count("verified"), count("remembered")
    assert [status(app, access_token) for _ in range(3)] == [200, 200, 200]
    assert status(app, another) == 200
    assert (count("verified"), count("remembered")) == (before[0] + 2, before[1] + 2)


def test_what_is_remembered_is_whose_it_is(app: Flask) -> None:
    learner, other = Learner(app), Learner(app)
    saved = learner.save()
    for _ in range(2):
        assert learner.get("/history")["total"] == 1
        assert other.get("/history")["total"] == 0
    assert saved["user_id"] == learner.id


def test_a_remembered_token_that_is_changed_by_a_letter_is_401(app: Flask) -> None:
    access_token = token()
    assert status(app, access_token) == 200
    head, _, signature = access_token.rpartition(".")
    for forged in (
        f"{head}.{signature[:-2]}AA",
        access_token + "A",
        access_token[1:],
        access_token.swapcase(),
    ):
        assert status(app, forged) == 401


def test_a_token_is_not_remembered_past_its_own_time(app: Flask) -> None:
    with time_machine.travel(time.time(), tick=False) as clock:
        access_token = token(exp=datetime.now(UTC) + timedelta(seconds=5))
        assert [status(app, access_token) for _ in range(2)] == [200, 200]
        clock.shift(16)  # includes 10 s of leeway
        assert status(app, access_token) == 401


def test_within_the_leeway_a_token_is_verified_each_time(app: Flask) -> None:
    access_token = token(exp=datetime.now(UTC) - timedelta(seconds=2))
    before = count("remembered")
    assert [status(app, access_token) for _ in range(2)] == [200, 200]
    assert count("remembered") == before


def test_a_bad_token_is_judged_each_time(app: Flask) -> None:
    expired = token(exp=datetime.now(UTC) - timedelta(hours=1))
    assert [status(app, expired) for _ in range(2)] == [401, 401]


def test_an_app_knows_nothing_of_what_another_has_verified(app: Flask, settings: dict) -> None:
    access_token = token()
    assert status(app, access_token) == 200
    secret = "another secret, as long as it has to be for HS256"
    assert status(create_app({**settings, "SUPABASE_JWT_SECRET": secret}), access_token) == 401


def test_after_a_minute_it_is_forgotten() -> None:
    now = 0.0
    cache = TokenCache[str](clock=lambda: now)
    cache.put("a", "value", expires=time.time() + 3600)
    now = token_cache.MAX_AGE - 0.1
    assert cache.get("a") == "value"
    now = token_cache.MAX_AGE
    assert cache.get("a") is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_cache, "MAX_TOKENS", 3)
    cache = TokenCache[str]()
    for number in range(10):
        cache.put(str(number), "value", expires=time.time() + 3600)
        assert len(cache._entries) <= 3
    assert cache.get("9") == "value"
