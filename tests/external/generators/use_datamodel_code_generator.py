"""The models of datamodel-code-generator (pydantic), with httpx."""

from typing import Any

import httpx
from generated.models import Batch, History, Problem, Save, Saved, SavedBatch, Stats
from pydantic import ValidationError
from python_flow import ADDRESS, INVALID, TOKEN, run

client = httpx.Client(base_url=ADDRESS, headers={"Authorization": f"Bearer {TOKEN}"})


def body_of(session: dict[str, Any]) -> dict[str, Any]:
    """The models know the limits, so that they refuse what the service would refuse."""
    if session == INVALID:
        try:
            Save.model_validate(session)
        except ValidationError:
            return session
    return Save.model_validate(session).model_dump(mode="json", exclude_unset=True)


def save(session: dict[str, Any]) -> Saved | Problem:
    answer = client.post("/api/sessions/save", json=body_of(session))
    kind = Problem if answer.is_error else Saved
    return kind.model_validate_json(answer.content)


def save_two(items: list[dict[str, Any]]) -> SavedBatch:
    assert "sessions" in Batch.model_fields
    body = {"sessions": [body_of(session) for session in items]}
    answer = client.post("/api/sessions/batch", json=body)
    return SavedBatch.model_validate_json(answer.content)


def history(**query: Any) -> History:
    answer = client.get("/api/sessions/history", params={"session_type": "roleplay", **query})
    return History.model_validate_json(answer.content)


def stats() -> Stats:
    return Stats.model_validate_json(client.get("/api/sessions/stats").content)


run(save, save_two, history, stats)
