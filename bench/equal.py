"""Before anything is timed: the two sides give the same answers."""

import random
from typing import Any
from uuid import uuid4

import requests

from bench import data, traffic
from bench.services import Running

_OF_THE_MOMENT = ("session_result_id", "created_at", "updated_at")
# What the peer has no idea of.
_OURS_ALONE = {
    *("achievements_unlocked", "streak", "vocabulary_results", "skills", "vocabulary_details"),
    "focus_skills",
}


def check(ours: Running, theirs: Running, sessions: int) -> int:
    """Compare answers of every endpoint for some learners; returns how many. Raises AssertionError."""
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


def _same(ours: Running, theirs: Running, path: str, header: dict[str, str]) -> int:
    one, other = (
        requests.get(side.address + path, headers=header, timeout=10) for side in (ours, theirs)
    )
    if one.status_code != other.status_code:
        raise AssertionError(f"{path}: {one.status_code} and {other.status_code}")
    if one.ok and _in_common(one.json()) != other.json():
        raise AssertionError(f"{path}: {one.text} and {other.text}")
    return 1


def _same_save(ours: Running, theirs: Running, header: dict[str, str], rng: random.Random) -> int:
    content = {
        **data.content(rng),
        "completed_at": "2026-01-01T12:00:00Z",
        "timezone": "Asia/Tokyo",
    }
    shown = []
    for side in (ours, theirs):
        said = {**content, "session_result_id": str(uuid4())}
        first, again = (_save(side, said, header) for _ in range(2))
        if (first.status_code, again.status_code) != (201, 200) or first.json() != again.json():
            raise AssertionError(f"save: {first.status_code}, then {again.status_code}")
        shown.append(_lasting(first.json()))
    if shown[0] != shown[1]:
        raise AssertionError(f"save: {shown[0]} and {shown[1]}")
    return 4


def _save(side: Running, said: dict[str, Any], header: dict[str, str]) -> requests.Response:
    url = f"{side.address}/api/sessions/save"
    return requests.post(url, json=said, headers=header, timeout=10)


def _lasting(session: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in _in_common(session).items() if name not in _OF_THE_MOMENT
    }


def _in_common(answer: Any) -> Any:
    if isinstance(answer, list):
        return [_in_common(inner) for inner in answer]
    if isinstance(answer, dict):
        return {
            name: _in_common(inner) for name, inner in answer.items() if name not in _OURS_ALONE
        }
    return answer
