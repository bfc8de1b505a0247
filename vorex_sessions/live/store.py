"""Statements on live sessions. This folder alone writes `live_sessions`."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, Insert, aggregate_order_by, insert

from vorex_sessions.database import prepared
from vorex_sessions.models import USER_ID, live_sessions, session_results
from vorex_sessions.models.columns import Uuid
from vorex_sessions.sessions import tombstones

_l, _s = live_sessions.c, session_results.c
ID: sa.BindParameter[str] = sa.bindparam("session_result_id", type_=Uuid)
COLUMNS = tuple(column for column in _l if column.name != "user_id")
NAMES = tuple(str(column.name) for column in COLUMNS)  # plain str: orjson takes no subclass as key
_is_of_learner = _l.user_id == USER_ID
_is_it = sa.and_(_is_of_learner, _l.session_result_id == ID)
# Live sessions whose last heartbeat was later are not gone.
_is_not_gone = _l.heartbeat_at > sa.bindparam("gone_before", type_=_l.heartbeat_at.type)
_is_saved = sa.exists().where(_s.user_id == USER_ID, _s.session_result_id == ID)
_is_shown = sa.and_(_is_of_learner, _is_not_gone, ~_l.cancelled)


def _before_heartbeat() -> sa.Select[Any]:
    """The live session, NULLs where there is none, and all that decides whether a heartbeat is taken."""
    others = sa.select(
        sa.func.count().filter(_is_not_gone, ~_l.cancelled).label("live"),
        sa.func.count().filter(_is_not_gone).label("kept"),
    ).where(_is_of_learner, _l.session_result_id != ID)
    count = others.subquery("others")
    head = sa.select(
        count,
        _is_saved.label("saved"),
        tombstones.is_deleted(ID).label("deleted"),
        tombstones.ERASED_AT.label("erased_at"),
        tombstones.IS_CLOSED.label("closed"),
    ).subquery("head")
    live = sa.select(*COLUMNS).where(_is_it).subquery("stored")
    return sa.select(head, *live.c).select_from(head.outerjoin(live, sa.true()))


def _insertion() -> Insert:
    given = {column.name: sa.bindparam(column.name, type_=column.type) for column in COLUMNS}
    return insert(live_sessions).values(user_id=USER_ID, **given)


def _put() -> Insert:
    added, key = _insertion(), ("user_id", "session_result_id")
    changed = {name: added.excluded[name] for name in NAMES if name not in key}
    return added.on_conflict_do_update(index_elements=key, set_=changed)


BEFORE_HEARTBEAT = prepared(_before_heartbeat())
PUT = prepared(_put())
# A cancelled one keeps nothing of what was practised.
CANCEL = (
    live_sessions.update()
    .where(_is_it)
    .values(
        {
            _l.cancelled: sa.true(),
            _l.heartbeat_at: sa.bindparam("heartbeat_at", type_=_l.heartbeat_at.type),
            _l.active_seconds: sa.literal_column("0"),
            _l.words_spoken: sa.literal_column("0"),
            **dict.fromkeys(
                (_l.pronunciation_score, _l.fluency_score, _l.grammar_score), sa.null()
            ),
            **dict.fromkeys((_l.topics, _l.vocabulary_learned), sa.literal_column("'{}'::text[]")),
            _l.metadata: sa.literal_column("'{}'::jsonb"),
        }
    )
)
# In as many rows as that, an id is remembered of which no heartbeat has come before its cancel.
MOST_REMEMBERED = 50


# What decides on that, and on the answer to a cancel.
BEFORE_REMEMBERING = sa.select(
    sa.select(sa.func.count()).where(_is_of_learner, _is_not_gone).scalar_subquery().label("kept"),
    _is_saved.label("saved"),
    sa.or_(tombstones.is_deleted(ID), tombstones.IS_CLOSED).label("over"),
)
REMEMBER_CANCELLED = _insertion().on_conflict_do_nothing()
SHOWN = prepared(sa.select(*COLUMNS).where(_is_shown).order_by(_l.started_at, _l.session_result_id))


def _state_text() -> sa.Select[Any]:
    beat = sa.func.concat_ws(
        sa.literal_column("' '"), _l.session_result_id, _l.seq, _l.created_at, _l.cancelled
    )
    text = sa.func.string_agg(beat, aggregate_order_by(sa.literal_column("','"), beat))
    return sa.select(text.label("state"))


_STATE = _state_text()
# Another text after each change of the learner's live sessions, of which heartbeats raise no version.
STATE = prepared(_STATE.where(_is_of_learner))

_learner: Any = sa.func.unnest(sa.cast(sa.bindparam("learners"), ARRAY(Uuid))).column_valued(
    "learner"
)
# The same of each learner in `:learners`, and when their data was last erased.
STATES = sa.select(
    _learner.label("learner"),
    _STATE.where(_l.user_id == _learner).scalar_subquery().label("state"),
    tombstones.erased_at(_learner).label("erased_at"),
)

# For a save: whether it may end a live session, and what removes those that it ends.
HAS_ANY = sa.exists().where(_is_of_learner)
REMOVE_SAVED = live_sessions.delete().where(
    _is_of_learner, _l.session_result_id == sa.any_(sa.cast(sa.bindparam("saved_ids"), ARRAY(Uuid)))
)

# For the sweep, over all learners.
_gone = live_sessions.delete().where(~_is_not_gone).returning(_l.user_id).cte("gone")
REMOVE_GONE = sa.select(sa.func.count().label("removed")).select_from(_gone)
_after = sa.tuple_(
    sa.bindparam("after_user", type_=Uuid), sa.bindparam("after_session", type_=Uuid)
)


def due(most: int) -> sa.Select[Any]:
    """The next abandoned live sessions after a place in the order of keys."""
    key = (_l.user_id, _l.session_result_id)
    abandoned_before = sa.bindparam("abandoned_before", type_=_l.heartbeat_at.type)
    page = sa.select(live_sessions).where(
        sa.tuple_(*key) > _after, _l.heartbeat_at <= abandoned_before, ~_l.cancelled
    )
    return page.order_by(*key).limit(sa.literal_column(str(most)))


_seen = sa.bindparam("heartbeat_at", type_=_l.heartbeat_at.type)
# One row where no heartbeat has come since.
IS_STILL_ABANDONED = sa.select(_l.seq).where(_is_it, _l.heartbeat_at == _seen, ~_l.cancelled)
REMOVE = live_sessions.delete().where(_is_it, _l.heartbeat_at == _seen)
