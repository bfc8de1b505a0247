"""How many sessions there were on each topic."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from tests.hooks.stickers.table import learner_stickers
from vorex_sessions.database import Transaction
from vorex_sessions.hooks.all_sessions import AllSessions
from vorex_sessions.hooks.learner_rows import LearnerRows
from vorex_sessions.hooks.projections import AnswerExtras, Projection, SaveEvent
from vorex_sessions.hooks.warmup_sections import WarmupSection
from vorex_sessions.models import USER_ID

_t = learner_stickers.c
_ROWS = LearnerRows(learner_stickers, "topic")
STICKERS = (
    sa.select(sa.func.json_object_agg(_t.topic, _t.sessions))
    .where(_t.user_id == USER_ID)
    .scalar_subquery()
)


class StickerProjection(Projection):
    """The stickers of a learner."""

    derived_from = frozenset({"topics"})
    invalidate = (learner_stickers.delete().where(_t.user_id == USER_ID),)

    def applies_to(self, row: Mapping[str, Any]) -> bool:
        return bool(row["topics"])

    def context(self, new: sa.CTE, inserted: sa.CTE | None) -> sa.ScalarSelect[Any]:
        return STICKERS

    def on_save(self, event: SaveEvent, context: Mapping[str, int] | None) -> AnswerExtras:
        if not event.is_current:
            return {}
        before = Counter(context or {})
        now = _count(event.saved_rows)
        rows = [{"topic": topic, "sessions": before[topic] + now[topic]} for topic in now]
        _ROWS.defer_put(event.transaction, event.learner_id, rows)
        return {
            str(row.session_result_id): {"new_stickers": [t for t in row.topics if not before[t]]}
            for row in event.saved_rows
        }

    def rebuild(self, transaction: Transaction, learner_id: str, sessions: AllSessions) -> None:
        rows = [{"topic": topic, "sessions": n} for topic, n in _count(sessions).items()]
        _ROWS.defer_replace(transaction, learner_id, rows)


def _count(sessions: Iterable[Any]) -> Counter[str]:
    return Counter(topic for session in sessions for topic in session.topics)


class StickerSection(WarmupSection):
    """`favourite_topic`."""

    def context(self, recent: sa.CTE) -> sa.ScalarSelect[Any]:
        return STICKERS

    def members(self, sessions: Sequence[Any], context: Any, today: date) -> dict[str, Any]:
        return {"favourite_topic": max(context, key=context.get) if context else None}
