"""Which table lies where on Citus: learners' tables on the learner's shard, all others on every machine.

The tables are those of the models, so that a new one is neither forgotten nor listed here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from vorex_sessions.database.queries import run
from vorex_sessions.database.transactions import run_long
from vorex_sessions.extensions import db

ALONGSIDE = "session_results"  # the table with whose shards those of all others lie
_OURS = "alembic_version"
_TIMEOUT = 24 * 3600  # seconds for a step, which moves all rows of a table
_HAS_CITUS = sa.text("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS there")
_PLACES = sa.text("""
SELECT CAST(table_name AS text) AS name, citus_table_type AS kind, distribution_column AS by, colocation_id
FROM citus_tables
""")
_TRIGGERS = sa.text("""
SELECT tgname AS name, CAST(tgrelid AS regclass) AS "table" FROM pg_trigger
WHERE NOT tgisinternal AND tgrelid = ANY(CAST(:tables AS regclass[])) ORDER BY 2, 1
""")
# Statements that several shards ran, where the server counts them.
_COUNTS = sa.text("""
SELECT current_setting('citus.stat_statements_track', true) = 'all'
    AND EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements') AS there
""")
_SPREAD = sa.text("""
SELECT query, calls FROM citus_stat_statements
WHERE partition_key IS NULL AND query ~ :tables ORDER BY calls DESC LIMIT 50
""")
# Each asks the others itself: a statement over all shards would fail with the first that is away.
_MACHINES = sa.text("""
SELECT nodeid, nodename || ':' || nodeport AS address FROM pg_dist_node WHERE noderole = 'primary' ORDER BY 2
""")
_ANSWERS = sa.text("""
SELECT nodeid, success
FROM run_command_on_all_nodes('SELECT 1', give_warning_for_connection_errors => false)
""")


class NoCitus(Exception):
    """The database is a PostgreSQL of one machine."""


@dataclass(frozen=True)
class Step:
    """What is done, in words, and the statement that does it."""

    says: str
    statement: sa.TextClause


# Without it the planner knows nothing of what lies where for minutes.
_ANALYZED = Step("count what lies where (ANALYZE)", sa.text("ANALYZE"))


def learner_tables() -> list[str]:
    """The tables that lie where the learner does; first the one with which the others go."""
    names = [table.name for table in db.metadata.sorted_tables if "user_id" in table.c]
    return sorted(names, key=lambda name: (name != ALONGSIDE, name))


def reference_tables() -> list[str]:
    """The tables that every machine has whole."""
    others = {table.name for table in db.metadata.sorted_tables}.difference(learner_tables())
    return [_OURS, *sorted(others)]


def plan(shards: int) -> list[Step]:
    """The steps that are left to distribute the tables. Raises NoCitus."""
    places = _places()
    moved = [*_distributing(places, shards), *_copying(places)]
    return [*_without_triggers(), *moved, *([_ANALYZED] if moved else [])]


def take(step: Step) -> None:
    """Do a step. Raises DBAPIError."""
    run_long(step.statement, {}, timeout=_TIMEOUT)


def problems() -> list[str]:
    """What is not where it should be. Raises NoCitus."""
    places = _places()
    first = places.get(ALONGSIDE)
    wrong = []
    for name in learner_tables():
        place = places.get(name)
        if place is None or place.kind != "distributed" or place.by != "user_id":
            wrong.append(f"{name} is not distributed by user_id.")
        elif first and place.colocation_id != first.colocation_id:
            wrong.append(f"{name} does not lie with {ALONGSIDE}.")
    for name in reference_tables():
        if name not in places or places[name].kind != "reference":
            wrong.append(f"{name} is not on every machine.")
    return wrong


def spread_statements() -> list[str] | None:
    """Statements on learners' tables that went to several shards; None where the server does not count."""
    if not run(_COUNTS)[0].there:
        return None
    rows = run(_SPREAD, {"tables": "|".join(learner_tables())})
    return [f"{row.calls} x {' '.join(row.query.split())[:150]}" for row in rows]


def machines() -> dict[str, str]:
    """By its address, whether each machine of Citus is `there`, `away` or `unknown`. Raises DBAPIError.

    Unknown: they have not all answered or refused within a query's time. Empty without Citus.
    """
    if not run(_HAS_CITUS)[0].there:
        return {}
    addresses = {row.nodeid: row.address for row in run(_MACHINES)}
    try:
        answers = {row.nodeid: row.success for row in run(_ANSWERS)}
    except DBAPIError:
        return dict.fromkeys(addresses.values(), "unknown")
    return {
        address: "there" if answers.get(machine) else "away"
        for machine, address in addresses.items()
    }


def _places() -> dict[str, Any]:
    if not run(_HAS_CITUS)[0].there:
        raise NoCitus
    return {row.name.rpartition(".")[2]: row for row in run(_PLACES)}


def _without_triggers() -> Iterator[Step]:
    for row in run(_TRIGGERS, {"tables": learner_tables()}):
        yield Step(
            f"drop the trigger {row.name} of {row.table}, which only earlier releases need",
            sa.text(f"DROP TRIGGER {row.name} ON {row.table}"),
        )


def _distributing(places: dict[str, Any], shards: int) -> Iterator[Step]:
    for name in learner_tables():
        if name not in places:
            how = f"shard_count => {shards}"
            if name != ALONGSIDE:
                how = f"colocate_with => '{ALONGSIDE}'"
            yield Step(
                f"distribute {name} by user_id",
                sa.text(
                    f"SELECT create_distributed_table('{name}', 'user_id', {how})"
                ),  # names of ours
            )


def _copying(places: dict[str, Any]) -> Iterator[Step]:
    for name in reference_tables():
        if name not in places:
            yield Step(
                f"copy {name} to every machine",
                sa.text(f"SELECT create_reference_table('{name}')"),  # as above
            )
