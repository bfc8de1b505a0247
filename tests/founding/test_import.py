"""`flask import founding`, whole runs."""

import subprocess
import time
from datetime import UTC, datetime
from uuid import uuid4

import psycopg2
import pytest
import sqlalchemy as sa
from flask import Flask

from tests import postgres
from tests.factories import Learner, sendable
from tests.founding.founding_system import (
    FoundingSystem,
    bring,
    command,
    figures,
    founding_system,
    stored,
)
from tests.serving import ROOT, environment
from vorex_sessions.database import locks
from vorex_sessions.extensions import db


def test_sessions_are_what_their_learner_would_have_saved(
    learner: Learner, old: FoundingSystem
) -> None:
    session = old.add(
        user_id=learner.id,
        words_spoken=120,
        pronunciation_score=85.5,
        grammar_score=None,
        topics=[" Travel", "travel", None, ""],
        vocabulary_learned=["reservation", "x" * 101],
        metadata={"scenario_id": "hotel"},
    )
    status, said = bring(learner.app, old)
    assert status == 0, said
    assert "Brought over 1 session; 0 are there already." in said
    assert "1  vocabulary_learned had entries that no save may have" in said
    assert "1  topics had entries that are no texts; they are dropped" in said
    answer = learner.get(f"/{session}")
    assert sendable(answer) == {
        "session_result_id": session,
        "session_type": "conversation",
        "duration_seconds": 300,
        "words_spoken": 120,
        "pronunciation_score": 85.5,
        "fluency_score": 0.0,
        "grammar_score": None,
        "topics": ["Travel"],
        "vocabulary_learned": ["reservation"],
        "areas_to_improve": [],
        "vocabulary_results": [],
        "skills": [],
        "metadata": {"scenario_id": "hotel"},
        "completed_at": "2025-03-01T23:30:00.000000Z",
        "timezone": "UTC",
        "language": "en",
    }
    assert answer["created_at"] == "2025-03-01T23:30:00.000000Z"
    assert answer["practiced_on"] == "2025-03-01"
    assert answer["version"] == 1


def test_a_phone_that_sends_such_a_session_again_gets_a_replay(
    learner: Learner, old: FoundingSystem
) -> None:
    session = old.add(user_id=learner.id, topics=["Travel"], grammar_score=70)
    assert bring(learner.app, old)[0] == 0
    sent = {
        "session_result_id": session,
        "session_type": "conversation",
        "duration_seconds": 300,
        "pronunciation_score": 0.0,
        "fluency_score": 0.0,
        "grammar_score": 70.0,
        "topics": ["Travel"],
    }
    for body in (sent, sendable(learner.get(f"/{session}"))):
        again = learner.try_save(body)
        assert again.status_code == 200, again.text
        assert again.headers["Idempotency-Replayed"] == "true"
    assert learner.try_save({**sent, "words_spoken": 5}).status_code == 409


def test_what_is_left_out_is_counted_with_its_reason(app: Flask, old: FoundingSystem) -> None:
    old.add()
    old.add(session_type="chat", words_spoken=7)
    old.add(duration_seconds=-5)
    old.add(duration_seconds=2**31 - 1, words_spoken=None)
    for created_at in (None, "1999-01-01", "infinity", "12000-01-01", "0044-03-15 BC"):
        old.add(created_at=created_at)
    old.add(words_spoken=-3, pronunciation_score="NaN", fluency_score=100.5)
    status, said = bring(app, old)
    assert status == 0, said
    assert "Brought over 2 sessions" in said
    assert "1  its session_type 'chat' is unknown; map it: --map-type chat=…" in said
    assert "2  its duration_seconds is negative or over a day" in said
    assert "4  its created_at is before 2000 or in the future" in said
    assert "1  it has no created_at" in said
    assert "1  pronunciation_score was not from 0 to 100" in said
    assert figures(said, "in the founding system") == [10, 2400 - 5 + 2**31 - 1, 4, 10]
    assert figures(said, "left out") == [8, 1800 - 5 + 2**31 - 1, 7]
    assert figures(said, "mended, or changed here") == [0, 0, 3]
    assert figures(said, "to be here") == figures(said, "here") == [2, 600, 0, 2]
    assert len(stored(app)) == 2
    status, said = bring(app, old, "--map-type", "chat=roleplay")
    assert status == 0, said
    assert "Brought over 1 session; 2 are there already." in said
    assert len(stored(app)) == 3


def test_user_ids_that_are_no_uuids(app: Flask, worker_id: str) -> None:
    with founding_system(f"vorex_founding_{worker_id}", user_id="text") as old:
        old.add(user_id="anna")
        old.add(user_id=str(uuid4()).upper())
        status, said = bring(app, old)
    assert status == 0, said
    assert "1  its user_id is not a UUID" in said
    assert "Brought over 1 session" in said


def test_a_dry_run_says_the_same_and_stores_nothing(app: Flask, old: FoundingSystem) -> None:
    old.fill(2_500, 20)
    old.add(session_type="chat")
    status, said = bring(app, old, "--dry-run")
    assert status == 0, said
    assert said.startswith("Would bring over 2,500 sessions; 0 are there already.")
    assert stored(app) == []
    status, done = bring(app, old)
    assert status == 0, done
    middle = slice(1, -2)  # between what was done and what is here
    assert said.splitlines()[1:] == done.splitlines()[middle]


def test_to_repeat_it_has_no_effect(app: Flask, old: FoundingSystem) -> None:
    old.fill(2_500, 20)
    assert bring(app, old)[0] == 0
    first = stored(app)
    assert len(first) == 2_500
    status, said = bring(app, old)
    assert status == 0, said
    assert "Brought over 0 sessions; 2,500 are there already." in said
    assert stored(app) == first


def test_what_was_deleted_or_erased_here_stays_away(
    app: Flask, learner: Learner, other: Learner, old: FoundingSystem
) -> None:
    deleted, kept = old.add(user_id=learner.id), old.add(user_id=learner.id)
    erased = old.add(user_id=other.id)
    assert bring(app, old)[0] == 0
    assert learner.request("DELETE", f"/api/sessions/{deleted}").status_code == 204
    assert other.request("DELETE", "/api/sessions?confirm=true").status_code == 200
    never_here = old.add(user_id=other.id)
    for options in (["--dry-run"], []):
        status, said = bring(app, old, *options)
        assert status == 0, said
        assert "3  it was deleted here, or its learner's data was erased" in said
        assert " 0 sessions; 1 is there already." in said
    assert [row[1] for row in stored(app)] == [kept]
    assert {erased, never_here}.isdisjoint(row[1] for row in stored(app))


def test_what_a_learner_has_corrected_here_stays_so_and_is_said(
    learner: Learner, old: FoundingSystem
) -> None:
    session = old.add(user_id=learner.id)
    assert bring(learner.app, old)[0] == 0
    path = f"/api/sessions/{session}"
    assert learner.request("PATCH", path, json={"duration_seconds": 400}).status_code == 200
    status, said = bring(learner.app, old)
    assert status == 0, said
    assert "1 of these have another duration here, and stay as they are." in said
    assert figures(said, "mended, or changed here") == [0, 100, 0]
    assert learner.get(f"/{session}")["duration_seconds"] == 400


def test_devices_hear_of_it_and_what_is_derived_follows(
    learner: Learner, old: FoundingSystem
) -> None:
    today = datetime.now(UTC)
    learner.save(vocabulary_learned=["reservation"], completed_at=today.isoformat())
    before = learner.get("/changes")
    assert learner.get("/vocabulary")["total"] == 1
    old.add(user_id=learner.id, vocabulary_learned=["available"], duration_seconds=600)
    assert bring(learner.app, old)[0] == 0
    changes = learner.get("/changes", since=before["next"])["changes"]
    assert [change["version"] for change in changes] == [2]
    assert learner.get("/vocabulary")["total"] == 2
    assert learner.get("/stats", period="all")["total_sessions"] == 2
    result = learner.app.test_cli_runner().invoke(args=["rebuild"])
    assert result.exit_code == 0
    kept = learner.get("/export", format="json")["totals"]
    assert [one["sessions"] for one in kept] == [2]


def test_days_follow_the_zones_that_are_given_and_when_the_learners_day_starts(
    learner: Learner, old: FoundingSystem
) -> None:
    body = {"day_starts_at": 4}
    assert learner.request("PUT", "/api/sessions/preferences", json=body).status_code == 200
    night = old.add(user_id=learner.id, created_at="2025-03-01 18:30:00")
    options = ("--timezone", "UTC", "--learner-timezone", "asia/tokyo")
    assert bring(learner.app, old, *options)[0] == 0
    session = learner.get(f"/{night}")
    assert session["completed_at"] == "2025-03-01T18:30:00.000000Z"
    assert session["timezone"] == "Asia/Tokyo"
    assert session["practiced_on"] == "2025-03-01"  # 3:30 on the 2nd in Tokyo


def test_zero_scores_count_as_not_measured_where_that_is_asked(
    learner: Learner, old: FoundingSystem
) -> None:
    session = old.add(user_id=learner.id, grammar_score=80)
    assert bring(learner.app, old, "--zero-scores", "null")[0] == 0
    answer = learner.get(f"/{session}")
    assert (answer["fluency_score"], answer["grammar_score"]) == (None, 80.0)
    assert learner.get("/stats", period="all")["avg_fluency"] == 0.0
    assert learner.get("/stats", period="all")["scored_sessions"]["fluency"] == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--table", "no_such_table"], "there is no table no_such_table; name it with --table"),
        (["--table", "users"], "the table users lacks session_type, duration_seconds, created_at"),
        (["--map-type", "chat=talk"], "with new one of conversation, pronunciation, roleplay"),
        (["--timezone", "Berlin"], "'Berlin' is no time zone"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    app: Flask, old: FoundingSystem, options: list[str], said: str
) -> None:
    old.execute("CREATE TABLE users (id uuid, user_id uuid)")
    status, output = bring(app, old, *options)
    assert status != 0
    assert said in output
    assert "Traceback" not in output


def test_our_own_table_is_no_founding_system(
    app: Flask, old: FoundingSystem, database_url: str
) -> None:
    old.url = database_url
    status, said = bring(app, old)
    assert status == 1
    assert "is this service's own; name the founding system's with --table" in said
    old.url = "postgresql://user:ssW0rt@127.0.0.1:1/nothing"
    status, said = bring(app, old)
    assert status == 1
    assert said.startswith("Error: The founding system cannot be read: ")
    assert "W0rt" not in said
    old.url = "postgresql://user:p@ssW0rt@127.0.0.1:1/nothing"
    status, said = bring(app, old)
    assert status == 1
    assert "its address is unreadable: in user and password write %40 for @" in said
    assert "W0rt" not in said


def test_a_table_of_another_name_and_shape(learner: Learner, old: FoundingSystem) -> None:
    session = str(uuid4())
    old.execute(
        'CREATE SCHEMA app; CREATE TABLE app."Practice" (session_result_id uuid, user_id text,'
        " session_type text, duration_seconds bigint, topics jsonb, created_at timestamptz)"
    )
    old.execute(
        "INSERT INTO app.\"Practice\" VALUES (%s, %s, 'roleplay', 60, %s, '2025-03-01 12:00+02'),"
        " (%s, %s, 'roleplay', 60, 'null', '2025-03-01 12:00+02')",
        *(session, learner.id.upper(), '["Travel", 7]', session, learner.id),
    )
    status, said = bring(learner.app, old, "--table", 'app."Practice"', "--timezone", "Asia/Tokyo")
    assert status == 0, said
    assert learner.get(f"/{session}")["topics"] == ["Travel"]
    assert learner.get(f"/{session}")["completed_at"] == "2025-03-01T10:00:00.000000Z"
    assert learner.count() == 1
    assert "1  its id occurs twice for a learner" in said


def test_rows_that_a_policy_hides_are_not_left_out_without_a_word(
    app: Flask, old: FoundingSystem
) -> None:
    old.add()
    old.execute("ALTER TABLE session_results ENABLE ROW LEVEL SECURITY")
    old.execute("CREATE ROLE reader LOGIN; GRANT SELECT ON session_results TO reader")
    try:
        old.url = old.url.replace("postgres@", "reader@")
        status, said = bring(app, old)
    finally:
        old.url = old.url.replace("reader@", "postgres@")
        old.execute("DROP OWNED BY reader; DROP ROLE reader")
    assert status == 1
    assert "row-level security" in said


def test_sums_that_do_not_agree_are_exit_status_1(app: Flask, old: FoundingSystem) -> None:
    """As where somebody changes what was stored before it is compared."""
    old.add()
    with app.app_context(), postgres.transaction() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN NEW.duration_seconds := 7; RETURN NEW; END $$"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER spoil BEFORE INSERT ON session_results"
            " FOR EACH ROW EXECUTE FUNCTION spoil()"
        )
    try:
        status, said = bring(app, old)
    finally:
        with app.app_context(), postgres.transaction() as connection:
            connection.exec_driver_sql("DROP FUNCTION spoil() CASCADE")
    assert status == 1
    assert figures(said, "to be here")[1] == 300
    assert figures(said, "here")[1] == 7
    assert "Other than it is to be: 1 learner." in said
    assert "The sums do not agree" in said


def test_a_learner_whose_lock_is_taken_is_waited_for(
    app: Flask, old: FoundingSystem, database_url: str
) -> None:
    learner_id = str(uuid4())
    old.add(user_id=learner_id)
    holder = psycopg2.connect(database_url)
    with holder.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (locks.key(learner_id),))
    process = subprocess.Popen(
        command(database_url, old), cwd=ROOT, env=environment(database_url), stdout=subprocess.PIPE
    )
    time.sleep(4)
    assert process.poll() is None
    holder.close()
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"Brought over 1 session" in said


def test_what_is_brought_over_is_told_to_nobody(app: Flask, old: FoundingSystem) -> None:
    """The operator has it already."""
    old.add()
    app.config["EVENTS"] = True
    status, said = bring(app, old)
    app.config["EVENTS"] = False
    assert status == 0, said
    with app.app_context(), db.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM events")).scalar_one() == 0
