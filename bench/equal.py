"""Check, before timing, that both sides give the same answers, and do the work that is compared."""

import random
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg2
import requests

from bench import data, traffic
from bench.services import Running
from vorex_sessions.growth.totals import Totals

_VOLATILE = ("session_result_id", "created_at", "updated_at")
# Fields that the peer does not have, or not everywhere.
_OURS_ONLY = {
    *("achievements_unlocked", "streak", "vocabulary_results", "skills", "vocabulary_details"),
    *("focus_skills", "vocabulary_review", "language", "version"),
}
_ANSWERED = (  # one header of each thing that the equipped peer adds
    *("X-Request-ID", "X-RateLimit-Remaining", "X-Content-Type-Options"),
    "Content-Security-Policy",
)
# Days ago: several sessions a day, a missed day, late sessions.
_DAYS_AGO = (12, 11, 11, 9, 8, 7, 6, 5, 5, 8, 3, 2, 10, 1, 0, 0)


def check(ours: Running, theirs: Running, sessions: int) -> int:
    """Compare every endpoint's answers for some learners; return their number or raise AssertionError."""
    rng = random.Random(sessions)
    numbers = [0, *(rng.randrange(data.learners(sessions)) for _ in range(30))]
    compared = 0
    for number in numbers:
        header = {"Authorization": f"Bearer {traffic.token(number, rng)}"}
        for method, path in traffic.ENDPOINTS.values():
            if method == "GET":
                compared += _same(ours, theirs, path, header)
        compared += _same_save(ours, theirs, header, rng)
    for header in ({}, {"Authorization": "Bearer x.y.z"}):
        compared += _same(ours, theirs, "/api/sessions/warmup", header)
    return compared


def check_equipment(theirs: Running, rng: random.Random) -> None:
    """Raise AssertionError unless the peer sends its headers and counts its requests."""
    header = {"Authorization": f"Bearer {traffic.token(0, rng)}"}
    answer = requests.get(theirs.address + "/api/sessions/warmup", headers=header, timeout=10)
    missing = [name for name in _ANSWERED if name not in answer.headers]
    metrics = requests.get(theirs.address + "/metrics", timeout=10).text
    if missing or 'handler="/api/sessions/warmup"' not in metrics:
        raise AssertionError(f"the equipped peer lacks {missing or 'metrics'}")


def check_derived(ours: Running, theirs: Running, address: str, rng: random.Random) -> int:
    """Save the same for a new learner on each side; compare the streaks, and then totals and words."""
    now = datetime.now(UTC)
    numbers = [rng.randrange(10**9, 2 * 10**9) for _ in range(2)]
    for days_ago in _DAYS_AGO:
        content = data.content(rng) | {
            "completed_at": (now - timedelta(days=days_ago, minutes=1)).isoformat(),
            "duration_seconds": rng.choice((20, 50, 600, 600, 600)),  # not every day counts
            "timezone": "Asia/Tokyo",
        }
        streaks = []
        for side, number in zip((ours, theirs), numbers, strict=True):
            header = {"Authorization": f"Bearer {traffic.token(number, rng)}"}
            body = content | {"session_result_id": str(uuid4())}
            streaks += [_save(side, body, header).json()["streak"] for _ in range(2)]
        if any(streak != streaks[0] for streak in streaks):
            raise AssertionError(f"streaks differ: {streaks}")
    names = ", ".join(field.name for field in fields(Totals) if field.name != "latest_id")
    words = "word, times_seen, first_seen, last_seen"
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        for what, columns in (("totals", names), ("words", words)):
            stored = []
            for owner, number in zip(("learner", "peer"), numbers, strict=True):
                cursor.execute(
                    f"SELECT {columns} FROM {owner}_{what} WHERE user_id = %s ORDER BY 1",
                    [data.learner_id(number)],
                )
                stored.append(cursor.fetchall())
            if not stored[0] or stored[0] != stored[1]:
                raise AssertionError(f"{what} differ: {stored[0]} and {stored[1]}")
    return 4 * len(_DAYS_AGO) + 4


def _same(ours: Running, theirs: Running, path: str, header: dict[str, str]) -> int:
    our_answer, their_answer = (
        requests.get(side.address + path, headers=header, timeout=10) for side in (ours, theirs)
    )
    if our_answer.status_code != their_answer.status_code:
        raise AssertionError(f"{path}: {our_answer.status_code} and {their_answer.status_code}")
    if our_answer.ok and _in_common(our_answer.json()) != _in_common(their_answer.json()):
        raise AssertionError(f"{path}: {our_answer.text} and {their_answer.text}")
    return 1


def _same_save(ours: Running, theirs: Running, header: dict[str, str], rng: random.Random) -> int:
    content = {
        **data.content(rng),
        "completed_at": "2026-01-01T12:00:00Z",
        "timezone": "Asia/Tokyo",
    }
    shown = []
    for side in (ours, theirs):
        body = {**content, "session_result_id": str(uuid4())}
        first, again = (_save(side, body, header) for _ in range(2))
        if (first.status_code, again.status_code) != (201, 200) or first.json() != again.json():
            raise AssertionError(f"save: {first.status_code}, then {again.status_code}")
        shown.append(_stable(first.json()))
    if shown[0] != shown[1]:
        raise AssertionError(f"save: {shown[0]} and {shown[1]}")
    return 4


def _save(side: Running, body: dict[str, Any], header: dict[str, str]) -> requests.Response:
    url = f"{side.address}/api/sessions/save"
    return requests.post(url, json=body, headers=header, timeout=10)


def _stable(session: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in _in_common(session).items() if name not in _VOLATILE}


def _in_common(answer: Any) -> Any:
    if isinstance(answer, list):
        return [_in_common(inner) for inner in answer]
    if isinstance(answer, dict):
        return {name: _in_common(inner) for name, inner in answer.items() if name not in _OURS_ONLY}
    return answer
