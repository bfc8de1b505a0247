"""run and run_transaction: the two ways to the database."""

from contextlib import suppress

import psycopg2
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError

from tests.factories import Learner
from tests.statements import recorded
from vorex_sessions import create_app
from vorex_sessions.database import Transaction, run, run_transaction
from vorex_sessions.database.connection import checkout
from vorex_sessions.extensions import db

_NAME = sa.text("SELECT :name AS name")
_SETTING = sa.text("SELECT set_config('vorex.test', :value, true)")
_READ = sa.text("SELECT current_setting('vorex.test', true) AS value")


def test_a_query_returns_named_tuples(in_app: Flask) -> None:
    assert run(_NAME, {"name": "x"})[0].name == "x"
    assert run(sa.text("SELECT 1 AS one WHERE false")) == []


def test_deferred_statements_travel_with_the_next_one_and_the_end(in_app: Flask) -> None:
    def work(transaction: Transaction) -> str:
        transaction.defer(_SETTING, {"value": "a"})
        found = transaction.run(_READ, {})[0].value
        transaction.defer(_SETTING, {"value": "b"})
        return str(found)

    run(_NAME, {"name": "x"})  # whatever the first connection has to do
    with recorded(in_app) as sent:
        assert run_transaction(work) == "a"
    assert len(sent) == 2
    assert sent[0].startswith("BEGIN;")
    assert sent[1].endswith("COMMIT")


def test_a_transaction_that_is_one_text_takes_one_round_trip(in_app: Flask) -> None:
    def work(transaction: Transaction) -> str:
        transaction.defer(_SETTING, {"value": "a"})
        return str(transaction.finish(_READ, {})[0].value)

    with recorded(in_app) as sent:
        assert run_transaction(work) == "a"
    assert len(sent) == 1
    assert not run(_READ)[0].value  # it was local to the transaction


def test_nothing_is_run_after_the_end(in_app: Flask) -> None:
    def work(transaction: Transaction) -> None:
        transaction.finish(_READ, {})
        transaction.run(_READ, {})

    with pytest.raises(RuntimeError, match="finish"):
        run_transaction(work)


def test_an_error_rolls_everything_back(in_app: Flask, learner: Learner) -> None:
    stored = learner.save()
    delete = sa.text("DELETE FROM session_results")

    def work(transaction: Transaction) -> None:
        transaction.run(delete, {})
        transaction.run(sa.text("SELECT 1 / 0"), {})

    with pytest.raises(DBAPIError):
        run_transaction(work)
    with pytest.raises(KeyError):
        run_transaction(lambda transaction: transaction.run(delete, {}) or {}["nothing"])
    assert learner.get("/history")["sessions"] == [stored]


def test_the_learners_lock_is_held_from_the_first_statement_on(
    in_app: Flask, learner: Learner
) -> None:
    held = sa.text(  # by this connection: others may hold some
        "SELECT count(*) AS locks FROM pg_locks"
        " WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()"
    )

    def work(transaction: Transaction) -> int:
        return int(transaction.run(held, {})[0].locks)

    assert run_transaction(work, learner_id=learner.id) == run_transaction(work) + 1


@pytest.mark.parametrize("statement", ["SELECT 1", "SELECT 1 / 0"])
def test_a_connection_that_is_left_in_a_transaction_is_not_used_again(
    app: Flask, settings: dict, statement: str
) -> None:
    """A transaction that failed would refuse everything of whoever comes next (25P02)."""
    single = create_app({**settings, "DB_POOL_SIZE": 1})
    with single.app_context():
        with checkout(db.engine) as cursor:
            cursor.execute("BEGIN")
            with suppress(psycopg2.Error):
                cursor.execute(statement)
        assert run(_NAME, {"name": "next"})[0].name == "next"
        db.engine.dispose()


def test_a_long_transaction_may_run_longer_than_a_request(in_app: Flask) -> None:
    sleep = sa.text("SELECT pg_sleep(6)")  # the connection's own statement_timeout is 5 s
    run_transaction(lambda transaction: transaction.run(sleep, {}), timeout=20)


@pytest.mark.parametrize("text", ["SELECT ';' AS semicolon", "SELECT 1; SELECT 2"])
def test_a_semicolon_is_refused_with_the_statement(in_app: Flask, text: str) -> None:
    with pytest.raises(ValueError, match=f"One statement at a time.*{text[:10]}"):
        run(sa.text(text))


def test_percent_signs_and_colons_in_texts_arrive(in_app: Flask) -> None:
    literal = sa.text(r"SELECT '100 %' AS share, CAST('12\:30' AS time) AS at, :name AS name")
    row = run(literal, {"name": "50 %; x"})[0]
    assert (row.share, str(row.at), row.name) == ("100 %", "12:30:00", "50 %; x")
