"""ETag and If-None-Match, on everything that a learner can get."""

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import Learner
from tests.statements import recorded, statements
from tests.web.questions import QUESTIONS, all_questions, days_around, learners_endpoints
from vorex_sessions import create_app
from vorex_sessions.database import run
from vorex_sessions.extensions import db
from vorex_sessions.hooks import freshness
from vorex_sessions.models import USER_ID, session_results
from vorex_sessions.web import conditional

ENDPOINTS = sorted(QUESTIONS)


def ask(learner: Learner, path: str, tag: str | None = None, method: str = "GET") -> TestResponse:
    """Ask, with If-None-Match where a tag is given."""
    return learner.request(method, path, headers={"If-None-Match": tag} if tag else {})


@pytest.fixture
def paths(learner: Learner) -> list[str]:
    """All questions of a learner who has practised."""
    saved = learner.save(
        language="de",
        vocabulary_results=[{"word": "Haus", "outcome": "good"}],
        vocabulary_learned=["Haus"],
        areas_to_improve=["past tense"],
    )
    learner.save(fluency_score=70, timezone="Europe/Berlin")
    since = learner.get("/changes", limit=1)["next"]
    day = saved["practiced_on"]
    return all_questions(id=saved["session_result_id"], since=since, **days_around(day))


def test_no_endpoint_of_a_learner_is_forgotten(app: Flask) -> None:
    assert learners_endpoints(app) == QUESTIONS.keys()


def test_an_answer_that_the_app_has_is_not_sent_again(learner: Learner, paths: list[str]) -> None:
    for path in paths:
        first = ask(learner, path)
        assert first.status_code == 200, (path, first.text)
        again = ask(learner, path, first.headers["ETag"])
        assert (again.status_code, again.data) == (304, b""), path
        assert again.headers["ETag"] == first.headers["ETag"]
        assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"] == "no-store"
        for name in ("RateLimit", "RateLimit-Policy"):
            assert name in again.headers, path
        assert "Content-Type" not in again.headers
        assert again.headers.get("Content-Length") in (None, "0")


def test_tags_are_weak_except_of_a_session(learner: Learner, paths: list[str]) -> None:
    for path in paths:
        tag = ask(learner, path).headers["ETag"]
        assert tag.startswith('W/"') == (path.count("-") < 4 or "?" in path), path


def test_each_question_has_a_tag_of_its_own(
    learner: Learner, other: Learner, paths: list[str]
) -> None:
    weak = [path for path in paths if ask(learner, path).headers["ETag"].startswith("W/")]
    tags = {ask(learner, path).headers["ETag"] for path in weak if "comparison" not in path}
    assert len(tags) == len([path for path in weak if "comparison" not in path])
    for path in weak:
        if "comparison" not in path:
            assert ask(other, path).headers["ETag"] not in tags
            assert ask(other, path, ", ".join(tags)).status_code == 200


def test_how_the_header_may_be_written(learner: Learner, paths: list[str]) -> None:
    for path in paths:
        tag = ask(learner, path).headers["ETag"]
        opaque = tag.removeprefix("W/")
        others = 'W/"else", "1a", W/"AAAAAAAAAAAAAAAA", W/"AAAAAAAAAAAAAAAA.99999999999", "~x"'
        for header in (
            opaque,
            f"W/{opaque}",
            f"{others}, {tag} ,{others}",
            f"{tag},{tag}",
            "*",
        ):
            assert ask(learner, path, header).status_code == 304, (path, header)


GARBAGE = [
    *("", " ", ",", '"', '""', "W/", 'W/"', 'w/"x"', "W/**", "* *", "AAAAAAAAAAAAAAAA", "*, *x"),
    *(
        '"AAAAAAAAAAAAAAAA.x"',
        '"AAAAAAAAAAAAAAAA.-1"',
        '"AAAAAAAAAAAAAAAA.٣"',
        '"AAAAAAAAAAAAAAAA.' + "9" * 40,
    ),
    *(
        "é" * 20,
        "\x7f",
        ", ".join(['W/"AAAAAAAAAAAAAAAA"'] * 90),
        '"' + "A" * 1900,
        "," * 1990,
        "W/" * 990,
    ),
]


@pytest.mark.parametrize("header", GARBAGE, ids=range(len(GARBAGE)))
def test_a_header_that_says_nothing_is_as_none(
    learner: Learner, paths: list[str], header: str
) -> None:
    for path in paths[::4]:
        assert ask(learner, path, header).status_code == 200, path


def test_a_header_that_is_too_long_is_as_none(learner: Learner) -> None:
    tag = ask(learner, "/api/sessions/streak").headers["ETag"]
    for times in (200, 2000):
        answer = ask(learner, "/api/sessions/streak", ", ".join([tag] * times))
        assert answer.status_code == 200


def test_head_is_conditional_too(learner: Learner, paths: list[str]) -> None:
    for path in paths:
        head = ask(learner, path, method="HEAD")
        assert head.status_code == 200, path
        assert ask(learner, path, head.headers["ETag"], method="HEAD").status_code == 304
        assert ask(learner, path, head.headers["ETag"]).status_code == 304, path


def test_problems_have_no_tag(learner: Learner) -> None:
    for path in ("/stats?period=x", "/history?limit=0", "/00000000-0000-4000-8000-000000000001"):
        for header in ("*", 'W/"AAAAAAAAAAAAAAAA"'):
            answer = ask(learner, f"/api/sessions{path}", header)
            assert answer.status_code in (404, 422)
            assert "ETag" not in answer.headers


def test_a_learner_without_any_session_has_tags_too(learner: Learner, other: Learner) -> None:
    made_up = {"id": learner.save()["session_result_id"], "since": learner.get("/changes")["next"]}
    for path in all_questions(**made_up, **days_around("2026-03-01")):
        first = ask(other, path)
        if first.status_code == 404:
            continue
        assert ask(other, path, first.headers["ETag"]).status_code == 304, path
    other.save()
    for path in ("/history", "/languages", "/export", "/stats", "/changes"):
        tag = ask(learner, f"/api/sessions{path}").headers["ETag"]
        assert ask(other, f"/api/sessions{path}", tag).status_code == 200


def test_a_304_costs_one_statement_and_an_answer_none_more(
    app: Flask, learner: Learner, paths: list[str]
) -> None:
    for path in paths:
        tag = ask(learner, path).headers["ETag"]
        ask(learner, path, tag)
        rests_on_more = any(name in path for name in ("/export", "comparison", "/live"))
        if rests_on_more or not tag.startswith("W/"):
            continue
        with recorded(app) as sent:
            assert ask(learner, path, tag).status_code == 304
        assert (len(sent), len(statements(sent))) == (1, 1), path


def test_another_release_and_another_setting_are_other_answers(
    learner: Learner, paths: list[str], settings: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [path for path in paths if "comparison" not in path]  # a digest of the answer
    tags = {path: ask(learner, path).headers["ETag"] for path in paths}
    weak = {path: tag for path, tag in tags.items() if tag.startswith("W/")}
    for change in ({"STREAK_MIN_SECONDS": 7}, {"DEFAULT_LANGUAGE": "fr"}, {"COHORT_MIN_OTHERS": 5}):
        with OtherApp(settings, **change) as app:
            changed = Learner(app, learner.id)
            assert [
                path for path, tag in weak.items() if ask(changed, path, tag).status_code != 200
            ] == []
    monkeypatch.setattr(conditional, "VERSION", "next")
    assert [path for path, tag in weak.items() if ask(learner, path, tag).status_code != 200] == []


def test_an_answer_that_began_before_a_save_has_no_tag_of_after_it(
    app: Flask, learner: Learner
) -> None:
    parameters = {"user_id": learner.id}
    nothing = sa.select(session_results.c.session_result_id).where(
        session_results.c.user_id == USER_ID
    )
    with app.app_context(), freshness.Basis() as basis:
        assert not run(nothing, parameters)
        learner.save()
        run(sa.select(sa.literal_column("1")), parameters)
    assert basis.value is None


def test_a_topic_that_nothing_has_is_looked_up_once(app: Flask, learner: Learner) -> None:
    for topics in ([], ["Food"]):
        learner.save(topics=topics)
        learner.get("/history", topic="nothing")
        with recorded(app) as sent:
            assert learner.get("/history", topic="nothing")["total"] == 0
        assert len(sent) == 2


class OtherApp:
    """An app with other settings, for a block."""

    def __init__(self, settings: dict, **changes: object) -> None:
        self.app = create_app({**settings, **changes})

    def __enter__(self) -> Flask:
        return self.app

    def __exit__(self, *error: object) -> None:
        with self.app.app_context():
            db.engine.dispose()
