"""Writing totals and unlocks. This module alone writes `learner_totals` and `learner_achievements`."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.sql.dml import ReturningInsert

from vorex_sessions.database import Transaction, as_rows, prepared, recordset
from vorex_sessions.growth import words
from vorex_sessions.growth.totals import Totals
from vorex_sessions.growth.unlocking import Unlock
from vorex_sessions.hooks import events
from vorex_sessions.models import USER_ID, learner_achievements, learner_totals
from vorex_sessions.periods import stamp

_t, _a = learner_totals.c, learner_achievements.c
_is_of_learner = _t.user_id == USER_ID
_COLUMNS = [_t[name] for name in Totals.__dataclass_fields__]
_VALUES = {column.name: sa.bindparam(column.name, type_=column.type) for column in _COLUMNS}

IS_COUNTED = sa.exists().where(_is_of_learner, _t.counted)
# The learner's totals as one JSON object; no row where they are stale or there is no session.
TOTALS = (
    sa.select(sa.func.row_to_json(sa.literal_column("learner_totals")))
    .select_from(learner_totals)
    .where(_is_of_learner, _t.counted)
    .scalar_subquery()
)
# The time zone of the learner's latest session, for queries of other capabilities.
ZONE_NAME = sa.select(_t.timezone).where(_is_of_learner).scalar_subquery()
MARK_STALE = learner_totals.update().where(_is_of_learner).values(counted=sa.false())
NO_TOTALS = learner_totals.delete().where(_is_of_learner)

_UPDATE = learner_totals.update().where(_is_of_learner).values({**_VALUES, "counted": sa.true()})


def _upsert() -> Insert:
    version = sa.bindparam("derived_version", type_=_t.derived_version.type)
    added = insert(learner_totals).values(
        {"user_id": USER_ID, "derived_version": version, **_VALUES}
    )
    values = {**_VALUES, "counted": sa.true()}
    return added.on_conflict_do_update(index_elements=["user_id"], set_=values)


_UPSERT = _upsert()


def _unlock() -> ReturningInsert[Any]:
    """Insert the unlocks in `:unlocks`; returns those that are new.

    Those marked `earlier` only where the learner has none, being from before this capability: what a deletion
    made of earlier sessions unlocks nothing.
    """
    unlock = [column for column in _a if column.name != "user_id"]
    given = recordset("given", [*unlock, sa.column("earlier", sa.Boolean)], "unlocks")
    names = [column.name for column in unlock]
    has_none = ~sa.exists().where(_a.user_id == USER_ID)
    rows = sa.select(USER_ID, *(given.c[name] for name in names))
    rows = rows.where(sa.or_(~given.c.earlier, has_none))
    added = insert(learner_achievements).from_select(["user_id", *names], rows)
    added = added.on_conflict_do_nothing(index_elements=["user_id", "achievement"])
    return added.returning(_a.achievement, _a.unlocked_at, _a.session_result_id)


_UNLOCK = _unlock()
# One statement writes everything. The keys: what `store` is told to write, and whether there are unlocks.
_STORE = {
    ("added", False): prepared(_UPDATE),
    ("added", True): prepared(_UNLOCK.add_cte(_UPDATE.cte("totals"))),
    ("first", False): prepared(_UPSERT),
    ("first", True): prepared(_UNLOCK.add_cte(_UPSERT.cte("totals"))),
    ("again", False): _UPSERT.add_cte(*words.REPLACE),
    ("again", True): _UNLOCK.add_cte(_UPSERT.cte("totals"), *words.REPLACE),
}


def store(
    transaction: Transaction,
    learner_id: str,
    totals: Totals,
    unlocks: Sequence[Unlock],
    *,
    earlier: Sequence[Unlock] = (),
    kind: str = "added",
    derived_version: int = 0,
) -> list[Unlock]:
    """Write the totals and unlocks; returns the unlocks that are new.

    `earlier` are what earlier sessions reach, for a learner from before this capability.
    The `kind` is "added" to a row that is there. For "first" and "again" a missing row is inserted with
    `derived_version`; "again" derives the words from all sessions, too.
    """
    parameters = {"user_id": learner_id, "derived_version": derived_version, **totals.columns()}
    if not unlocks and not earlier:
        transaction.defer(_STORE[kind, False], parameters)
        return []
    parameters["unlocks"] = as_rows(
        {**unlock._asdict(), "earlier": is_earlier}
        for is_earlier, some in ((False, unlocks), (True, earlier))
        for unlock in some
    )
    rows = transaction.run(_STORE[kind, True], parameters)
    added = [Unlock(row[0], row[1], str(row[2])) for row in rows]
    events.record(transaction, learner_id, map(_happened, added))
    return added


def _happened(unlock: Unlock) -> events.Happened:
    data = {"achievement": unlock.achievement, "unlocked_at": stamp(unlock.unlocked_at)}
    return events.Happened(events.UNLOCKED, unlock.session_result_id, data=data)
