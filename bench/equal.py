"""Check, before timing, that both sides give the same answers."""

import random
from typing import Any
from uuid import uuid4

import requests

from bench import data, traffic
from bench.services import Running

_VOLATILE = ("session_result_id", "created_at", "updated_at")
# Fields that the peer does not have.
_OURS_ONLY = {
    *("achievements_unlocked", "streak", "vocabulary_results", "skills", "vocabulary_details"),
    "focus_skills",
}


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


def _same(ours: Running, theirs: Running, path: str, header: dict[str, str]) -> int:
    our_answer, their_answer = (
        requests.get(side.address + path, headers=header, timeout=10) for side in (ours, theirs)
    )
    if our_answer.status_code != their_answer.status_code:
        raise AssertionError(f"{path}: {our_answer.status_code} and {their_answer.status_code}")
    if our_answer.ok and _in_common(our_answer.json()) != their_answer.json():
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
