"""Statements on what learners have set. This module alone writes `learner_preferences`."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert, aggregate_order_by, insert

from vorex_sessions.models import NEWEST_FIRST, USER_ID, learner_preferences, session_results
from vorex_sessions.preferences.history import Preferences
from vorex_sessions.sessions import tombstones

_p, _s = learner_preferences.c, session_results.c
_COLUMNS = [_p[name] for name in Preferences._fields]
_is_of_learner = _p.user_id == USER_ID


def history_of(learner: sa.ColumnElement[str]) -> sa.ScalarSelect[Any]:
    """HISTORY of each learner of a statement on many."""
    days = aggregate_order_by(sa.func.json_build_array(*_COLUMNS), _p.set_on.asc())
    return sa.select(sa.func.json_agg(days)).where(_p.user_id == learner).scalar_subquery()


# All that the learner `:user_id` has set, as one JSON value for history.from_json; NULL: nothing.
HISTORY = history_of(USER_ID)
LATEST = sa.select(*_COLUMNS).where(_is_of_learner).order_by(_p.set_on.desc()).limit(1)


def _latest_if_any() -> sa.Select[tuple[object, ...]]:
    """The same, or one row of NULLs where nothing is set."""
    latest, learner = (
        LATEST.subquery("latest"),
        sa.select(sa.literal_column("1")).subquery("learner"),
    )
    return sa.select(*latest.c).select_from(learner.outerjoin(latest, sa.true()))


def _before_change() -> sa.Select[tuple[object, ...]]:
    """What is set now (NULL: nothing), the zone of the latest session, and whether the account is closed."""
    zone = sa.select(_s.timezone).where(_s.user_id == USER_ID).order_by(*NEWEST_FIRST).limit(1)
    head = sa.select(
        zone.scalar_subquery().label("zone_name"), tombstones.IS_CLOSED.label("closed")
    ).subquery("head")
    latest = LATEST.subquery("latest")
    return sa.select(*latest.c, *head.c).select_from(head.outerjoin(latest, sa.true()))


def _put() -> Insert:
    values = {column.name: sa.bindparam(column.name, type_=column.type) for column in _COLUMNS}
    set_at = sa.func.clock_timestamp()
    added = insert(learner_preferences).values({"user_id": USER_ID, "set_at": set_at, **values})
    changed = {name: value for name, value in values.items() if name != "set_on"}
    return added.on_conflict_do_update(
        index_elements=["user_id", "set_on"], set_={"set_at": added.excluded.set_at, **changed}
    )


def has_days_off(learner: sa.ColumnElement[str]) -> sa.Exists:
    """Whether a learner of a statement on many has ever set rest days or a pause."""
    has_any = sa.or_(sa.func.cardinality(_p.rest_days) > 0, _p.pause_from.is_not(None))
    return sa.exists().where(_p.user_id == learner, has_any)


LATEST_IF_ANY = _latest_if_any()
BEFORE_CHANGE = _before_change()
PUT = _put()
