"""The statements of a save: which of the given rows are new, and how they are stored.

On one machine a row is stored by the statement that finds it new. Citus spreads an INSERT within WITH over
its machines, so there (`DB_DISTRIBUTED`) one statement looks what is new and another stores it.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from vorex_sessions.database import prepared, recordset
from vorex_sessions.hooks import versions
from vorex_sessions.hooks.learner_days import DAY_STARTS_AT
from vorex_sessions.hooks.projections import DERIVED_VERSION, Projection
from vorex_sessions.hooks.save_removals import SaveRemoval
from vorex_sessions.models import USER_ID, session_results
from vorex_sessions.sessions import results, tombstones


def _given(*, keeps_times: bool) -> dict[str, Any]:
    """The rows in `:rows`, as columns of session_results; with the times that they have, if any."""
    times = results.TIMES if keeps_times else ()
    columns = [column for column in results.STORED if column.name != "user_id"]
    given = recordset("given", [*columns, results.HOUR, *times])
    is_before_start = given.c.hour < sa.func.coalesce(DAY_STARTS_AT, sa.literal_column("0"))
    kept = {time.name: sa.func.coalesce(given.c[time.name], sa.func.now()) for time in times}
    return {
        **{column.name: given.c[column.name] for column in columns},
        "practiced_on": given.c.practiced_on - sa.cast(is_before_start, sa.Integer),
        **kept,
    }


def _stored_rows(*, keeps_times: bool) -> sa.CTE:
    """Store those of the rows in `:rows` that are new, and return them."""
    given = _given(keeps_times=keeps_times)
    rows = sa.select(USER_ID, *given.values(), versions.NEXT).where(
        ~tombstones.is_deleted(given["session_result_id"]),
        ~tombstones.is_erased(given["completed_at"]),
    )
    stored = insert(session_results).from_select(["user_id", *given, "version"], rows)
    stored = stored.on_conflict_do_nothing(index_elements=["user_id", "session_result_id"])
    return stored.returning(*results.COLUMNS).cte("new")


def _new_rows(*, keeps_times: bool) -> sa.CTE:
    """Those of the rows that are new, as `insertion` is about to store them."""
    given = _given(keeps_times=keeps_times)
    set_here = {
        "user_id": USER_ID,
        "version": versions.NEXT,
        **{time.name: sa.func.now() for time in results.TIMES},
    }
    columns = {**set_here, **given}
    return (
        sa.select(*(columns[column.name].label(column.name) for column in results.COLUMNS))
        .where(
            ~results.is_stored(given["session_result_id"]),
            ~tombstones.is_deleted(given["session_result_id"]),
            ~tombstones.is_erased(given["completed_at"]),
        )
        .cte("new")
    )


class Kind(NamedTuple):
    """What the statement of a save depends on, beside its projections."""

    is_batch: bool
    is_large: bool
    keeps_times: bool
    is_distributed: bool  # store nothing yet


@lru_cache(maxsize=64)
def save_statement(
    projections: tuple[Projection, ...], kind: Kind, removals: tuple[SaveRemoval, ...]
) -> sa.Select[Any]:
    """Store what is new; returns it, the first row with the context of each projection, then what is due.

    In every row, the contexts of a batch with many words would be 100 times as large.
    """
    new = (_new_rows if kind.is_distributed else _stored_rows)(keeps_times=kind.keeps_times)
    writes = [
        None if kind.is_distributed else projection.insert_cte(new, is_large=kind.is_large)
        for projection in projections
    ]
    in_first_row = _in_first_row if kind.is_batch else _as_it_is  # a save has one row
    contexts = [
        in_first_row(projection.context(new, write)).label(f"context_{place}")
        for place, (projection, write) in enumerate(zip(projections, writes, strict=True))
    ]
    # What is inserted here is not seen by this statement. A learner with totals has earlier sessions.
    has_earlier = sa.exists().where(session_results.c.user_id == USER_ID)
    is_new_learner = sa.case((DERIVED_VERSION.is_(None), ~has_earlier), else_=sa.false())
    statement = sa.select(
        new,
        DERIVED_VERSION.label("derived_version"),
        in_first_row(is_new_learner).label("is_new_learner"),
        *contexts,
        *(in_first_row(one.is_due).label(f"due_{n}") for n, one in enumerate(removals)),
    )
    statement = statement.add_cte(*(write for write in writes if write is not None))
    return statement if kind.is_large or kind.keeps_times else prepared(statement)


def _in_first_row(value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.case((sa.func.row_number().over() == sa.literal_column("1"), value))


def _as_it_is(value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return value


@lru_cache(maxsize=2)
def insertion(*, keeps_times: bool) -> sa.Executable:
    """Store the rows in `:rows`, all of which are new. The learner's version is raised before."""
    given = _given(keeps_times=keeps_times)
    rows = versions.beside_learner(*given.values(), versions.RAISED)
    return prepared(insert(session_results).from_select(["user_id", *given, "version"], rows))
