"""Every field of a session result, by itself: a new one that is not everywhere yet fails here by its name."""

from typing import Any
from uuid import uuid4

import marshmallow as ma
import pytest
from flask import Flask

from tests.contract import document
from tests.factories import Learner, content, stored
from vorex_sessions.models import session_results
from vorex_sessions.sessions import metadata_field, result_fields, results
from vorex_sessions.sessions.schemas import (
    CorrectionSchema,
    SaveSchema,
    SessionContentSchema,
    SessionResultSchema,
)
from vorex_sessions.web import body_fields

FIELDS: dict[str, ma.fields.Field] = SessionContentSchema().fields
OPTIONAL = sorted(name for name, field in FIELDS.items() if not field.required)
# Their defaults are the moment of the save and the offset of `completed_at`.
OF_THE_MOMENT = {"completed_at", "timezone"}
WITH_DEFAULT = sorted(set(OPTIONAL) - OF_THE_MOMENT)


def too_much(name: str) -> Any:
    """A value beyond the limit of a field."""
    match FIELDS[name]:
        case body_fields.Score():
            return 100.5
        case body_fields.Whole() as field:
            return next(rule.max for rule in field.validators if rule.max is not None) + 1
        case body_fields.Texts() as field:
            return ["x" * (field.length + 1)]
        case result_fields.Outcomes() as field:
            return [{"word": "x", "outcome": "good"}] * (field.most + 1)
        case result_fields.SkillScores() as field:
            return [{"skill": "rhythm", "score": 1}] * (field.most + 1)
        case metadata_field.Metadata() as field:
            return {"x": "y" * field.LARGEST}
        case body_fields.Choice():
            return "another"
        case body_fields.Instant():
            return "1999-12-31T23:59:59Z"
        case body_fields.Zone():
            return "Mars/Olympus"
        case body_fields.Language():
            return "en-" + "x" * 40
    pytest.fail(f"{name}: say here what is beyond its limit")


def with_nul(name: str) -> Any:
    """A value that holds a NUL, which PostgreSQL cannot store."""
    match FIELDS[name]:
        case body_fields.Score() | body_fields.Whole():
            return "1\0"
        case body_fields.Texts():
            return ["a\0b"]
        case result_fields.Outcomes():
            return [{"word": "a\0b", "outcome": "good"}]
        case result_fields.SkillScores():
            return [{"skill": "a\0b", "score": 1}]
        case metadata_field.Metadata():
            return {"a": "\0"}
        case (
            body_fields.Choice()
            | body_fields.Instant()
            | body_fields.Zone()
            | body_fields.Language()
        ):
            return "a\0b"
    pytest.fail(f"{name}: say here how it could hold a NUL")


def refused(learner: Learner, name: str, value: Any) -> None:
    answer = learner.try_save({**content(), name: value})
    assert answer.status_code == 422, name
    assert answer.get_json()["errors"][0]["pointer"].startswith(f"#/{name}")
    assert learner.count() == 0


def test_what_a_client_may_say_is_what_the_table_has_columns_for() -> None:
    columns = {column.name for column in results.CONTENT}
    assert columns == set(FIELDS), (
        f"only the model or SessionContentSchema has {columns ^ set(FIELDS)}"
    )
    assert set(SaveSchema().fields) == columns | {"session_result_id"}
    assert set(CorrectionSchema().fields) == columns


def test_a_field_takes_null_where_its_column_does() -> None:
    for column in results.CONTENT:
        field = FIELDS[column.name]
        assert not column.nullable or field.allow_none, f"{column.name}: allow_none=True is missing"


def test_the_answer_has_a_field_for_every_column_that_is_shown() -> None:
    assert set(SessionResultSchema().fields) == set(results.NAMES)
    assert set(session_results.c.keys()) == {*results.NAMES, "fingerprint"}


def test_an_optional_field_has_a_default_in_the_table() -> None:
    optional = set(WITH_DEFAULT)
    assert set(results.DEFAULTS) == optional, (
        "give the column a server_default, or make it nullable, where the field is optional; require the "
        f"field where not: {set(results.DEFAULTS) ^ optional}"
    )


@pytest.mark.parametrize("name", WITH_DEFAULT)
def test_left_out_a_field_is_its_default_and_the_default_is_the_same_content(
    learner: Learner, name: str
) -> None:
    said = content(session_result_id=str(uuid4()), completed_at="2026-03-01T17:30:00Z")
    first = learner.try_save(said)
    assert (first.status_code, first.get_json()[name]) == (201, results.DEFAULTS[name])
    again = learner.try_save({**said, name: results.DEFAULTS[name]})
    assert again.status_code == 200
    assert stored(again.get_json()) == stored(first.get_json())


@pytest.mark.parametrize("name", OPTIONAL)
def test_null_is_the_same_as_left_out(learner: Learner, name: str) -> None:
    said = content(session_result_id=str(uuid4()))
    first = learner.try_save(said)
    again = learner.try_save({**said, name: None})
    assert (first.status_code, again.status_code) == (201, 200)
    assert stored(again.get_json()) == stored(first.get_json())
    batch = learner.request(
        "POST", "/api/sessions/batch", json={"sessions": [{**said, name: None}]}
    )
    assert batch.get_json()["replayed"] == 1


@pytest.mark.parametrize("name", WITH_DEFAULT)
def test_null_resets_a_field_to_its_default(learner: Learner, name: str) -> None:
    saved = learner.save(**{name: FIELDS[name].metadata["example"]})
    path = f"/api/sessions/{saved['session_result_id']}"
    reset = learner.request("PATCH", path, json={name: None}).get_json()
    assert reset[name] == results.DEFAULTS[name] != saved[name]


@pytest.mark.parametrize("name", sorted(set(FIELDS) - set(OPTIONAL)))
def test_null_is_no_value_of_a_required_field(learner: Learner, name: str) -> None:
    refused(learner, name, None)
    saved = learner.save()
    path = f"/api/sessions/{saved['session_result_id']}"
    assert learner.request("PATCH", path, json={name: None}).status_code == 422


def test_the_document_says_which_members_of_a_request_take_null(app: Flask) -> None:
    schemas = document(app)["components"]["schemas"]
    for request in ("Save", "Correction"):
        for name, described in schemas[request]["properties"].items():
            takes_null = "null" in described.get("type", ()) or {"type": "null"} in described.get(
                "oneOf", ()
            )
            assert takes_null == (name not in schemas["Save"]["required"]), name
    in_answers = schemas["SessionResult"]["properties"]
    assert "null" not in in_answers["topics"]["type"]


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_value_beyond_the_limit_is_refused_and_named(learner: Learner, name: str) -> None:
    refused(learner, name, too_much(name))


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_nul_is_refused_and_named(learner: Learner, name: str) -> None:
    refused(learner, name, with_nul(name))


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_field_is_stored_corrected_shown_and_exported(learner: Learner, name: str) -> None:
    example = FIELDS[name].metadata["example"]
    saved = learner.save(**{name: example})
    later = learner.save()
    path = f"/api/sessions/{later['session_result_id']}"
    corrected = learner.request("PATCH", path, json={name: example})
    assert corrected.status_code == 200, corrected.text
    assert (
        corrected.get_json()[name]
        == saved[name]
        == learner.get(path.removeprefix("/api/sessions"))[name]
    )
    exported = learner.get("/export")["sessions"]
    assert [session[name] for session in exported] == [saved[name]] * 2
