"""What an import takes back beside sessions: rows of the JSON export that cannot be derived from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import marshmallow as ma
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from vorex_sessions.database import recordset
from vorex_sessions.hooks import versions
from vorex_sessions.models import USER_ID, erased_learners

_erased = erased_learners.c
_PLACE = sa.column("place", sa.Integer)


@dataclass(frozen=True)
class TakenBack:
    """A member of the JSON export whose rows an import stores, where the learner has none with their key."""

    member: str
    table: Any
    row: ma.Schema  # of a row as the export has it; it loads to the table's columns
    key: Sequence[str] = ()  # beside the learner; empty: one row each
    # A stored row that differs in these is a conflict. If they are empty, whatever is stored counts.
    compared: Sequence[str] = ()
    # The time of a row: with an erasure since then it is not taken back.
    at: str | None = None
    # What else is a conflict, of the given row.
    is_blocked: Callable[[Any], sa.ColumnElement[bool]] | None = None
    # Statements to run where rows were stored.
    after: Callable[[], Sequence[sa.Executable]] = tuple

    @property
    def _columns(self) -> list[sa.Column[Any]]:
        return [column for column in self.table.c if column.name not in ("user_id", "version")]

    def find(self) -> sa.Select[Any]:
        """For each of `:rows`: its `place`, and whether it is stored, the same, erased or blocked."""
        given = recordset("given", [*self._columns, _PLACE])
        stored = self.table.c
        is_it = (stored[name] == given.c[name] for name in self.key)
        same = (stored[name].is_not_distinct_from(given.c[name]) for name in self.compared)
        closed: sa.ColumnElement[bool] = _erased.closed
        gone = sa.or_(closed, given.c[self.at] <= _erased.erased_at) if self.at else closed
        blocked = self.is_blocked(given.c) if self.is_blocked else sa.false()
        columns = (
            given.c.place,
            stored.user_id.is_not(None).label("stored"),
            sa.and_(sa.true(), *same).label("same"),
            sa.exists().where(_erased.user_id == USER_ID, gone).label("gone"),
            blocked.label("blocked"),
        )
        joined = given.outerjoin(self.table, sa.and_(stored.user_id == USER_ID, *is_it))
        return sa.select(*columns).select_from(joined).order_by(given.c.place)

    def add(self) -> sa.Executable:
        """Insert `:rows`. The learner's version is raised before."""
        given = recordset("given", self._columns)
        values: dict[str, Any] = {column.name: given.c[column.name] for column in self._columns}
        if "version" in self.table.c:
            values["version"] = versions.RAISED
        names, rows = ["user_id", *values], versions.beside_learner(*values.values())
        return insert(self.table).from_select(names, rows).on_conflict_do_nothing()
