"""Which table lies where on Citus: learners' tables on the learner's shard, all others on every machine.

The tables are those of the models, so that a new one is neither forgotten nor listed here.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database.machines import has_citus
from vorex_sessions.database.queries import run
from vorex_sessions.database.transactions import run_long
from vorex_sessions.extensions import db

ALONGSIDE = "session_results"  # the table with whose shards those of all others lie
_OURS = "alembic_version"
_TIMEOUT = 24 * 3600  # seconds for a step, which moves all rows of a table
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
_WITHOUT_LEARNER = sa.text("""
SELECT query, executor, calls FROM citus_stat_statements
WHERE partition_key IS NULL AND query ~ :tables ORDER BY calls DESC
""")
_OF_A_LEARNER = re.compile(r"\buser_id = (\$\d|')")
_VALUE = re.compile(r"'(?:[^']|'')*'")


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
    rows = run(_WITHOUT_LEARNER, {"tables": "|".join(learner_tables())})
    return list(islice(spread_of(rows), 50))


def spread_of(rows: Iterable[Any]) -> Iterator[str]:
    """Those of what Citus counts without a learner that it did not send to one shard as a whole.

    It notes no learner for an INSERT ... SELECT; by `insert-select` it means one that it did not send.
    """
    for row in rows:
        is_whole = row.executor != "insert-select" and "INSERT INTO" in row.query
        if not (is_whole and _OF_A_LEARNER.search(row.query)):
            # A prepared statement is counted with its values, which are a learner's.
            query = _VALUE.sub("'…'", " ".join(row.query.split()))
            yield f"{row.calls} x {query[:150]}"


def _places() -> dict[str, Any]:
    if not has_citus():
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
