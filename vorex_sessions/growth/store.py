"""Writing totals and unlocks. This module alone writes `learner_totals` and `learner_achievements`."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert, insert

from vorex_sessions.database import Transaction, as_rows, prepared, recordset
from vorex_sessions.growth import words
from vorex_sessions.growth.totals import Totals
from vorex_sessions.growth.unlocking import Unlock
from vorex_sessions.hooks import events
from vorex_sessions.hooks.learner_rows import LearnerRows
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


def _update() -> sa.Update:
    """For most saves. 27 parameters would take psycopg2 and PostgreSQL longer than one JSON text does."""
    given = recordset("given", _COLUMNS, "totals").c
    values = {column.name: given[column.name] for column in _COLUMNS}
    return learner_totals.update().where(_is_of_learner).values({**values, "counted": sa.true()})


def _upsert() -> Insert:
    version = sa.bindparam("derived_version", type_=_t.derived_version.type)
    added = insert(learner_totals).values(
        {"user_id": USER_ID, "derived_version": version, **_VALUES}
    )
    values = {**_VALUES, "counted": sa.true()}
    return added.on_conflict_do_update(index_elements=["user_id"], set_=values)


_UPSERT = _upsert()


_ROWS = LearnerRows(learner_achievements, "achievement")
_UNLOCKED = prepared(sa.select(_a.achievement).where(_a.user_id == USER_ID))
# By what `store` is told to write. The totals come first: the learner's other rows are stored from there.
_STORE = {
    "added": (prepared(_update()),),
    "first": (prepared(_UPSERT),),
    "again": (_UPSERT, *words.REPLACE),
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
    parameters: dict[str, Any] = {"user_id": learner_id}
    if kind == "added":
        parameters |= {"totals": as_rows([totals.columns()])}
    else:
        parameters |= {"derived_version": derived_version, **totals.columns()}
    for statement in _STORE[kind]:
        transaction.defer(statement, parameters)
    if not unlocks and not earlier:
        return []
    added = _locked(transaction, learner_id, unlocks, earlier)
    if added:
        _ROWS.defer_add(transaction, learner_id, (unlock._asdict() for unlock in added))
        events.record(transaction, learner_id, map(_happened, added))
    return added


def _locked(
    transaction: Transaction, learner_id: str, unlocks: Sequence[Unlock], earlier: Sequence[Unlock]
) -> list[Unlock]:
    """The first of those of each achievement that the learner does not have.

    `earlier` ones only where the learner has none, being from before this capability: what a deletion made of
    earlier sessions unlocks nothing.
    """
    rows = transaction.run(_UNLOCKED, {"user_id": learner_id})
    stored = {row.achievement for row in rows}
    new: dict[str, Unlock] = {}
    for unlock in (*unlocks, *(() if stored else earlier)):
        if unlock.achievement not in stored:
            new.setdefault(unlock.achievement, unlock)
    return list(new.values())


def _happened(unlock: Unlock) -> events.Happened:
    data = {"achievement": unlock.achievement, "unlocked_at": stamp(unlock.unlocked_at)}
    return events.Happened(events.UNLOCKED, unlock.session_result_id, data=data)
