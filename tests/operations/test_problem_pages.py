"""The `type` of every problem can be opened."""

from http import HTTPStatus

import pytest
from flask import Flask

from server.refusals import REFUSALS
from tests.factories import Learner
from vorex_sessions.problems.kinds import Problem, slug_of

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def kinds(root: type[Problem] = Problem) -> list[type[Problem]]:
    return [root, *(kind for child in root.__subclasses__() for kind in kinds(child))]


SLUGS = {kind.slug for kind in kinds()} | {refusal.slug for refusal in REFUSALS}


@pytest.mark.parametrize("slug", sorted(SLUGS))
def test_every_problem_type_is_explained(app: Flask, slug: str) -> None:
    for headers in ({}, {"Accept": "application/json"}, {"Accept": "*/*"}):
        answer = app.test_client().get(f"/problems/{slug}", headers=headers)
        assert (answer.status_code, answer.content_type) == (200, "application/json")
        told = answer.get_json()
        assert told["type"] == f"/problems/{slug}"
        assert 400 <= told["status"] <= 599
        assert all(told[name] for name in ("title", "meaning", "advice"))
    page = app.test_client().get(f"/problems/{slug}", headers=BROWSER)
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert told["title"] in page.text
    assert "Accept" in page.headers.getlist("Vary")


@pytest.mark.parametrize("status", [status for status in HTTPStatus if status >= 400])
def test_every_status_that_flask_may_answer_is_explained(app: Flask, status: HTTPStatus) -> None:
    assert app.test_client().get(f"/problems/{slug_of(status)}").status_code == 200


@pytest.mark.parametrize("kind", kinds())
def test_the_explanation_has_title_and_status_of_the_problem(
    app: Flask, kind: type[Problem]
) -> None:
    told = app.test_client().get(f"/problems/{kind.slug}").get_json()
    assert (told["title"], told["status"]) == (kind.title, int(kind.status))


@pytest.mark.parametrize("name", ["nothing", "Invalid", "%00", "x" * 1000])
def test_another_name_is_404(app: Flask, name: str) -> None:
    assert app.test_client().get(f"/problems/{name}", headers=BROWSER).status_code == 404


def test_what_was_answered_can_be_opened(learner: Learner) -> None:
    answers = [
        learner.request("GET", "/nothing"),
        learner.request("PUT", "/api/sessions/save"),
        learner.request("POST", "/api/sessions/save", json={}),
        learner.post_raw(b"{"),
        learner.client.get("/docs/assets/favicon-32x32.png", headers={"Range": "bytes=9999-"}),
    ]
    for answer in answers:
        assert answer.status_code >= 400
        assert learner.client.get(answer.get_json()["type"]).status_code == 200
