"""The operator: closing learners, erasing from every table, and the commands."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from tests.clock import ago
from tests.cohorts.practising import opt, snapshot
from tests.contract import check_contract
from tests.factories import Learner, content, token
from tests.live.practising import begin
from tests.page.browsers import link_of, opened
from tests.sessions.test_changes import Device
from tests.sharing.test_cards import share
from vorex_sessions import create_app
from vorex_sessions.database import locks
from vorex_sessions.extensions import db
from vorex_sessions.progress import rollups

# Kept for good, lest what was erased comes back, or a device misses the erasure.
TOMBSTONES = {"deleted_sessions", "erased_learners", "learner_versions"}
# What a restored backup brings back of everybody: links that are over, cards that may have been revoked.
FORGOTTEN = {"page_links", "page_sessions", "share_cards"}


def as_operator(app: Flask, method: str, path: str) -> TestResponse:
    key = token(role="service_role", aud=None, iss=None)
    headers = {"Authorization": f"Bearer {key}"}
    response = app.test_client().open(path, method=method, headers=headers)
    check_contract(app, method, path, response)
    return response


def close(learner: Learner) -> TestResponse:
    return as_operator(learner.app, "DELETE", f"/api/admin/learners/{learner.id}")


def run(app: Flask, *arguments: str, stdin: str | bytes | None = None) -> str:
    """Run a `flask privacy` command, which must succeed; return its output."""
    result = app.test_cli_runner().invoke(args=["privacy", *arguments], input=stdin)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_operator_erases_a_learner_and_closes_the_account(
    learner: Learner, other: Learner
) -> None:
    for _ in range(3):
        learner.save()
    other.save()
    answer = close(learner)
    assert (answer.status_code, answer.get_json()) == (200, {"deleted": 3})
    assert close(learner).get_json() == {"deleted": 0}
    late = learner.try_save(content(completed_at=datetime.now(UTC).isoformat()))
    assert late.status_code == 410
    assert "closed" in late.get_json(force=True)["detail"]
    assert learner.count() == 0
    assert other.count() == 1
    other.save()


def test_a_learner_nobody_has_heard_of_is_closed_all_the_same(learner: Learner) -> None:
    assert close(learner).get_json() == {"deleted": 0}
    assert learner.try_save(content()).status_code == 410


def test_only_the_service_key_may_close_a_learner(app: Flask, learner: Learner) -> None:
    path = f"/api/admin/learners/{learner.id}"
    answer = learner.request("DELETE", path)
    assert answer.status_code == 403
    assert "service key" in answer.get_json(force=True)["detail"]
    assert app.test_client().delete(path).status_code == 401
    anon = {"Authorization": f"Bearer {token(role='anon')}"}
    assert app.test_client().delete(path, headers=anon).status_code == 401
    learner.save()


def test_an_id_that_is_no_uuid_is_404_and_other_methods_405(app: Flask) -> None:
    assert as_operator(app, "DELETE", "/api/admin/learners/alice").status_code == 404
    assert as_operator(app, "GET", f"/api/admin/learners/{uuid4()}").status_code == 405


def tables_of_learners(app: Flask) -> list[str]:
    with app.app_context(), db.engine.connect() as connection:
        return list(
            connection.scalars(
                sa.text(
                    "SELECT table_name FROM information_schema.columns WHERE column_name = 'user_id' "
                    "AND table_schema = current_schema() ORDER BY 1"
                )
            )
        )


def rows_of(app: Flask, table: str, learner: Learner) -> int:
    with app.app_context(), db.engine.connect() as connection:
        statement = sa.text(f"SELECT count(*) FROM {table} WHERE user_id = :id")
        return connection.execute(statement, {"id": learner.id}).scalar_one()


@contextmanager
def events_kept(app: Flask) -> Iterator[None]:
    """Let the operator have asked for events."""
    app.config.update(WEBHOOK_URL="https://localhost/", WEBHOOK_SECRETS=[bytes(32)])
    yield
    app.config.update(WEBHOOK_URL=None, WEBHOOK_SECRETS=None)


def fill_every_table(learner: Learner) -> None:
    """Store rows of a learner in every table; a new table needs a line here."""
    learner.save(completed_at="2026-01-01T10:00:00Z")
    learner.request("DELETE", "/api/sessions?confirm=true")
    learner.save(
        vocabulary_learned=["reservation"],
        vocabulary_results=[{"word": "reservation", "outcome": "good"}],
        skills=[{"skill": "past-simple", "score": 80}],
    )
    learner.request("PUT", "/api/sessions/preferences", json={"day_starts_at": 4})
    learner.request("PUT", "/api/sessions/insights/preferences", json={"tone": "friendly"})
    feedback = "/api/sessions/insights/words_due.all~0123456789/feedback"
    learner.request("POST", feedback, json={"verdict": "hide"})
    opt(learner, into=True)
    with events_kept(learner.app):
        learner.save(metadata={"user_level": "B1"})
    snapshot(learner.app, day=1)
    link_of(learner)
    opened(learner)
    share(learner)
    begin(learner, started_at=datetime.now(UTC).isoformat())
    with learner.app.app_context():
        rollups.roll_up(learner.id, datetime.now(UTC) + timedelta(days=30))
    empty = [t for t in tables_of_learners(learner.app) if not rows_of(learner.app, t, learner)]
    assert not empty, (
        f"fill_every_table in tests/privacy/test_operator.py has no line that fills {empty}"
    )


@pytest.mark.parametrize("by", ["the learner", "the operator", "the command"])
def test_an_erasure_leaves_no_row_in_any_table_but_the_tombstones(
    app: Flask, learner: Learner, other: Learner, by: str
) -> None:
    tables = tables_of_learners(app)
    assert set(tables) >= TOMBSTONES | {"session_results"}
    for person in (learner, other):
        fill_every_table(person)
    if by == "the learner":
        learner.request("DELETE", "/api/sessions?confirm=true")
    elif by == "the operator":
        close(learner)
    else:
        run(app, "erase", learner.id)
    for table in tables:
        assert rows_of(app, table, learner) == 0 or table in TOMBSTONES, table
        assert rows_of(app, table, other), table


def test_an_export_has_a_member_for_every_table(app: Flask, learner: Learner) -> None:
    fill_every_table(learner)
    exported = learner.get("/export")
    # A counter tells nothing about the learner; sessions have their versions. Events say of what is exported
    # when it changed, and are gone after some days.
    tables = set(tables_of_learners(app)) - {"learner_versions", "events", "event_queues"}
    stored = sorted(rows_of(app, table, learner) for table in tables)
    lists = [value for value in exported.values() if isinstance(value, list)]
    assert sorted(len(rows) for rows in lists) == stored, (
        "a table is in no `exports` of a Capability, or fill_every_table leaves it empty"
    )


def test_the_erase_command_closes_the_learner_unless_told_otherwise(
    app: Flask, learner: Learner, other: Learner
) -> None:
    learner.save()
    other.save()
    assert run(app, "erase", learner.id) == (
        f"Erased 1 session of learner {learner.id}; nothing more will be saved.\n"
    )
    assert learner.try_save(content()).status_code == 410
    assert run(app, "erase", other.id, "--keep-open") == (
        f"Erased 1 session of learner {other.id}.\n"
    )
    other.save()


@pytest.mark.parametrize("file_format", ["json", "csv", "ndjson"])
def test_the_export_command_writes_what_the_learner_would_get(
    app: Flask, learner: Learner, tmp_path: Path, file_format: str
) -> None:
    learner.save(topics=["travel"])
    target = tmp_path / "export"
    run(app, "export", learner.id, "--format", file_format, "--output", str(target))
    served = learner.request("GET", f"/api/sessions/export?format={file_format}").data
    if file_format == "json":
        written, served = (json.loads(text) for text in (target.read_bytes(), served))
        assert written | {"exported_at": 0} == served | {"exported_at": 0}
    else:
        assert target.read_bytes() == served


def test_commands_take_only_uuids(app: Flask) -> None:
    for command in ("erase", "export"):
        result = app.test_cli_runner().invoke(args=["privacy", command, "alice"])
        assert result.exit_code == 2
        assert "not a valid UUID" in result.output


def test_a_command_without_a_database_says_so_in_one_sentence(settings: dict) -> None:
    address = "postgresql+psycopg2://nobody@127.0.0.1:1/nothing"
    app = create_app({**settings, "DATABASE_URL": address, "SESSION_RETENTION_DAYS": 30})
    for arguments in (["purge"], ["erase", str(uuid4())], ["export", str(uuid4())], ["replay"]):
        result = app.test_cli_runner().invoke(args=["privacy", *arguments])
        assert result.exit_code == 1
        assert result.output.startswith("Error: The database cannot be reached: ")
        assert result.output.count("\n") == 1


def test_after_a_restored_backup_replay_erases_what_had_been_erased(
    app: Flask, learner: Learner, other: Learner, tmp_path: Path
) -> None:
    third = Learner(app)
    for person in (learner, other, third):
        for day in (1, 2):
            person.save(completed_at=f"2026-01-0{day}T10:00:00Z")
    backup = table_rows(app, "session_results")
    deleted = other.get("/history")["sessions"][0]["session_result_id"]
    other.request("DELETE", f"/api/sessions/{deleted}")
    learner.request("DELETE", "/api/sessions?confirm=true")
    after = learner.save()
    close(third)
    kept = tmp_path / "tombstones"
    run(app, "tombstones", "--output", str(kept))
    assert kept.read_bytes().count(b"\n") == 1 + 2 + 2 + 2

    restore(app, backup)  # the sessions from before the deletions, without tombstones
    assert learner.count() == other.count() == third.count() == 2
    assert run(app, "replay", str(kept)) == (
        "Removed 5 sessions of 3 learners that had been deleted or erased before.\n"
    )
    assert (learner.count(), other.count(), third.count()) == (0, 1, 0)
    assert learner.try_save(after_content(after)).status_code == 201
    assert third.try_save(content()).status_code == 410
    assert other.try_save(content(session_result_id=deleted)).status_code == 410
    assert run(app, "replay", "-", stdin=kept.read_bytes()).startswith("Removed 0 sessions")
    assert learner.count() == 1  # what came after the erasure stays


def test_after_a_replay_a_device_gets_what_was_saved_after_an_erasure_in_pages(
    app: Flask, learner: Learner
) -> None:
    learner.save(completed_at=ago(days=2))
    learner.request("DELETE", "/api/sessions?confirm=true")
    saved = {learner.save()["session_result_id"] for _ in range(3)}
    device = Device(learner, limit=1)
    assert device.sync().keys() == saved
    run(app, "replay", "-", stdin=run(app, "tombstones"))
    assert device.sync().keys() == saved
    changes = learner.get("/changes")["changes"]
    assert {one["session_result_id"] for one in changes} == saved  # no tombstones of the erasure


def after_content(session: dict) -> dict:
    return content(
        session_result_id=session["session_result_id"], completed_at=session["completed_at"]
    )


def table_rows(app: Flask, table: str) -> list[dict]:
    with app.app_context(), db.engine.connect() as connection:
        rows = connection.execute(sa.select(db.metadata.tables[table])).mappings()
        return [dict(row) for row in rows]


def restore(app: Flask, backup: list[dict]) -> None:
    with app.app_context(), db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            connection.execute(sa.delete(table))
        connection.execute(sa.insert(db.metadata.tables["session_results"]), backup)


def test_replay_without_a_file_goes_by_the_tombstones_in_the_database(
    app: Flask, learner: Learner
) -> None:
    learner.save(completed_at="2026-01-01T10:00:00Z")
    backup = table_rows(app, "session_results")
    learner.request("DELETE", "/api/sessions?confirm=true")
    with app.app_context(), db.engine.connect() as connection:
        connection.execute(sa.insert(db.metadata.tables["session_results"]), backup)
    assert learner.count() == 1
    assert run(app, "replay").startswith("Removed 1 session of 1 learner")
    assert learner.count() == 0


def test_replay_leaves_no_row_in_any_table_but_the_tombstones(
    app: Flask, learner: Learner, other: Learner
) -> None:
    """The rows of the erased learner; a restored backup has all tables."""
    tables = tables_of_learners(app)
    for person in (learner, other):
        fill_every_table(person)
    backup = {table: table_rows(app, table) for table in tables}
    learner.request("DELETE", "/api/sessions?confirm=true")
    kept = run(app, "tombstones")
    with app.app_context(), db.engine.connect() as connection:
        for table in tables:
            connection.execute(sa.delete(db.metadata.tables[table]))
            connection.execute(sa.insert(db.metadata.tables[table]), backup[table])
    before = {table: rows_of(app, table, other) for table in tables}
    run(app, "replay", "-", stdin=kept)
    for table in tables:
        assert rows_of(app, table, learner) == 0 or table in TOMBSTONES, table
        assert before[table] > 0, table
        assert rows_of(app, table, other) == (0 if table in FORGOTTEN else before[table]), table


def test_a_busy_learner_holds_no_other_up_in_a_replay(
    app: Flask, learner: Learner, other: Learner
) -> None:
    for person in (learner, other):
        person.save(completed_at="2026-01-01T10:00:00Z")
    backup = table_rows(app, "session_results")
    for person in (learner, other):
        person.request("DELETE", "/api/sessions?confirm=true")
    with app.app_context(), db.engine.connect() as holder:
        holder.execute(sa.insert(db.metadata.tables["session_results"]), backup)
        holder.exec_driver_sql("BEGIN")
        lock = sa.text("SELECT pg_advisory_xact_lock(:key)")
        holder.execute(lock, {"key": locks.key(learner.id)})
        result = app.test_cli_runner().invoke(args=["privacy", "replay"])
        assert result.exit_code == 1
        assert "1 learner could not be locked" in result.output
        assert (learner.count(), other.count()) == (1, 0)
        holder.exec_driver_sql("ROLLBACK")
    assert run(app, "replay").startswith("Removed 1 session of 1 learner")


def test_replay_keeps_what_was_saved_after_an_erasure_and_corrected_to_before_it(
    app: Flask, learner: Learner
) -> None:
    """Release 1.0 took such a correction."""
    learner.request("DELETE", "/api/sessions?confirm=true")
    learner.save()
    with app.app_context(), db.engine.begin() as connection:
        moved = "completed_at = '2026-01-01T10:00:00Z', practiced_on = '2026-01-01'"
        connection.exec_driver_sql(f"UPDATE session_results SET {moved}")
    assert run(app, "replay").startswith("Removed 0 sessions")
    assert learner.count() == 1


@pytest.mark.parametrize("line", ["x", "[]", "{}", '{"user_id": 1}'])
def test_replay_refuses_what_are_no_tombstones_and_changes_nothing(
    app: Flask, learner: Learner, line: str
) -> None:
    learner.save(completed_at="2026-01-01T10:00:00Z")
    good = {"user_id": learner.id, "erased_at": "2026-02-01T00:00:00Z", "closed": True}
    text = f"{json.dumps(good)}\n{line}\n"
    result = app.test_cli_runner().invoke(args=["privacy", "replay", "-"], input=text)
    assert result.exit_code == 1
    assert "cannot be used" in result.output
    assert learner.count() == 1
    learner.save()


@pytest.fixture
def thirty_days(app: Flask, settings: dict) -> Flask:
    return create_app({**settings, "SESSION_RETENTION_DAYS": 30})


def test_purge_removes_what_was_completed_too_long_ago_and_only_that(
    thirty_days: Flask, learner: Learner, other: Learner
) -> None:
    for days in (31, 400, 30.01):
        learner.save(completed_at=ago(days))
    kept = learner.save(completed_at=ago(29.99))
    other.save()
    dry = run(thirty_days, "purge", "--dry-run")
    assert dry.startswith("Would remove 3 sessions of 1 learner, completed before ")
    assert learner.count() == 4
    assert run(thirty_days, "purge").startswith("Removed 3 sessions of 1 learner")
    assert learner.get("/history")["sessions"] == [kept]
    assert learner.get("/stats", period="all")["total_sessions"] == 1
    assert other.count() == 1
    assert run(thirty_days, "purge").startswith("Removed 0 sessions of 0 learners")


def test_without_a_setting_everything_is_kept(app: Flask, learner: Learner) -> None:
    learner.save(completed_at="2001-01-01T10:00:00Z")
    assert "not set" in run(app, "purge")
    assert learner.count() == 1
