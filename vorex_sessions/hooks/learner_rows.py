"""Storing rows that a projection derives: a learner's rows in a table, by a key beside the learner."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert, insert

from vorex_sessions.database import Transaction, as_rows, prepared, recordset
from vorex_sessions.models import USER_ID, learner_totals

_totals = learner_totals.c


class LearnerRows:
    """Statements on a table whose primary key is (user_id, *`key`): one each, whatever there is to write.

    They read the rows from a parameter with the name of the table. The row of the learner's totals is there
    by then: where there are several machines, they are stored where it is.
    """

    def __init__(self, table: sa.Table, *key: str) -> None:
        columns = [column for column in table.c if column.name != "user_id"]
        given = recordset("given", columns, table.name)
        self._name = table.name
        rows = sa.select(_totals.user_id, *given.c).where(_totals.user_id == USER_ID)
        self.put = prepared(upsert(table, key, rows))
        names = ["user_id", *(column.name for column in columns)]
        self.add = prepared(insert(table).from_select(names, rows))
        is_given = sa.exists().where(*(given.c[name] == table.c[name] for name in key))
        self.remove_others = sa.delete(table).where(table.c.user_id == USER_ID, ~is_given)

    def parameters(self, learner_id: str, rows: Iterable[Any]) -> dict[str, Any]:
        """The parameters of `put` and `remove_others`."""
        return {"user_id": learner_id, self._name: as_rows(rows)}

    def defer_put(self, transaction: Transaction, learner_id: str, rows: Iterable[Any]) -> None:
        """Insert or update these rows of the learner."""
        transaction.defer(self.put, self.parameters(learner_id, rows))

    def defer_add(self, transaction: Transaction, learner_id: str, rows: Iterable[Any]) -> None:
        """Insert these rows of the learner, none of which is there."""
        transaction.defer(self.add, self.parameters(learner_id, rows))

    def defer_replace(self, transaction: Transaction, learner_id: str, rows: Iterable[Any]) -> None:
        """Make these the only rows of the learner."""
        parameters = self.parameters(learner_id, rows)
        transaction.defer(self.remove_others, parameters)
        transaction.defer(self.put, parameters)


def upsert(table: sa.Table, key: Sequence[str], rows: sa.Select[Any]) -> Insert:
    """Insert these rows, or update those that differ."""
    names = [column.name for column in table.c]
    added = insert(table).from_select(names, rows)
    values = {name: added.excluded[name] for name in names if name not in ("user_id", *key)}
    # What is there already is not written again.
    is_changed = sa.tuple_(*(table.c[name] for name in values)).is_distinct_from(
        sa.tuple_(*values.values())
    )
    return added.on_conflict_do_update(
        index_elements=["user_id", *key], set_=values, where=is_changed
    )
