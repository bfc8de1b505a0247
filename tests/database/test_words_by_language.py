"""0008_words_by_language: existing rows get a language, beside running saves and after a kill."""

import threading
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade

import config
from tests import postgres
from tests.factories import SECRET, Learner
from tests.timing import tries
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db

BEFORE = "0007_languages"
THIS = "0008_words_by_language"
WORD = "INSERT INTO learner_words (user_id, word) VALUES (gen_random_uuid(), 'Gift') ON CONFLICT DO NOTHING"


@pytest.fixture
def upgraded(worker_id: str) -> Iterator[Flask]:
    """An app on the schema before, whose default language is German."""
    with postgres.database(f"vorex_words_{worker_id}") as url:
        settings = {
            "DATABASE_URL": url,
            "SUPABASE_JWT_SECRET": SECRET,
            "DEFAULT_LANGUAGE": "de",
            "DB_POOL_SIZE": "1",
        }
        app = create_app(config.read(settings))
        with app.app_context():
            upgrade(revision=BEFORE)
            yield app
            db.session.remove()
            db.engine.dispose()


def execute(statement: str, **parameters: object) -> list[tuple]:
    with db.engine.connect() as connection:
        result = connection.execute(sa.text(statement), parameters)
        return [tuple(row) for row in result] if result.returns_rows else []


def primary_key(table: str) -> list[tuple]:
    return execute(
        "SELECT pg_get_constraintdef(oid), convalidated FROM pg_constraint"
        " WHERE contype = 'p' AND conrelid = CAST(:one AS regclass)",
        one=table,
    )


def test_rows_that_are_there_have_the_language_of_their_sessions(upgraded: Flask) -> None:
    execute(WORD)
    execute(
        "INSERT INTO learner_skills VALUES (gen_random_uuid(), 'past-simple', 0.5, 1, 1, now())"
    )
    upgrade(revision=THIS)
    assert execute("SELECT language, word FROM learner_words") == [("de", "Gift")]
    assert execute("SELECT * FROM learner_skills") == []  # German has no graph
    key = [("PRIMARY KEY (user_id, language, word)", True)]
    assert primary_key("learner_words") == key == primary_key("learner_memories")


@pytest.mark.parametrize("swapped", [False, True], ids=["while building", "after the swap"])
def test_an_upgrade_that_was_killed_is_run_again(upgraded: Flask, swapped: bool) -> None:
    execute(WORD)
    if swapped:
        upgrade(revision=THIS)
        execute("UPDATE alembic_version SET version_num = :before", before=BEFORE)
    else:
        execute("ALTER TABLE learner_words ADD COLUMN language text NOT NULL DEFAULT 'de'")
        execute("CREATE INDEX pk_learner_words_new ON learner_words (word)")  # of no use
    upgrade(revision=THIS)
    assert execute("SELECT language, word FROM learner_words") == [("de", "Gift")]
    assert primary_key("learner_words") == [("PRIMARY KEY (user_id, language, word)", True)]
    assert execute("SELECT indexrelid FROM pg_index WHERE NOT indisvalid") == []


def test_saves_wait_for_a_moment_only_while_somebody_reads_the_table(upgraded: Flask) -> None:
    """A long read, as of an export, holds up the upgrade, which must not hold up those that come after it."""
    for attempt in tries():
        downgrade(revision=BEFORE)
        attempt.check(longest_save_beside_a_read_and_the_upgrade(), 1)
        assert primary_key("learner_words") == [("PRIMARY KEY (user_id, language, word)", True)]


def longest_save_beside_a_read_and_the_upgrade() -> float:
    execute(WORD)
    url = db.engine.url
    reader, writer = (sa.create_engine(url) for _ in range(2))
    waits = []

    def read() -> None:
        with reader.begin() as connection:
            connection.execute(sa.text("SELECT count(*) FROM learner_words"))
            time.sleep(3)

    def write() -> None:
        until = time.monotonic() + 4
        while time.monotonic() < until:
            started = time.monotonic()
            with writer.begin() as connection:
                connection.execute(sa.text(WORD))
            waits.append(time.monotonic() - started)

    threads = [threading.Thread(target=work) for work in (read, write)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    upgrade(revision=THIS)
    for thread in threads:
        thread.join()
    reader.dispose()
    writer.dispose()
    return max(waits)


def test_a_downgrade_leaves_one_language_and_what_must_be_derived_again(upgraded: Flask) -> None:
    upgrade()
    both, one, no_words = Learner(upgraded), Learner(upgraded, str(uuid4())), Learner(upgraded)
    both.save(language="en", vocabulary_learned=["Gift"])
    both.save(language="de", vocabulary_learned=["Gift"])
    one.save(vocabulary_learned=["Haus"], areas_to_improve=["past tense"])
    no_words.save(language="fr", areas_to_improve=["past tense"])
    assert len(both.get("/vocabulary")["words"]) == 2
    downgrade(revision=BEFORE, x_arg=["lose-data=yes"])  # of versions
    assert execute("SELECT word FROM learner_words ORDER BY word") == [("Gift",), ("Haus",)]
    marks = "SELECT user_id, counted, derived_version > 0 FROM learner_totals"
    assert {str(row[0]): row[1:] for row in execute(marks)} == {
        both.id: (False, False),
        one.id: (True, False),  # its skills
        no_words.id: (False, False),
    }
    upgrade()
    assert len(both.get("/vocabulary")["words"]) == 2
