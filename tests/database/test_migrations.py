"""The numbered migrations, and the schema that they build."""

import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade

import config
from tests import postgres
from tests.factories import SECRET, Learner
from tests.serving import BIN, ROOT, environment
from vorex_sessions import create_app
from vorex_sessions.database import migrate
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db


@pytest.fixture
def empty(worker_id: str) -> Iterator[Flask]:
    """An app on a database without any table."""
    with postgres.database(f"vorex_empty_{worker_id}") as url:
        app = create_app(config.read({"DATABASE_URL": url, "SUPABASE_JWT_SECRET": SECRET}))
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()


def schema() -> list[tuple[object, ...]]:
    """Return columns, constraints, indexes, triggers, functions and row security of the database."""
    with db.engine.connect() as connection:
        return [
            tuple(row)
            for statement in (
                "SELECT table_name, column_name, data_type, is_nullable, column_default"
                " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
                "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
                " FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
                "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
                "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal",
                "SELECT relname, relrowsecurity FROM pg_class WHERE relkind = 'r'"
                " AND relnamespace = 'public'::regnamespace ORDER BY 1",
                "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
            )
            for row in connection.execute(sa.text(statement))
        ]


def test_up_down_up_ends_where_it_was(empty: Flask) -> None:
    upgrade()
    first = schema()
    downgrade(revision="base")
    assert not [row for row in schema() if "alembic" not in str(row)]
    upgrade()
    assert schema() == first


def flask_db(*command: str, keys: str | None = None) -> tuple[int, str]:
    """Run `flask db` on the current app's database, with what is typed at a terminal, or without one."""
    url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    ours, theirs = pty.openpty()
    if keys is not None:
        os.write(ours, keys.encode())
    try:
        done = subprocess.run(
            [BIN / "flask", "db", *command],
            cwd=ROOT,
            env=environment(url),
            stdin=subprocess.DEVNULL if keys is None else theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    return done.returncode, done.stdout


def tables() -> set[str]:
    with db.engine.connect() as connection:
        return set(sa.inspect(connection).get_table_names())


def test_a_downgrade_that_removes_data_says_so_and_asks(empty: Flask) -> None:
    upgrade()
    Learner(empty).save()
    full = tables()
    status, said = flask_db("downgrade", "base")
    assert status == 1
    assert "removes for good: versions of sessions, unlocked achievements, session results." in said
    assert "flask db -x lose-data=yes downgrade" in said
    assert "Traceback" not in said
    assert tables() == full
    status, said = flask_db("downgrade", "base", keys="n\n")
    assert "Go on? [y/N]" in said
    assert (status, tables()) == (1, full)
    assert "good: versions of sessions." in flask_db("downgrade", "0009_preferences")[1]
    assert flask_db("-x", "lose-data=yes", "downgrade", "0009_preferences")[0] == 0
    assert flask_db("downgrade", "0005_cohorts")[0] == 0  # all of it can be derived again
    assert flask_db("downgrade", "0002_tombstones", keys="y\n")[0] == 0
    assert "session_results" in tables()
    assert "learner_achievements" not in tables()
    assert flask_db("-x", "lose-data=yes", "downgrade", "base")[0] == 0
    assert tables() == {"alembic_version"}


def test_every_migration_says_what_its_downgrade_removes_for_good() -> None:
    for path in (Path(migrate.FOLDER) / "versions").glob("*.py"):
        assert "\nLOSES" in path.read_text(), path.name


def test_models_and_migrations_agree(in_app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


def test_named_rules_of_models_and_migrations_agree(in_app: Flask) -> None:
    with db.engine.connect() as connection:
        stored = {
            row[0]
            for row in connection.execute(
                sa.text(
                    "SELECT conname FROM pg_constraint WHERE contype IN ('c', 'p')"
                    " AND connamespace = 'public'::regnamespace AND conname NOT LIKE 'alembic%'"
                )
            )
        }
    modelled = {
        str(constraint.name)
        for table in db.metadata.sorted_tables
        for constraint in table.constraints
        if not isinstance(constraint, sa.ForeignKeyConstraint)
    }
    assert modelled == stored


def test_a_revisions_id_is_its_files_name() -> None:
    for path in (Path(migrate.FOLDER) / "versions").glob("*.py"):
        assert f'revision = "{path.stem}"\n' in path.read_text()
        assert len(path.stem) <= 32


def test_row_level_security_is_on_everywhere(in_app: Flask) -> None:
    with db.engine.connect() as connection:
        unprotected = connection.scalars(
            sa.text(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND NOT relrowsecurity"
                " AND relnamespace = 'public'::regnamespace"
            )
        ).all()
    assert unprotected == []


def test_another_table_of_the_same_name_stops_the_upgrade_untouched(
    empty: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE session_results (id serial PRIMARY KEY)"))
        connection.execute(sa.text("INSERT INTO session_results DEFAULT VALUES"))
    before = schema()
    with pytest.raises(SystemExit):
        upgrade()
    assert schema() == before
    for way in (
        "flask import founding",
        "DATABASE_SCHEMA=vorex",
        "RENAME TO session_results_before",
    ):
        assert way in caplog.text


def test_two_upgrades_at_once_take_turns(empty: Flask) -> None:
    engine = db.engine.execution_options(isolation_level="READ COMMITTED")
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:l)"), {"l": 0x766F7265780001})
        url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        waiting = psycopg2.connect(url)
        with waiting.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
            with pytest.raises(psycopg2.errors.LockNotAvailable):
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", (0x766F7265780001,))
        waiting.close()
    upgrade()


def test_the_founding_values_cannot_be_stored_past_the_rules(in_app: Flask) -> None:
    good = {
        "user_id": "9b2f4f0e-52b0-4b1c-8b54-0d6c2a1e6a11",
        "session_result_id": "3f0c9f6e-7a41-4c54-9f0b-2f6d5f3f7f10",
        "session_type": "roleplay",
        "duration_seconds": 1,
        "completed_at": "2026-03-01 12:00:00+00",
        "timezone": "UTC",
        "practiced_on": "2026-03-01",
        "fingerprint": b"0" * 16,
    }
    bad = [
        {"session_type": "x"},
        {"duration_seconds": -1},
        {"pronunciation_score": 100.5},
        {"pronunciation_score": float("nan")},
        {"completed_at": "1999-01-01 00:00:00+00", "practiced_on": "1999-01-01"},
        {"practiced_on": "2026-03-03"},
        {"topics": [str(number) for number in range(51)]},
        {"fingerprint": b"0"},
    ]
    for change in bad:
        with pytest.raises(sa.exc.IntegrityError):
            insert({**good, **change})


def insert(row: dict[str, object]) -> None:
    values = ", ".join(f":{name}" for name in row)
    statement = sa.text(f"INSERT INTO session_results ({', '.join(row)}) VALUES ({values})")
    with db.engine.begin() as connection:
        connection.execute(statement, row)


def test_updated_at_follows_every_update(in_app: Flask) -> None:
    with db.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO session_results (user_id, session_result_id, session_type,"
                " duration_seconds, completed_at, timezone, practiced_on, fingerprint, updated_at)"
                " VALUES (gen_random_uuid(), gen_random_uuid(), 'roleplay', 1, '2026-03-01Z', 'UTC',"
                " '2026-03-01', decode(repeat('00', 16), 'hex'), '2026-03-01Z')"
            )
        )
    with db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE session_results SET words_spoken = 5"))
        age = connection.scalar(sa.text("SELECT now() - updated_at FROM session_results"))
    assert 0 <= age.total_seconds() < 60


def test_a_correction_runs_no_trigger_and_never_sets_updated_at_back(empty: Flask) -> None:
    upgrade()
    learner = Learner(empty)
    path = f"/api/sessions/{learner.save()['session_result_id']}"

    def corrected(words: int) -> str:
        answer = learner.request("PATCH", path, json={"words_spoken": words})
        return str(answer.get_json()["updated_at"])

    with db.engine.begin() as connection:
        connection.execute(sa.text("DROP FUNCTION vorex_set_updated_at() CASCADE"))
        connection.execute(sa.text("UPDATE session_results SET updated_at = '2020-01-01Z'"))
    assert corrected(7) > "2026"
    later = "2999-01-01T00:00:00.000000Z"
    with db.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE session_results SET updated_at = :later"), {"later": later}
        )
    assert corrected(8) == later


def test_versions_come_and_go_with_rows_there_and_after_a_kill(empty: Flask) -> None:
    upgrade(revision="0009_preferences")
    insert_old()
    for _ in range(2):
        with db.engine.begin() as connection:  # as far as a killed upgrade may have come
            connection.execute(
                sa.text("ALTER TABLE session_results ADD version bigint NOT NULL DEFAULT 0")
            )
            connection.execute(
                sa.text("CREATE INDEX ix_session_results_version ON session_results (user_id)")
            )
        upgrade()
        with db.engine.connect() as connection:
            assert connection.scalars(sa.text("SELECT version FROM session_results")).all() == [0]
            valid = (
                "SELECT bool_and(indisvalid), count(*) FROM pg_index"
                " WHERE indexrelid::regclass::text LIKE '%version'"
            )
            assert connection.execute(sa.text(valid)).one() == (True, 2)
            assert "session_result_id" in connection.scalar(
                sa.text(
                    "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_session_results_version'"
                )
            )
        downgrade(revision="0009_preferences")
    upgrade()


def insert_old() -> None:
    """Store a session as a release before the versions does."""
    with db.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO session_results (user_id, session_result_id, session_type, duration_seconds,"
                " completed_at, timezone, practiced_on, fingerprint) VALUES (gen_random_uuid(),"
                " gen_random_uuid(), 'roleplay', 1, '2026-03-01Z', 'UTC', '2026-03-01',"
                " decode(repeat('00', 16), 'hex'))"
            )
        )
