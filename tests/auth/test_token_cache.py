"""A token that was verified is remembered for a minute, never longer, never past its own time."""

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


def status(app: Flask, made: str) -> int:
    return app.test_client().get(STATS, headers={"Authorization": f"Bearer {made}"}).status_code


def count(how: str) -> float:
    return REGISTRY.get_sample_value("vorex_access_tokens_total", {"how": how}) or 0


def test_the_second_request_with_a_token_verifies_nothing(app: Flask) -> None:
    made, another = token(), token()
    before = count("verified"), count("remembered")
    assert [status(app, made) for _ in range(3)] == [200, 200, 200]
    assert status(app, another) == 200
    assert (count("verified"), count("remembered")) == (before[0] + 2, before[1] + 2)


def test_what_is_remembered_is_whose_it_is(app: Flask) -> None:
    one, other = Learner(app), Learner(app)
    saved = one.save()
    for _ in range(2):
        assert one.get("/history")["total"] == 1
        assert other.get("/history")["total"] == 0
    assert saved["user_id"] == one.id


def test_a_remembered_token_that_is_changed_by_a_letter_is_401(app: Flask) -> None:
    made = token()
    assert status(app, made) == 200
    head, _, signature = made.rpartition(".")
    for forged in (f"{head}.{signature[:-2]}AA", made + "A", made[1:], made.swapcase()):
        assert status(app, forged) == 401


def test_a_token_is_not_remembered_past_its_own_time(app: Flask) -> None:
    with time_machine.travel(time.time(), tick=False) as clock:
        made = token(exp=datetime.now(UTC) + timedelta(seconds=5))
        assert [status(app, made) for _ in range(2)] == [200, 200]
        clock.shift(16)  # 10 s of that are leeway
        assert status(app, made) == 401


def test_within_the_leeway_a_token_is_verified_each_time(app: Flask) -> None:
    made = token(exp=datetime.now(UTC) - timedelta(seconds=2))
    before = count("remembered")
    assert [status(app, made) for _ in range(2)] == [200, 200]
    assert count("remembered") == before


def test_a_bad_token_is_judged_each_time(app: Flask) -> None:
    expired = token(exp=datetime.now(UTC) - timedelta(hours=1))
    assert [status(app, expired) for _ in range(2)] == [401, 401]


def test_an_app_knows_nothing_of_what_another_has_verified(app: Flask, settings: dict) -> None:
    made = token()
    assert status(app, made) == 200
    secret = "another secret, as long as it has to be for HS256"
    assert status(create_app({**settings, "SUPABASE_JWT_SECRET": secret}), made) == 401


def test_after_a_minute_it_is_forgotten() -> None:
    now = 0.0
    remembered = TokenCache[str](clock=lambda: now)
    remembered.keep("a", "known", expires=time.time() + 3600)
    now = token_cache.LONGEST - 0.1
    assert remembered.find("a") == "known"
    now = token_cache.LONGEST
    assert remembered.find("a") is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_cache, "MOST", 3)
    remembered = TokenCache[str]()
    for number in range(10):
        remembered.keep(str(number), "known", expires=time.time() + 3600)
        assert len(remembered._known) <= 3
    assert remembered.find("9") == "known"
