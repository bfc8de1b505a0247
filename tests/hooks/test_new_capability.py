"""A capability is added by its folder, its table and one word: the tuple of capabilities."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.contract import document
from tests.factories import Learner
from tests.hooks import stickers
from tests.hooks.stickers.table import learner_stickers
from vorex_sessions import create_app
from vorex_sessions.capabilities import CAPABILITIES
from vorex_sessions.extensions import db
from vorex_sessions.hooks.rebuild import rebuild
from vorex_sessions.hooks.registry import Capability


@pytest.fixture
def with_stickers(app: Flask, settings: dict) -> Iterator[Flask]:
    extended = create_app(settings, (*CAPABILITIES, stickers.CAPABILITY))
    with extended.app_context(), db.engine.connect() as connection:
        learner_stickers.create(connection)
    yield extended
    with extended.app_context():
        with db.engine.connect() as connection:
            learner_stickers.drop(connection)
        db.engine.dispose()


def test_it_stores_answers_exports_suggests_and_is_erased(with_stickers: Flask) -> None:
    learner, other = Learner(with_stickers), Learner(with_stickers)
    assert learner.save_answer(topics=["travel", "food"])["new_stickers"] == ["travel", "food"]
    assert learner.save_answer(topics=["travel"])["new_stickers"] == []
    other.save(topics=["work"])
    assert learner.get("/stickers") == {"total": 2}
    assert learner.get("/warmup")["favourite_topic"] == "travel"
    assert learner.get("/overview", include="stickers")["stickers"] == {"total": 2}
    assert learner.get("/export")["stickers"] == [
        {"topic": "food", "sessions": 1},
        {"topic": "travel", "sessions": 2},
    ]
    learner.request("DELETE", "/api/sessions?confirm=true")
    assert learner.get("/export")["stickers"] == []
    assert other.get("/stickers") == {"total": 1}


def test_it_follows_deletions_and_corrections_and_is_rebuilt(with_stickers: Flask) -> None:
    learner = Learner(with_stickers)
    first, second = learner.save(topics=["travel"]), learner.save(topics=["food"])
    learner.request("DELETE", f"/api/sessions/{first['session_result_id']}")
    assert learner.get("/stickers") == {"total": 1}
    path = f"/api/sessions/{second['session_result_id']}"
    learner.request("PATCH", path, json={"topics": ["work", "sport"]})
    assert "travel" not in str(learner.get("/export")["stickers"])
    assert learner.get("/stickers") == {"total": 2}
    assert [row["topic"] for row in learner.get("/export")["stickers"]] == ["sport", "work"]
    with with_stickers.app_context():
        with db.engine.connect() as connection:
            connection.execute(sa.delete(learner_stickers))
        rebuild(learner.id, everything=True)
    assert learner.get("/stickers") == {"total": 2}


def test_a_change_of_what_it_is_not_derived_from_leaves_it_alone(with_stickers: Flask) -> None:
    learner = Learner(with_stickers)
    path = f"/api/sessions/{learner.save(topics=['travel'])['session_result_id']}"
    learner.request("PATCH", path, json={"words_spoken": 7})
    assert len(learner.get("/export")["stickers"]) == 1


def test_it_is_documented_with_what_it_adds_to_older_answers(with_stickers: Flask) -> None:
    spec = document(with_stickers)
    schemas = spec["components"]["schemas"]
    assert "/api/sessions/stickers" in spec["paths"]
    assert "new_stickers" in schemas["Saved"]["required"]
    assert "favourite_topic" in schemas["Warmup"]["properties"]
    assert "stickers" in schemas["Overview"]["properties"]
    assert "stickers" in schemas["OverviewPart"]["enum"]
    assert schemas["LearnerExport"]["properties"]["stickers"]["type"] == "array"


def test_members_of_an_answer_that_nobody_gives_are_refused_by_name(settings: dict) -> None:
    lost = Capability(answer_schemas={"Nothing": stickers.SaveExtrasSchema})
    with pytest.raises(ValueError, match="Nothing"):
        create_app(settings, (*CAPABILITIES, lost))
