"""Totals, words and achievements, kept current with every save.

A row of learner_totals that is missing, or not `counted`, is rebuilt from the sessions when it is next
needed: after deletes, corrections and purges, and for learners from before this capability.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import Transaction
from vorex_sessions.flask_config import setting
from vorex_sessions.growth import history, store, unlocking, words
from vorex_sessions.growth.catalogue import BY_KEY
from vorex_sessions.growth.streaks import streak
from vorex_sessions.growth.totals import Totals, from_columns, is_late
from vorex_sessions.hooks import projections
from vorex_sessions.hooks.all_sessions import AllSessions
from vorex_sessions.hooks.projections import AnswerExtras, SaveEvent
from vorex_sessions.hooks.rebuild import run_current
from vorex_sessions.models import USER_ID, learner_achievements
from vorex_sessions.turns import checkpoint

_OF_WORDS = frozenset(("vocabulary_learned", "vocabulary_results", "completed_at"))
_OF_TOTALS = frozenset(
    "session_type duration_seconds words_spoken completed_at timezone "
    "pronunciation_score fluency_score grammar_score".split()
)


class GrowthProjection(projections.Projection):
    """Totals, words and unlocks of a learner."""

    has_own_mark = True
    derived_from = _OF_TOTALS | _OF_WORDS

    def invalidation(self, fields: Collection[str] | None) -> Sequence[sa.Executable]:
        """Totals have a mark of their own: after a late score, words and other projections stay current."""
        if fields is None:  # nothing may be left of a learner without sessions
            return (store.NO_TOTALS, words.NO_WORDS)
        if not _OF_WORDS.isdisjoint(fields):
            return (store.MARK_STALE, words.NO_WORDS, projections.MARK_STALE)
        return () if self.derived_from.isdisjoint(fields) else (store.MARK_STALE,)

    def insert_cte(self, new: sa.CTE, *, is_large: bool) -> sa.CTE:
        """Add the words of the saved sessions."""
        return words.add_new(new, is_large=is_large)

    def context(self, new: sa.CTE, inserted: sa.CTE | None) -> sa.ScalarSelect[Any]:
        """The totals before this save, and the words that are new."""
        assert inserted is not None  # noqa: S101  # insert_cte above returns one
        new_words = sa.select(inserted.c.word).where(inserted.c.is_new).scalar_subquery()
        context = sa.func.json_build_object(
            *(sa.literal_column("'totals'"), store.TOTALS),
            *(sa.literal_column("'new_words'"), sa.func.array(new_words)),
        )
        return sa.select(context).scalar_subquery()

    def on_save(self, event: SaveEvent, context: Any) -> AnswerExtras:
        """Add the saved sessions to the totals; the extras are unlocks and the streak."""
        shortest_day, saved = setting("STREAK_MIN_SECONDS"), event.saved_rows
        if context["totals"] is None and not event.is_first:
            return self._recount(event)
        before = from_columns(context["totals"])
        if is_late(before, saved):
            event.take_time()
            after, unlocks = unlocking.accumulate_all(
                history.read(event.transaction, event.learner_id), shortest_day
            )
            unlocks = unlocking.late_unlocks(saved, unlocks, before)
        else:
            known_words = words.all_words(saved)
            checkpoint()
            known_words.difference_update(context["new_words"])
            checkpoint()
            after, unlocks = unlocking.accumulate(
                saved, shortest_day, before=before, known_words=known_words
            )
        added = store.store(
            event.transaction,
            event.learner_id,
            after,
            unlocks,
            kind="first" if event.is_first else "added",
            derived_version=projections.VERSION,
        )
        return _extras(after, [unlock._asdict() for unlock in added], _ids(saved), event.now)

    def _recount(self, event: SaveEvent) -> AnswerExtras:
        """Count all sessions again, as the totals are stale: first without the saved ones, then with them."""
        shortest_day, ids = setting("STREAK_MIN_SECONDS"), _ids(event.saved_rows)
        event.take_time()
        old = history.read(event.transaction, event.learner_id, without=ids)
        before, unlocks = unlocking.accumulate_all(old, shortest_day)
        every = history.read(event.transaction, event.learner_id)
        after, all_unlocks = unlocking.accumulate_all(every, shortest_day)
        unlocks += unlocking.late_unlocks(event.saved_rows, all_unlocks, before)
        added = store.store(
            event.transaction,
            event.learner_id,
            after,
            unlocks,
            kind="again",
            derived_version=projections.VERSION if event.is_current else 0,
        )
        return _extras(after, [unlock._asdict() for unlock in added], ids, event.now)

    def on_replay(self, learner_id: str, ids: Sequence[str], now: datetime) -> AnswerExtras:
        """The achievements that the first save unlocked, and the current streak."""
        rows = run_current_totals(_REPLAYED, {"user_id": learner_id, "ids": list(ids)})
        unlocks = [row._asdict() for row in rows if row.achievement]
        return _extras(from_columns(rows[0].totals), unlocks, ids, now)

    def rebuild(self, transaction: Transaction, learner_id: str, sessions: AllSessions) -> None:
        """Derive totals and words from all sessions. Unlocked achievements stay; more may be unlocked."""
        if counted := history.read(transaction, learner_id):
            totals, unlocks = unlocking.accumulate_all(counted, setting("STREAK_MIN_SECONDS"))
            store.store(transaction, learner_id, totals, unlocks, kind="again")
        else:  # nothing is stored for a learner without sessions
            for statement in self.invalidation(None):
                transaction.defer(statement, {"user_id": learner_id})


def _ids(sessions: Sequence[Any]) -> set[str]:
    return {str(session.session_result_id) for session in sessions}


def _extras(
    totals: Totals, unlocks: Sequence[Mapping[str, Any]], ids: Collection[str], now: datetime
) -> AnswerExtras:
    order = list(BY_KEY)
    ordered = sorted(
        (unlock for unlock in unlocks if unlock["achievement"] in BY_KEY),
        key=lambda unlock: (unlock["unlocked_at"], order.index(unlock["achievement"])),
    )
    summary = streak(totals, zone_name=totals.timezone or "UTC", now=now)
    return {
        name: {
            "achievements_unlocked": [
                unlocking.shown(BY_KEY[unlock["achievement"]], totals, unlock)
                for unlock in ordered
                if unlock["session_result_id"] == name
            ],
            "streak": summary,
        }
        for name in ids
    }


def unlocked_beside_totals(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The learner's unlocks that meet the conditions, each with the totals; at least one row."""
    totals = sa.select(store.TOTALS.label("totals")).subquery("stored_totals")
    unlocked = learner_achievements.c
    is_of_learner = unlocked.user_id == USER_ID
    return sa.select(
        totals.c.totals, unlocked.achievement, unlocked.unlocked_at, unlocked.session_result_id
    ).select_from(totals.outerjoin(learner_achievements, sa.and_(is_of_learner, *conditions)))


_IDS = sa.cast(sa.bindparam("ids"), sa.ARRAY(sa.Uuid(as_uuid=False)))
_REPLAYED = unlocked_beside_totals(learner_achievements.c.session_result_id == sa.any_(_IDS))


def run_current_totals(statement: sa.Executable, parameters: dict[str, Any]) -> Sequence[Any]:
    """Run a query whose column `totals` is TOTALS, rebuilt where stale; None means no session."""
    return run_current(statement, parameters, lambda row: row.totals is not None)
