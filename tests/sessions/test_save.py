"""Saving one session result."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
import time_machine

from tests.factories import Learner, content, pointers

pytestmark = pytest.mark.one_and_several

FULL = {
    "session_type": "roleplay",
    "duration_seconds": 300,
    "words_spoken": 120,
    "pronunciation_score": 85.5,
    "fluency_score": 78.0,
    "grammar_score": None,
    "topics": ["travel", "hotels"],
    "vocabulary_learned": ["reservation"],
    "areas_to_improve": ["past tense"],
    "metadata": {"scenario_id": "hotel", "nested": {"list": [1, 2.5, None, True, "ü"]}},
    "completed_at": "2026-03-01T23:30:00.123456-05:00",
    "timezone": "America/New_York",
}


def test_a_saved_session_comes_back_whole(learner: Learner) -> None:
    response = learner.try_save(FULL)
    assert response.status_code == 201
    stored = response.get_json()
    assert response.headers["Location"] == f"/api/sessions/{stored['session_result_id']}"
    assert stored["user_id"] == learner.id
    assert stored["completed_at"] == "2026-03-02T04:30:00.123456Z"
    assert stored["practiced_on"] == "2026-03-01"
    expected = {name: value for name, value in FULL.items() if name != "completed_at"}
    assert {name: stored[name] for name in expected} == expected


@time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False)
def test_what_is_left_out_takes_its_default(learner: Learner) -> None:
    stored = learner.save()
    assert stored["words_spoken"] == 0
    assert (
        stored["pronunciation_score"] is stored["fluency_score"] is stored["grammar_score"] is None
    )
    assert stored["topics"] == stored["vocabulary_learned"] == stored["areas_to_improve"] == []
    assert stored["metadata"] == {}
    assert stored["completed_at"] == "2026-03-01T12:00:00.000000Z"
    assert stored["timezone"] == "UTC"


def test_texts_are_tidied_and_repeats_removed(learner: Learner) -> None:
    stored = learner.save(
        topics=["  Cafe\u0301 \t  au lait ", "", "café au LAIT", "straße", "STRASSE", " "],
        areas_to_improve=["Past tense", "past  Tense"],
        vocabulary_learned=["essen", "Essen", "essen "],
    )
    assert stored["topics"] == ["Café au lait", "straße"]
    assert stored["areas_to_improve"] == ["Past tense"]
    assert stored["vocabulary_learned"] == ["essen", "Essen"]


def test_length_counts_after_tidying(learner: Learner) -> None:
    decomposed = "e\u0301" * 200
    assert learner.save(topics=[decomposed])["topics"] == ["é" * 200]


def test_metadata_is_kept_verbatim(learner: Learner) -> None:
    metadata = {
        "text": "  two  spaces, e\u0301 ",
        "largest": 2**63 - 1,
        "least": -(2**63),
        "float": 1e300,
        "tiny": 5e-324,
        "": {"empty": []},
    }
    assert learner.save(metadata=metadata)["metadata"] == metadata


def test_whole_numbers_written_as_floats_are_whole(learner: Learner) -> None:
    response = learner.post_raw(b'{"session_type": "conversation", "duration_seconds": 3e2}')
    assert response.get_json()["duration_seconds"] == 300


def test_limits_themselves_are_accepted(learner: Learner) -> None:
    learner.save(duration_seconds=0, words_spoken=0, pronunciation_score=0, grammar_score=100)
    learner.save(duration_seconds=86_400, words_spoken=100_000)
    learner.save(topics=[f"{number:0200}" for number in range(50)])
    learner.save(vocabulary_learned=[f"{number:0100}" for number in range(500)])
    learner.save(metadata={"x": "y" * (16 * 1024 - len('{"x":""}'))})
    learner.save(metadata={"1": {"2": {"3": {"4": {"5": {"6": {"7": {}}}}}}}})


@pytest.mark.parametrize("session_type", ["conversation", "pronunciation", "roleplay"])
def test_every_type_of_session_can_be_saved(learner: Learner, session_type: str) -> None:
    assert learner.save(session_type=session_type)["session_type"] == session_type


@pytest.mark.parametrize(
    ("place", "overrides"),
    [
        ("session_type", {"session_type": "lecture"}),
        ("session_type", {"session_type": None}),
        ("session_type", {"session_type": ["conversation"]}),
        ("duration_seconds", {"duration_seconds": -1}),
        ("duration_seconds", {"duration_seconds": 86_401}),
        ("duration_seconds", {"duration_seconds": 1.5}),
        ("duration_seconds", {"duration_seconds": "300"}),
        ("duration_seconds", {"duration_seconds": True}),
        ("duration_seconds", {"duration_seconds": None}),
        ("duration_seconds", {"duration_seconds": 10**30}),
        ("words_spoken", {"words_spoken": -1}),
        ("words_spoken", {"words_spoken": 100_001}),
        ("words_spoken", {"words_spoken": "5"}),
        ("words_spoken", {"words_spoken": False}),
        ("pronunciation_score", {"pronunciation_score": -0.1}),
        ("fluency_score", {"fluency_score": 100.1}),
        ("grammar_score", {"grammar_score": "80"}),
        ("grammar_score", {"grammar_score": True}),
        ("topics", {"topics": "travel"}),
        ("topics", {"topics": [f"topic {number}" for number in range(51)]}),
        ("topics/1", {"topics": ["ok", "x" * 201]}),
        ("topics/0", {"topics": [5]}),
        ("topics/0", {"topics": [None]}),
        ("topics/0", {"topics": ["nul \x00"]}),
        ("areas_to_improve/0", {"areas_to_improve": ["x" * 201]}),
        ("areas_to_improve", {"areas_to_improve": [str(number) for number in range(51)]}),
        ("vocabulary_learned/0", {"vocabulary_learned": ["x" * 101]}),
        ("vocabulary_learned", {"vocabulary_learned": [str(number) for number in range(501)]}),
        ("metadata", {"metadata": []}),
        ("metadata", {"metadata": {"x": "y" * 16 * 1024}}),
        ("metadata", {"metadata": {"x": "ü" * 8 * 1024}}),
        ("metadata", {"metadata": {"1": {"2": {"3": {"4": {"5": {"6": {"7": {"8": {}}}}}}}}}}),
        ("metadata", {"metadata": {"1": [[[[[[[[]]]]]]]]}}),
        ("metadata", {"metadata": {"x": ["nul \x00"]}}),
        ("metadata", {"metadata": {"nul \x00": 1}}),
        ("metadata", {"metadata": {"x": 2**63}}),
        ("completed_at", {"completed_at": "yesterday"}),
        ("completed_at", {"completed_at": "2026-03-01"}),
        ("completed_at", {"completed_at": "2026-03-01T12:00:00"}),
        ("completed_at", {"completed_at": "2026-02-30T12:00:00Z"}),
        ("completed_at", {"completed_at": "2026-03-01T24:00:00Z"}),
        ("completed_at", {"completed_at": "2026-03-01T12:00:00+24:00"}),
        ("completed_at", {"completed_at": "0001-01-01T00:00:00+10:00"}),
        ("completed_at", {"completed_at": "9999-12-31T23:59:59-10:00"}),
        ("completed_at", {"completed_at": 1772366400}),
        ("completed_at", {"completed_at": "1999-12-31T23:59:59Z"}),
        ("timezone", {"timezone": "Mars/Olympus"}),
        ("timezone", {"timezone": "../etc/passwd"}),
        ("timezone", {"timezone": "UTC+2"}),
        ("timezone", {"timezone": "UTC+24:00"}),
        ("timezone", {"timezone": "UTC 02:00"}),
        ("timezone", {"timezone": ""}),
        ("timezone", {"timezone": 2}),
        ("timezone", {"timezone": ["UTC"]}),
        ("user_id", {"user_id": "9b2f4f0e-52b0-4b1c-8b54-0d6c2a1e6a11"}),
        ("practiced_on", {"practiced_on": "2026-03-01"}),
        ("created_at", {"created_at": "2026-03-01T12:00:00Z"}),
        ("updated_at", {"updated_at": "2026-03-01T12:00:00Z"}),
        ("topic", {"topic": ["travel"]}),
        ("a~1b~0c%20%22", {'a/b~c "': 1}),
    ],
)
def test_a_broken_rule_is_named_and_nothing_is_stored(
    learner: Learner, place: str, overrides: dict
) -> None:
    assert pointers(learner.try_save(content(**overrides))) == [f"#/{place}"]
    assert learner.count() == 0


@pytest.mark.parametrize("missing", ["session_type", "duration_seconds"])
def test_what_is_required_must_be_there(learner: Learner, missing: str) -> None:
    body = {name: value for name, value in content().items() if name != missing}
    response = learner.try_save(body)
    assert pointers(response) == [f"#/{missing}"]
    assert response.get_json()["detail"] == f"{missing} is required."


@pytest.mark.parametrize("body", [[], "text", 5, None, True])
def test_a_body_that_is_no_object_is_refused(learner: Learner, body: object) -> None:
    assert pointers(learner.try_save(body)) == ["#"]


def test_all_broken_rules_are_told_at_once(learner: Learner) -> None:
    response = learner.try_save({"duration_seconds": -1, "topics": ["x" * 201, 5], "nonsense": 1})
    assert sorted(pointers(response)) == [
        "#/duration_seconds", "#/nonsense", "#/session_type", "#/topics/0", "#/topics/1",
    ]  # fmt: skip
    assert response.get_json()["detail"].endswith("(4 more in `errors`).")


@time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False)
def test_a_clock_that_is_ahead_is_told_the_servers_time(learner: Learner) -> None:
    assert learner.save(completed_at="2026-03-01T12:05:00Z")
    response = learner.try_save(content(completed_at="2026-03-01T12:05:00.000001Z"))
    assert pointers(response) == ["#/completed_at"]
    assert "2026-03-01T12:00:00.000000Z" in response.get_json()["detail"]


def test_the_first_instant_of_2000_is_accepted(learner: Learner) -> None:
    stored = learner.save(completed_at="2000-01-01T00:00:00Z", timezone="America/Los_Angeles")
    assert stored["practiced_on"] == "1999-12-31"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("2026-03-01T12:00:00.1234569Z", "2026-03-01T12:00:00.123456Z"),
        ("2026-03-01t12:00:00z", "2026-03-01T12:00:00.000000Z"),
        ("2026-03-01 12:00:00+00:00", "2026-03-01T12:00:00.000000Z"),
        ("2026-03-01T12:00:00.5+05:45", "2026-03-01T06:15:00.500000Z"),
    ],
)
def test_instants_may_be_written_as_rfc_3339_allows(
    learner: Learner, written: str, stored: str
) -> None:
    assert learner.save(completed_at=written)["completed_at"] == stored


@pytest.mark.parametrize(
    ("completed_at", "zone"),
    [
        ("2026-03-01T12:00:00Z", "UTC"),
        ("2026-03-01T12:00:00-00:00", "UTC"),
        ("2026-03-01T12:00:00+02:00", "UTC+02:00"),
        ("2026-03-01T12:00:00-03:30", "UTC-03:30"),
    ],
)
def test_the_zone_is_by_default_the_offset_of_the_instant(
    learner: Learner, completed_at: str, zone: str
) -> None:
    assert learner.save(completed_at=completed_at)["timezone"] == zone


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("europe/berlin", "Europe/Berlin"),
        ("AMERICA/NEW_YORK", "America/New_York"),
        ("utc", "UTC"),
        ("gmt+05:30", "UTC+05:30"),
        ("GMT-03:00", "UTC-03:00"),
        ("+02:00", "UTC+02:00"),
        ("-00:00", "UTC"),
        ("GMT+00:00", "UTC"),
        ("etc/gmt+5", "Etc/GMT+5"),
    ],
)
def test_a_zone_is_known_in_any_case_and_by_its_offset(
    learner: Learner, written: str, kept: str
) -> None:
    said = content(session_result_id=str(uuid4()), completed_at="2026-03-01T23:30:00Z")
    assert learner.save(**said, timezone=written)["timezone"] == kept
    assert learner.try_save({**said, "timezone": kept}).status_code == 200
    assert learner.get("/stats", timezone=written)["total_sessions"] == 0


@pytest.mark.parametrize("unknown", ["Etc/Unknown", "etc/unknown", None])
def test_a_zone_that_the_phone_does_not_know_is_the_offset(
    learner: Learner, unknown: str | None
) -> None:
    said = {"session_result_id": str(uuid4()), "completed_at": "2026-03-01T23:30:00+02:00"}
    assert learner.save(**said, timezone=unknown)["timezone"] == "UTC+02:00"
    assert learner.try_save(content(**said)).status_code == 200
    assert learner.get("/stats", timezone="Etc/Unknown")
