"""Sessions as statements of xAPI 1.0.3. tests/external/test_lrs.py sends them to learning record stores."""

from typing import Any

import orjson
import pytest

from tests.factories import Learner, token
from tests.privacy.test_export import EXPORT, download, fill
from tests.privacy.test_operator import run
from tests.privacy.xapi_shapes import SCORES, SHAPES, STATEMENT
from vorex_sessions import create_app, xapi

HOME = "http://localhost"


def statements(learner: Learner, query: str = "") -> list[dict[str, Any]]:
    response = learner.request("GET", f"{EXPORT}?format=xapi{query}")
    assert response.status_code == 200
    return [orjson.loads(line) for line in response.data.splitlines()]


def extension(statement: dict[str, Any], part: str, name: str) -> Any:
    return statement[part]["extensions"].get(f"{HOME}/xapi/extensions/{name}")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_session_of_every_shape_is_a_statement(learner: Learner, shape: str) -> None:
    learner.save(**SHAPES[shape])
    (statement,) = statements(learner)
    STATEMENT.validate(statement)


def test_a_statement_says_who_practised_what_when_and_how_well(learner: Learner) -> None:
    saved = learner.save(
        **SCORES,
        duration_seconds=598,
        words_spoken=120,
        topics=["travel"],
        language="pt-BR",
        metadata={"scenario_id": "hotel check-in"},
        completed_at="2026-03-01T18:30:00.123456+01:00",
        timezone="Europe/Berlin",
    )
    (statement,) = statements(learner)
    assert statement["actor"]["account"] == {"homePage": HOME, "name": learner.id}
    assert statement["verb"]["id"] == "http://adlnet.gov/expapi/verbs/completed"
    assert statement["object"]["id"] == f"{HOME}/xapi/activities/conversation"
    assert statement["timestamp"] == "2026-03-01T18:30:00.123456+01:00"
    result, context = statement["result"], statement["context"]
    assert (result["completion"], result["duration"]) == (True, "PT598S")
    assert result["score"] == {"scaled": 0.848, "raw": 84.8, "min": 0, "max": 100}
    assert extension(statement, "result", "scores") == {
        name.removesuffix("_score"): score for name, score in SCORES.items()
    }
    assert extension(statement, "result", "words_spoken") == 120
    assert context["language"] == "pt-BR"
    assert context["contextActivities"] == {
        "grouping": [{"objectType": "Activity", "id": f"{HOME}/xapi/scenarios/hotel%20check-in"}]
    }
    for name in ("session_result_id", "version", "timezone", "practiced_on", "topics", "metadata"):
        assert extension(statement, "context", name) == saved[name]


def test_what_was_not_measured_and_what_is_empty_is_left_out(learner: Learner) -> None:
    learner.save()
    (statement,) = statements(learner)
    assert "score" not in statement["result"]
    assert "contextActivities" not in statement["context"]
    assert list(statement["result"]["extensions"]) == [f"{HOME}/xapi/extensions/words_spoken"]
    assert extension(statement, "context", "metadata") is None


def test_a_score_of_zero_is_a_score(learner: Learner) -> None:
    learner.save(fluency_score=0)
    (statement,) = statements(learner)
    assert statement["result"]["score"] == {"scaled": 0, "raw": 0, "min": 0, "max": 100}
    assert extension(statement, "result", "scores") == {"fluency": 0}


def test_every_type_has_a_type_of_activity_of_its_own(learner: Learner) -> None:
    for session_type in ("conversation", "pronunciation", "roleplay"):
        learner.save(session_type=session_type)
    types = {
        one["object"]["id"]: one["object"]["definition"]["type"] for one in statements(learner)
    }
    assert types == {
        f"{HOME}/xapi/activities/conversation": "http://id.tincanapi.com/activitytype/tutor-session",
        f"{HOME}/xapi/activities/pronunciation": "http://adlnet.gov/expapi/activities/performance",
        f"{HOME}/xapi/activities/roleplay": "http://adlnet.gov/expapi/activities/simulation",
    }


def test_ids_stay_until_a_session_changes(learner: Learner) -> None:
    kept, changed = learner.save(), learner.save()
    before = {session_of(one): one for one in statements(learner)}
    assert {session_of(one): one for one in statements(learner)} == before
    learner.request(
        "PATCH", f"/api/sessions/{changed['session_result_id']}", json={"words_spoken": 7}
    )
    after = {session_of(one): one for one in statements(learner)}
    assert after[kept["session_result_id"]] == before[kept["session_result_id"]]
    old, new = (when[changed["session_result_id"]] for when in (before, after))
    assert old["id"] != new["id"]
    assert old["context"]["registration"] == new["context"]["registration"]


def session_of(statement: dict[str, Any]) -> str:
    return str(extension(statement, "context", "session_result_id"))


def test_the_same_id_at_two_learners_makes_two_statements(learner: Learner, other: Learner) -> None:
    saved = learner.save()
    other.save(session_result_id=saved["session_result_id"])
    (one,), (another,) = statements(learner), statements(other)
    assert one["id"] != another["id"]
    assert one["context"]["registration"] != another["context"]["registration"]


def test_ids_are_those_of_the_releases_before() -> None:
    """Others would send every session to a learning record store a second time."""
    user_id, session_id = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "12")
    statement_id = xapi.statement_id(user_id, session_id, 17)
    assert statement_id == "18c907b9-12c2-5d1c-840f-1e1b5d1c994e"
    assert xapi.voiding(statement_id, HOME, "")["id"] == "bef3c919-d07c-5496-abee-9a71c35f1dd6"


def test_a_voiding_statement_is_one_of_the_service_and_the_same_each_time(learner: Learner) -> None:
    learner.save()
    (statement,) = statements(learner)
    voiding = xapi.voiding(statement["id"], HOME, "2026-03-01T18:30:00.123456Z")
    STATEMENT.validate(voiding)
    assert voiding["object"] == {"objectType": "StatementRef", "id": statement["id"]}
    assert voiding["verb"]["id"] == "http://adlnet.gov/expapi/verbs/voided"
    assert learner.id not in str(voiding)
    assert voiding == xapi.voiding(statement["id"], HOME, "2026-03-01T18:30:00.123456Z")


def test_statements_are_newest_first_one_a_line_and_may_be_narrowed(learner: Learner) -> None:
    for day in (1, 3, 2):
        learner.save(completed_at=f"2026-01-0{day}T10:00:00Z", language="de" if day > 1 else "en")
    days = [one["timestamp"][:10] for one in statements(learner)]
    assert days == ["2026-01-03", "2026-01-02", "2026-01-01"]
    assert len(statements(learner, "&language=de")) == 2
    assert len(statements(learner, "&date_to=2026-01-02")) == 2
    assert download(learner, "xapi").endswith(b"}\n")
    assert statements(Learner(learner.app)) == []


def test_more_sessions_than_a_portion_all_have_a_statement(learner: Learner) -> None:
    fill(learner, 1001)
    found = statements(learner)
    assert len({one["id"] for one in found}) == 1001
    assert [session_of(one) for one in found] == [
        session["session_result_id"] for session in learner.get("/export")["sessions"]
    ]


@pytest.mark.parametrize(
    ("named", "home"),
    [
        ({"SUPABASE_URL": "https://abc.supabase.co"}, "https://abc.supabase.co"),
        (
            {"SUPABASE_URL": "https://abc.supabase.co", "XAPI_HOME_PAGE": "https://a.example/b"},
            "https://a.example/b",
        ),
    ],
)
def test_accounts_and_terms_are_under_the_home_page(
    settings: dict, learner: Learner, named: dict[str, str], home: str
) -> None:
    learner.save()
    bearer = token(learner.id, iss="https://abc.supabase.co/auth/v1")
    service = create_app({**settings, **named}).test_client()
    response = service.get(f"{EXPORT}?format=xapi", headers={"Authorization": f"Bearer {bearer}"})
    (statement,) = map(orjson.loads, response.data.splitlines())
    assert statement["actor"]["account"]["homePage"] == home
    assert statement["object"]["id"] == f"{home}/xapi/activities/conversation"
    assert f"{home}/xapi/extensions/words_spoken" in statement["result"]["extensions"]


def test_the_operator_s_command_gives_the_same_statements(learner: Learner) -> None:
    for shape in ("every score", "a role-play"):
        learner.save(**SHAPES[shape])
    assert run(learner.app, "export", learner.id, "--format", "xapi") == (
        download(learner, "xapi").decode()
    )
