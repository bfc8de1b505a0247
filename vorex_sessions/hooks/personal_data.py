"""What a capability declares about the data it keeps of a learner, so that no export or erasure misses it."""

from dataclasses import dataclass
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from vorex_sessions.models import USER_ID, erased_learners


@dataclass(frozen=True)
class Export:
    """A member of the JSON export: a list with one JSON object for each row."""

    member: str
    rows: sa.Select[
        Any
    ]  # of the learner `:user_id`, in order; instants are shown as the API shows them
    field: ma.fields.Field[Any]  # documents the member in OpenAPI


def of_learner(table: Any, *columns: sa.Column[Any]) -> sa.Select[Any]:
    """These columns of the rows of the learner `:user_id`."""
    return sa.select(*columns).where(table.c.user_id == USER_ID)


def export_of(
    table: Any, member: str, description: str, example: Any, *order: sa.Column[Any], row: Any = None
) -> Export:
    """All columns of a table but the learner's id; `row` is the schema of a row, where there is one."""
    columns = [column for column in table.c if column.name != "user_id"]
    rows = of_learner(table, *columns).order_by(*order)
    return Export(member, rows, list_of(row, description, example))


def list_of(row: Any, description: str, example: Any) -> ma.fields.Field[Any]:
    """The field of a member whose rows have this schema, or any shape."""
    inner = ma.fields.Nested(row) if row else ma.fields.Dict()
    return ma.fields.List(
        inner, required=True, metadata={"description": description, "example": example}
    )


def erase_after_restore(table: Any, at: sa.Column[Any]) -> sa.Delete:
    """Removes rows that a restored backup brought back, though their learner was erased or closed.

    For tables that do not go with the sessions; `at` is the time of a row.
    """
    erased = erased_learners.c
    return sa.delete(table).where(
        table.c.user_id == erased.user_id, sa.or_(erased.closed, at <= erased.erased_at)
    )
