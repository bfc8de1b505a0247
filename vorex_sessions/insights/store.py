"""Statements on what learners have set for insights and said of them; no other module writes these tables."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert, insert

from vorex_sessions.models import (
    USER_ID,
    learner_insight_feedback,
    learner_insight_preferences,
)
from vorex_sessions.sessions import tombstones

MOST_TOPICS = 500  # of a learner that a verdict is kept for: each answer reads them all
_p, _f = learner_insight_preferences.c, learner_insight_feedback.c


def _set() -> sa.Select[Any]:
    """What the learner `:user_id` has set (NULL: nothing) and said, as one row."""

    def preference(column: Any) -> Any:
        of_learner = sa.select(column).where(_p.user_id == USER_ID).scalar_subquery()
        return of_learner.label(column.name)

    said = sa.func.json_object_agg(_f.topic, sa.func.json_build_array(_f.insight_id, _f.verdict))
    feedback = sa.select(said).where(_f.user_id == USER_ID).scalar_subquery()
    preferences = (preference(column) for column in (_p.model, _p.tone, _p.wordings_at))
    return sa.select(*preferences, feedback.label("feedback"))


def _put(table: Any, keys: tuple[str, ...]) -> Insert:
    """Insert or replace a row of the learner; parameters by the names of its columns."""
    values = {
        column.name: sa.bindparam(column.name, type_=column.type)
        for column in table.c
        if column.name != "user_id"
    }
    added = insert(table).values({"user_id": USER_ID, **values})
    changed = {name: added.excluded[name] for name in values if name not in keys}
    return added.on_conflict_do_update(index_elements=["user_id", *keys], set_=changed)


SET = _set()
IS_CLOSED = sa.select(tombstones.IS_CLOSED.label("closed"))
PUT_PREFERENCES = _put(learner_insight_preferences, ())
PUT_FEEDBACK = _put(learner_insight_feedback, ("topic",))
_LATEST = (
    sa.select(_f.topic)
    .where(_f.user_id == USER_ID)
    .order_by(_f.given_at.desc(), _f.topic)
    .limit(MOST_TOPICS)
)
FORGET_OLDEST = sa.delete(learner_insight_feedback).where(
    _f.user_id == USER_ID, _f.topic.not_in(_LATEST)
)
