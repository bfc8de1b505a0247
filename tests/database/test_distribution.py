"""Distributing the tables over several machines, as far as a database of one can tell."""

from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from flask import Flask

import config
from required_settings import require
from tests.postgres import transaction
from vorex_sessions import create_app
from vorex_sessions.database import distribution
from vorex_sessions.extensions import db
from vorex_sessions.hooks.registry import registry


def test_every_table_of_the_models_is_distributed_or_copied(in_app: Flask) -> None:
    tables = {table.name for table in db.metadata.sorted_tables}
    learners, others = distribution.learner_tables(), distribution.reference_tables()
    assert {*learners, *others} == {*tables, "alembic_version"}
    assert not set(learners) & set(others)
    assert learners[0] == distribution.ALONGSIDE
    assert {table.name for table in registry().learner_tables} <= set(learners)


def test_what_is_distributed_has_the_learner_in_every_unique_rule(app: Flask) -> None:
    """Citus can keep no other: it would have to ask every machine."""
    with app.app_context(), transaction() as connection:
        unique = connection.execute(
            sa.text("""
            SELECT CAST(indrelid AS regclass) AS name, indexrelid FROM pg_index
            WHERE indisunique AND CAST(CAST(indrelid AS regclass) AS text) = ANY(:tables)
                AND NOT EXISTS (
                    SELECT FROM pg_attribute WHERE attrelid = indrelid AND attname = 'user_id'
                        AND attnum = ANY(indkey))
            """),
            {"tables": distribution.learner_tables()},
        ).all()
    assert unique == []


def test_the_founding_import_comes_before_distributing(settings: dict) -> None:
    service = create_app({**settings, "DB_DISTRIBUTED": True})
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    done = service.test_cli_runner().invoke(args=["import", "founding", "--from", nowhere])
    assert done.exit_code == 1
    assert "import first, then run `flask scale distribute`" in done.output


def test_a_standby_of_several_machines_is_refused(settings: dict) -> None:
    both = {**settings, "DB_DISTRIBUTED": True, "DATABASE_READ_URL": settings["DATABASE_URL"]}
    with pytest.raises(config.SettingError, match="do not go together"):
        require(both)
    require({**both, "DB_DISTRIBUTED": False})


def test_only_several_machines_are_named_by_the_readiness(app: Flask, settings: dict) -> None:
    assert "machines" not in app.test_client().get("/readyz").get_json()
    service = create_app({**settings, "DB_DISTRIBUTED": True})
    assert service.test_client().get("/readyz").get_json() == {"status": "ok", "machines": []}
    with service.app_context():
        db.engine.dispose()


def test_one_machine_has_nothing_to_distribute(app: Flask) -> None:
    for command in (["scale", "distribute", "--yes"], ["scale", "check"]):
        done = app.test_cli_runner().invoke(args=command)
        assert done.exit_code == 1
        assert done.output.startswith("Error: The database has no Citus. Create the extension")


def counted(query: str, executor: str = "adaptive") -> SimpleNamespace:
    """A row as Citus 13 counts it, where it noted no learner."""
    return SimpleNamespace(query=query, executor=executor, calls=3)


COPIED = "INSERT INTO learner_words (user_id, word) SELECT user_id, 'w' FROM session_results"


@pytest.mark.parametrize(
    "query",
    [
        f"{COPIED} WHERE session_results.user_id = $1::UUID",
        f"PREPARE plan_1_0 AS {COPIED} WHERE user_id = $1::UUID;\nEXECUTE plan_1_0 ('f969c20a')",
        f"{COPIED} WHERE user_id = 'f969c20a-9582-429f-87f3-e385d1bbf271'",
    ],
)
def test_a_row_copied_within_a_learners_shard_is_not_spread(query: str) -> None:
    assert list(distribution.spread_of([counted(query)])) == []


@pytest.mark.parametrize(
    ("query", "executor"),
    [
        ("SELECT count(*) FROM session_results", "adaptive"),
        (COPIED, "adaptive"),
        (f"{COPIED} WHERE user_id = $1", "insert-select"),
        ("UPDATE learner_words SET word = word WHERE other_user_id = $1", "adaptive"),
    ],
)
def test_what_asked_every_shard_is_spread(query: str, executor: str) -> None:
    (said,) = distribution.spread_of([counted(query, executor)])
    assert said.startswith("3 x ")


def test_what_a_learner_sent_is_not_said_of_a_spread_statement() -> None:
    query = "EXECUTE plan_1_0 ('[{\"word\":\"it''s mine\"}]', 'f969c20a') -- events"
    (said,) = distribution.spread_of([counted(query)])
    assert said == "3 x EXECUTE plan_1_0 ('…', '…') -- events"
