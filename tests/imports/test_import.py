"""What an import takes, what it refuses, and what it says of each row."""

import csv
import gzip
import io
from typing import Any
from uuid import uuid4

import orjson
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import Learner, content, pointers
from tests.imports.practice import IMPORT, MEDIA, counts, download, take_back
from tests.postgres import empty_tables, transaction
from vorex_sessions.imports.files import MOST_ROWS
from vorex_sessions.imports.routes import LIMIT
from vorex_sessions.imports.schemas import MOST_NAMED
from vorex_sessions.sessions.restored_schemas import RestoredSessionSchema
from vorex_sessions.sessions.results import NAMES

AT = "2026-02-01T10:00:00Z"


def exported(learner: Learner, **overrides: Any) -> dict[str, Any]:
    """A session as an export has it."""
    own = {"user_id": learner.id, "session_result_id": str(uuid4()), "completed_at": AT}
    times = {"created_at": "2026-02-01T10:00:01.000002Z", "updated_at": "2026-02-02T00:00:00Z"}
    return content(**{**own, **times, "version": 7, **overrides})


def file(*sessions: Any, **members: Any) -> bytes:
    return orjson.dumps({"sessions": sessions, **members})


def lines(*rows: Any) -> bytes:
    return b"\n".join(row if isinstance(row, bytes) else orjson.dumps(row) for row in rows)


def only_problem(answer: dict[str, Any]) -> dict[str, Any]:
    (row,) = answer["results"]
    assert row["status"] == "rejected"
    assert answer["rejected"] == 1
    problem: dict[str, Any] = row["problem"]
    return problem


def post(learner: Learner, body: bytes, content_type: str, **headers: str) -> Any:
    return learner.request(
        "POST", IMPORT, data=body, headers={"Content-Type": content_type, **headers}
    )


def test_every_member_of_an_exported_session_is_known() -> None:
    assert set(RestoredSessionSchema().fields) == set(NAMES)


def test_times_and_day_are_kept_and_the_version_is_new(learner: Learner) -> None:
    learner.save()
    one = exported(learner, practiced_on="2026-01-31", timezone="Europe/Berlin")
    take_back(learner, file(one))
    (stored, _) = sorted(learner.get("/history")["sessions"], key=lambda row: row["completed_at"])
    assert stored["created_at"] == one["created_at"]
    assert stored["updated_at"] == "2026-02-02T00:00:00.000000Z"
    assert stored["practiced_on"] == "2026-01-31"
    changes = learner.get("/changes", since=learner.get("/changes", limit=1)["next"])["changes"]
    assert [change["session_result_id"] for change in changes] == [one["session_result_id"]]
    assert stored["version"] == changes[0]["version"] == 2


def test_without_day_and_times_a_session_gets_those_of_a_save(learner: Learner) -> None:
    learner.request("PUT", "/api/sessions/preferences", json={"day_starts_at": 4})
    one = content(session_result_id=str(uuid4()), completed_at="2026-02-01T02:00:00Z")
    assert counts(take_back(learner, file(one))) == (1, 0, 0)
    saved = learner.save(completed_at="2026-02-01T02:00:00Z")
    (other, _) = sorted(learner.get("/history")["sessions"], key=lambda row: row["created_at"])
    assert other["practiced_on"] == saved["practiced_on"] == "2026-01-31"
    assert other["created_at"] == other["updated_at"] < saved["created_at"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"practiced_on": "2026-02-03"}, "practiced_on"),
        ({"practiced_on": "2026-01-30"}, "practiced_on"),
        ({"practiced_on": "yesterday"}, "practiced_on"),
        ({"created_at": "2999-01-01T00:00:00Z"}, "created_at"),
        ({"created_at": "1999-01-01T00:00:00Z"}, "created_at"),
        ({"updated_at": "2999-01-01T00:00:00Z"}, "updated_at"),
        ({"completed_at": "1999-01-01T00:00:00Z"}, "completed_at"),
        ({"completed_at": "0001-01-01T01:00:00Z", "timezone": "UTC-23:00"}, "completed_at"),
        ({"completed_at": "2999-01-01T00:00:00Z"}, "completed_at"),
        ({"completed_at": None}, "completed_at"),
        ({"session_result_id": None}, "session_result_id"),
        ({"duration_seconds": -1}, "duration_seconds"),
        ({"mood": "good"}, "mood"),
        ({"fingerprint": "00"}, "fingerprint"),
        ({"user_id": str(uuid4())}, "user_id"),
        ({"skills": [{"skill": "past-simple", "score": 1}], "language": "es"}, "skills"),
    ],
)
def test_a_session_that_breaks_a_rule_is_refused_alone(
    learner: Learner, fields: dict, pointer: str
) -> None:
    for dry_run in (True, False):
        good = exported(learner)
        answer = take_back(learner, file(exported(learner, **fields), good), dry_run=dry_run)
        assert [row["status"] for row in answer["results"]] == ["rejected", "created"]
        problem = answer["results"][0]["problem"]
        assert problem["status"] == 422
        assert problem["errors"][0]["pointer"] == f"#/sessions/0/{pointer}"
    assert learner.count() == 1


def test_the_day_of_a_session_is_kept_at_the_edges_of_the_earth(learner: Learner) -> None:
    for zone_name, day in [
        ("UTC-23:59", "2026-01-31"),
        ("UTC+23:59", "2026-02-02"),
        ("Pacific/Kiritimati", "2026-02-01"),
    ]:
        one = exported(learner, timezone=zone_name, practiced_on=day)
        assert counts(take_back(learner, file(one))) == (1, 0, 0)


def test_lines_that_are_no_sessions_are_refused_alone(learner: Learner) -> None:
    one, two = exported(learner), exported(learner)
    junk = [b"{", b"17", b"null", b'"text"', b"\xff", b"[]", b"[" * 100_000, b'{"a": "\x00"}']
    body = lines(one, *junk, b"", b"  \r", two) + b"\r\n"
    answer = take_back(learner, body, "ndjson")
    assert counts(answer) == (2, 0, len(junk))
    assert [row["index"] for row in answer["results"]] == list(range(10))
    assert answer["results"][-1]["status"] == "created"
    assert {row["problem"]["status"] for row in answer["results"][1:-1]} == {400, 422}


def test_a_dry_run_changes_nothing_and_answers_the_same(learner: Learner) -> None:
    kept = learner.save(completed_at=AT, topics=["a"])
    gone = learner.save()
    learner.request("DELETE", f"/api/sessions/{gone['session_result_id']}")
    new, twice = exported(learner), exported(learner)
    body = file(
        *(new, kept, {**kept, "topics": ["b"]}, gone, twice, twice, {**twice, "topics": ["x"]}),
        *(3, exported(learner, session_result_id=str(uuid4()).upper())),
        achievements=[
            {"achievement": "streak_7", "unlocked_at": AT, "session_result_id": str(uuid4())},
            {"achievement": "no_such", "unlocked_at": AT, "session_result_id": str(uuid4())},
        ],
        preferences=[preferences(), preferences(), preferences(week_starts_on="sunday")],
        deleted_sessions=[
            {"session_result_id": name, "deleted_at": AT}
            for name in (str(uuid4()), kept["session_result_id"], gone["session_result_id"])
        ],
    )
    before, version = download(learner), learner.get("/changes")["next"]
    planned = take_back(learner, body, dry_run=True)
    assert orjson.loads(download(learner))["sessions"] == orjson.loads(before)["sessions"]
    assert learner.get("/changes")["next"] == version
    done = take_back(learner, body)
    assert planned == {**done, "dry_run": True}
    assert [row["status"] for row in done["results"]] == [
        *("created", "replayed", "rejected", "rejected"),
        *("created", "replayed", "rejected", "rejected", "created"),
    ]
    assert [(row["member"], row["status"]) for row in done["other_results"]] == [
        *(("deleted_sessions", one) for one in ("created", "rejected", "replayed")),
        *(("preferences", one) for one in ("created", "replayed", "rejected")),
        *(("achievements", one) for one in ("created", "rejected")),
    ]


def preferences(**overrides: Any) -> dict[str, Any]:
    """What was set, as an export has it."""
    return {
        "set_on": "2026-01-05",
        "set_at": "2026-01-05T08:00:00.000000Z",
        "day_starts_at": 3,
        "week_starts_on": "monday",
        "daily_goal_minutes": None,
        "weekly_goal_days": 3,
        "rest_days": ["sunday"],
        "pause_from": None,
        "pause_to": None,
        **overrides,
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"set_on": "2026-01-09"},
        {"set_at": "2999-01-01T00:00:00Z", "set_on": "2999-01-01"},
        {"pause_from": "2026-01-06"},
        {"pause_from": "2026-01-06", "pause_to": "2026-01-05"},
        {"pause_from": "2026-01-06", "pause_to": "2027-02-05"},
        {"rest_days": ["someday"]},
        {"day_starts_at": 7},
        {"mood": 1},
        {"set_on": None},
    ],
)
def test_preferences_that_could_not_have_been_set_are_refused(
    learner: Learner, fields: dict
) -> None:
    answer = take_back(learner, file(preferences=[preferences(**fields), preferences()]))
    assert [row["status"] for row in answer["other_results"]] == ["rejected", "created"]
    assert learner.get("/preferences")["day_starts_at"] == 3


def test_what_is_set_here_stays(learner: Learner) -> None:
    set_now = learner.request("PUT", "/api/sessions/preferences", json={"day_starts_at": 2})
    take_back(learner, file(preferences=[preferences()]))
    assert learner.get("/preferences") == set_now.get_json()
    assert len(learner.get("/export")["preferences"]) == 2


def test_totals_follow_preferences_that_come_without_sessions(learner: Learner) -> None:
    learner.save(completed_at="2026-01-06T10:00:00Z", duration_seconds=600)
    learner.save(completed_at="2026-01-10T10:00:00Z", duration_seconds=600)
    assert learner.get("/streak")["longest"] == 1
    pause = {"pause_from": "2026-01-07", "pause_to": "2026-01-09"}
    take_back(learner, file(preferences=[preferences(**pause)]))
    assert learner.get("/streak")["longest"] == 2


def test_a_deleted_session_stays_deleted(learner: Learner) -> None:
    saved = learner.save()
    export = download(learner)
    learner.request("DELETE", f"/api/sessions/{saved['session_result_id']}")
    for dry_run in (True, False):
        assert only_problem(take_back(learner, export, dry_run=dry_run))["status"] == 410
    assert learner.count() == 0


def test_what_was_erased_stays_erased(learner: Learner) -> None:
    learner.save(vocabulary_learned=["essen"])
    learner.request("PUT", "/api/sessions/preferences", json={"day_starts_at": 2})
    learner.request("PUT", "/api/sessions/comparison", json={"opt_in": True})
    export = download(learner)
    learner.request("DELETE", "/api/sessions?confirm=true")
    after = orjson.loads(download(learner))
    for dry_run in (True, False):
        answer = take_back(learner, export, dry_run=dry_run)
        assert only_problem(answer)["status"] == 410
        assert answer["other_results"]
        assert {row["problem"]["status"] for row in answer["other_results"]} == {410}
    assert orjson.loads(download(learner)) | {"exported_at": after["exported_at"]} == after


def test_nothing_comes_back_into_a_closed_account(app: Flask, learner: Learner) -> None:
    learner.save()
    gone = {"session_result_id": str(uuid4()), "deleted_at": AT}
    with app.app_context(), transaction() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO erased_learners (user_id, erased_at, closed) VALUES (:id, :at, true)"
            ),
            {"id": learner.id, "at": "2000-01-01T00:00:00Z"},
        )
    answer = take_back(
        learner,
        file(exported(learner), preferences=[preferences()], deleted_sessions=[gone]),
    )
    assert only_problem(answer)["status"] == 410
    assert [row["problem"]["status"] for row in answer["other_results"]] == [410, 410]


def test_a_session_that_the_file_itself_says_was_deleted_is_refused(learner: Learner) -> None:
    one = exported(learner)
    gone = {"session_result_id": one["session_result_id"].upper(), "deleted_at": AT}
    for dry_run in (True, False):
        answer = take_back(learner, file(one, deleted_sessions=[gone]), dry_run=dry_run)
        assert only_problem(answer)["status"] == 410
    changes = learner.get("/changes")["changes"]
    assert [change["deleted"] for change in changes] == [True]


def test_an_achievement_whose_session_was_deleted_comes_back(app: Flask, learner: Learner) -> None:
    first = learner.save()
    learner.request("DELETE", f"/api/sessions/{first['session_result_id']}")
    export = download(learner)
    empty_tables(app)
    take_back(learner, export)
    after = orjson.loads(download(learner))
    assert after["achievements"] == orjson.loads(export)["achievements"] != []
    assert learner.get("/achievements")["unlocked"] == len(after["achievements"])


def test_a_file_of_another_learner_is_refused_whole(learner: Learner, other: Learner) -> None:
    other.save()
    response = post(learner, download(other), "application/json")
    assert pointers(response) == ["#/user_id"]
    for file_format in ("ndjson", "csv"):
        problem = only_problem(take_back(learner, download(other, file_format), file_format))
        assert problem["errors"][0]["pointer"] == "#/sessions/0/user_id"
    assert learner.count() == 0


def test_an_import_counts_as_a_write(learner: Learner) -> None:
    response = post(learner, b"{}", MEDIA["json"])
    assert response.headers["RateLimit"].startswith('"writes"')


def test_unknown_parameters_and_other_values_of_dry_run_are_refused(learner: Learner) -> None:
    for query, named in (("dry_run=yes", "dry_run"), ("dry=true", "dry")):
        response = learner.request(
            "POST", f"{IMPORT}?{query}", data=b"{}", headers={"Content-Type": MEDIA["json"]}
        )
        assert pointers(response) == [named]


def test_unknown_members_of_a_file_are_named_and_left_out(learner: Learner) -> None:
    body = file(exported(learner), moods=[1], exported_at=AT, totals=[{"sessions": 99}], words=None)
    answer = take_back(learner, body)
    assert answer["unknown_members"] == ["moods"]
    assert counts(answer) == (1, 0, 0)
    assert learner.get("/export")["totals"][0]["sessions"] == 1


@pytest.mark.parametrize("saved", [{"timezone": "Europe/Berlin"}, {}, {"timezone": "UTC+02:00"}])
@pytest.mark.parametrize("file_format", ["json", "csv"])
def test_a_later_replay_of_the_first_save_is_a_replay(
    app: Flask, learner: Learner, saved: dict, file_format: str
) -> None:
    """Also where the session was corrected after it came back: the fingerprint is that of the save."""
    first = content(
        session_result_id=str(uuid4()), completed_at="2026-02-01T10:00:00+02:00", topics=[], **saved
    )
    learner.try_save(first)
    export = download(learner, file_format)
    empty_tables(app)
    take_back(learner, export, file_format)
    path = f"/api/sessions/{first['session_result_id']}"
    learner.request("PATCH", path, json={"fluency_score": 80})
    again = learner.try_save(first)
    assert again.status_code == 200
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_session_that_was_changed_here_stays_as_it_is(learner: Learner) -> None:
    saved = learner.save(topics=["a"])
    export = download(learner)
    path = f"/api/sessions/{saved['session_result_id']}"
    learner.request("PATCH", path, json={"completed_at": "2026-01-01T00:00:00Z"})
    assert only_problem(take_back(learner, export))["status"] == 409
    assert learner.get(path.removeprefix("/api/sessions"))["completed_at"].startswith("2026-01-01")


def test_parts_of_a_file_come_back_in_any_order(app: Flask, learner: Learner) -> None:
    for day in range(1, 10):
        learner.save(completed_at=f"2026-02-0{day}T10:00:00Z", vocabulary_learned=["essen"])
    export = download(learner, "csv")
    before = orjson.loads(download(learner))
    head, *rows = export.splitlines(keepends=True)
    empty_tables(app)
    for part in (rows[6:], rows[:3], rows[2:7]):
        take_back(learner, head + b"".join(part), "csv")
    after = orjson.loads(download(learner))
    for member in ("words", "totals"):
        assert after[member] == before[member]
    assert [one["session_result_id"] for one in after["sessions"]] == [
        one["session_result_id"] for one in before["sessions"]
    ]


def test_parts_that_begin_with_the_oldest_unlock_as_the_saves_did(
    app: Flask, learner: Learner
) -> None:
    for day in range(1, 10):
        learner.save(completed_at=f"2026-02-0{day}T10:00:00Z")
    rows = download(learner, "ndjson").splitlines()
    before = learner.get("/export")["achievements"]
    empty_tables(app)
    for part in (rows[6:], rows[3:6], rows[:3]):
        take_back(learner, lines(*part), "ndjson")
    assert learner.get("/export")["achievements"] == before


def test_a_body_of_4_mib_is_taken_and_one_byte_more_is_413(learner: Learner) -> None:
    one = exported(learner)
    body = lines(one) + b"\n"
    body += b" " * (LIMIT - len(body))
    assert counts(take_back(learner, body, "ndjson")) == (1, 0, 0)
    assert post(learner, body + b" ", MEDIA["ndjson"]).status_code == 413
    packed = {"Content-Encoding": "gzip"}
    answer = take_back(learner, gzip.compress(body), "ndjson", **packed)
    assert counts(answer) == (0, 1, 0)
    assert post(learner, gzip.compress(body + b" "), MEDIA["ndjson"], **packed).status_code == 413


@pytest.mark.parametrize("file_format", ["json", "ndjson", "csv"])
def test_more_sessions_than_any_export_of_4_mib_has_are_413(
    learner: Learner, file_format: str
) -> None:
    for number, status in ((MOST_ROWS, 200), (MOST_ROWS + 1, 413)):
        body = {
            "json": file(*[1] * number),
            "ndjson": b"1\n" * number,
            "csv": b"session_result_id,session_type,duration_seconds,completed_at\n"
            + b"1\n" * number,
        }[file_format]
        response = post(learner, body, MEDIA[file_format])
        assert response.status_code == status
        if status == 200:
            answer = orjson.loads(response.data)
            assert counts(answer) == (0, 0, MOST_ROWS)
            named = [row for row in answer["results"] if "errors" in row["problem"]]
            assert len(named) in (0, MOST_NAMED)


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{", 400),
        ("application/json", b"[]", 422),
        ("application/json", b'{"sessions": {}}', 422),
        ("application/json", b'{"preferences": 3}', 422),
        ("application/json", b"{}", 200),
        ("application/json", b'{"sessions": null, "preferences": null}', 200),
        ("application/vnd.api+json", b"{}", 200),
        ("text/csv; charset=utf-8; header=present", b"", 422),
        ("text/csv", b"\xff", 400),
        ("text/csv", b'"never ends', 400),
        ("text/csv", b"a,b\r\n1,2\r\n", 422),
        ("application/x-ndjson", b"", 200),
        ("text/plain", b"", 415),
        ("application/xml", b"<a/>", 415),
        ("", b"{}", 415),
    ],
)
def test_what_is_no_file_is_refused_whole(
    learner: Learner, content_type: str, body: bytes, status: int
) -> None:
    assert post(learner, body, content_type).status_code == status


def test_the_cut_row_of_a_csv_file_is_not_taken(app: Flask, learner: Learner) -> None:
    learner.save(topics=["a"], completed_at=AT)
    learner.save(topics=["b"])
    export = download(learner, "csv")
    within_quotes = export[: export.rindex(b'[""a') + 4]
    assert post(learner, within_quotes, MEDIA["csv"]).status_code == 400
    empty_tables(app)
    answer = take_back(learner, export[: export.rindex(b"[]")], "csv")
    assert [row["status"] for row in answer["results"]] == ["created", "rejected"]


def test_a_csv_file_takes_columns_in_any_order_and_names_rows_that_do_not_fit(
    learner: Learner,
) -> None:
    saved = learner.save(topics=["=1"], metadata={"a": 1})
    rows = list(csv.DictReader(io.StringIO(download(learner, "csv").decode(), newline="")))
    text = io.StringIO()
    names = sorted(rows[0])
    writer = csv.writer(text, lineterminator="\n")
    row = [rows[0][name] for name in names]
    writer.writerows([names, row, row[:-1], [*row, ""], [], row])
    body = b"\xef\xbb\xbf" + text.getvalue().encode()
    answer = take_back(learner, body, "csv")
    assert [one["status"] for one in answer["results"]] == [
        *("replayed", "rejected", "rejected", "replayed")
    ]
    assert learner.get(f"/{saved['session_result_id']}") == saved
    broken = body.replace(b",300,", b",much,")
    problem = take_back(learner, broken, "csv")["results"][0]["problem"]
    assert problem["errors"][0]["pointer"] == "#/sessions/0/duration_seconds"
    twice = body.replace(b"words_spoken", b"topics", 1)
    assert post(learner, twice, MEDIA["csv"]).status_code == 422
