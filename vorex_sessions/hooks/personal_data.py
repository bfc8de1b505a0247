"""What a capability declares about the data it keeps of a learner, so that no export or erasure misses it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from vorex_sessions.models import USER_ID, erased_learners


@dataclass(frozen=True)
class Export:
    """A member of the JSON export: a list with one JSON object for each row."""

    member: str
    rows: sa.Select[Any]  # of the learner `:user_id`, in order; instants as the API shows them
    field: ma.fields.Field[Any]  # documents the member in OpenAPI


def export_of(
    table: Any,
    member: str,
    description: str,
    example: Any,
    *order: Any,
    columns: Iterable[sa.Column[Any]] | None = None,
    row: type[ma.Schema] | None = None,
) -> Export:
    """The learner's rows of a table, by default all columns but the id.

    `row` is their schema; it has examples of its own, so that `example` may be empty.
    """
    shown = columns or (column for column in table.c if column.name != "user_id")
    rows = sa.select(*shown).where(table.c.user_id == USER_ID).order_by(*order)
    field = ma.fields.List(
        ma.fields.Nested(row) if row else ma.fields.Dict(),
        required=True,
        metadata={"description": description} | ({"example": example} if example else {}),
    )
    return Export(member, rows, field)


def erase_after_restore(table: Any, at: sa.Column[Any]) -> sa.Delete:
    """Removes rows that a restored backup brought back, though their learner was erased or closed.

    For tables that do not go with the sessions; `at` is the time of a row.
    """
    erased = erased_learners.c
    return sa.delete(table).where(
        table.c.user_id == erased.user_id, sa.or_(erased.closed, at <= erased.erased_at)
    )
