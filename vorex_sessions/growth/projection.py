"""Totals, words and achievements, kept current with every save.

A row of learner_totals that is missing, or not `counted`, is rebuilt from the sessions when it is next
needed: after deletes, corrections and purges, and for learners from before this capability.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import Transaction, run
from vorex_sessions.flask_config import setting
from vorex_sessions.growth import history as past
from vorex_sessions.growth import store, telling, unlocking, words
from vorex_sessions.growth.totals import (
    SCORES,
    Totals,
    from_columns,
    is_late,
    seconds_by_day,
    with_scores,
)
from vorex_sessions.hooks import projections
from vorex_sessions.hooks.all_sessions import AllSessions
from vorex_sessions.hooks.projections import AnswerExtras, SaveEvent
from vorex_sessions.models import learner_achievements
from vorex_sessions.preferences.history import History, from_json
from vorex_sessions.preferences.store import HISTORY

_Add = Callable[[Sequence[Any]], tuple[Totals, list[unlocking.Unlock]]]
_OF_WORDS = frozenset(("vocabulary_learned", "vocabulary_results", "completed_at", "language"))
_OF_TOTALS = frozenset(
    "session_type duration_seconds words_spoken completed_at timezone "
    "pronunciation_score fluency_score grammar_score".split()
)
_IDS = sa.cast(sa.bindparam("ids"), sa.ARRAY(sa.Uuid(as_uuid=False)))
_REPLAYED = telling.unlocked_beside_totals(
    learner_achievements.c.session_result_id == sa.any_(_IDS)
)
_TOTALS = sa.select(store.TOTALS.label("totals"))
_SET = sa.select(HISTORY.label("history"))


class GrowthProjection(projections.Projection):
    """Totals, words and unlocks of a learner."""

    own_mark = store.IS_COUNTED
    preferences_invalidation = (store.MARK_STALE,)
    derived_from = _OF_TOTALS | _OF_WORDS

    def invalidation(self, fields: Collection[str] | None) -> Sequence[sa.Executable]:
        """Totals have a mark of their own: after a late score, words and other projections stay current."""
        if fields is None:  # nothing may be left of a learner without sessions
            return (store.NO_TOTALS, words.NO_WORDS)
        if not _OF_WORDS.isdisjoint(fields):
            return (store.MARK_STALE, words.NO_WORDS, projections.MARK_STALE)
        # on_correct looks after scores.
        return (
            () if self.derived_from.difference(SCORES).isdisjoint(fields) else (store.MARK_STALE,)
        )

    def insert_cte(self, new: sa.CTE, *, is_large: bool) -> sa.CTE:
        """Add the words of the saved sessions."""
        return words.insert_cte(new, is_large=is_large)

    def defer_insert(self, event: SaveEvent, *, is_large: bool) -> None:
        """Add the words of the saved sessions."""
        words.defer_insert(event, is_large=is_large)

    def context(self, new: sa.CTE, inserted: sa.CTE | None) -> sa.ScalarSelect[Any]:
        """The totals before this save, what is found of its words, and what the learner has set."""
        context = sa.func.json_build_object(
            *(sa.literal_column("'totals'"), store.TOTALS),
            *(sa.literal_column("'words'"), words.found_words(new, inserted)),
            *(sa.literal_column("'history'"), HISTORY),
        )
        return sa.select(context).scalar_subquery()

    def on_save(self, event: SaveEvent, context: Any) -> AnswerExtras:
        """Add the saved sessions to the totals; the extras are unlocks and the streak."""
        history = from_json(context["history"])
        if context["totals"] is None and not event.is_first:
            return self._recount(event, history)
        transaction, learner_id, saved = event.transaction, event.learner_id, event.saved_rows
        before, days = from_columns(context["totals"]), None
        if is_late(before, saved):
            days = past.seconds_by_day(transaction, learner_id, without=event.saved_ids)
        after, unlocks = unlocking.accumulate(
            saved,
            setting("STREAK_MIN_SECONDS"),
            before=before,
            known_words=words.known_before(context["words"], saved),
            days=days,
            history=history,
        )
        kind = "first" if event.is_first else "added"
        version = projections.VERSION
        added = store.store(
            transaction, learner_id, after, unlocks, kind=kind, derived_version=version
        )
        return telling.told(event, after, added, history)

    def _recount(self, event: SaveEvent, history: History) -> AnswerExtras:
        """Count all sessions again, as the totals are stale: the saved ones after the earlier ones."""
        add, earlier = _counted(event, event.saved_rows, history)
        after, unlocks = add(event.saved_rows)
        added = store.store(
            event.transaction,
            event.learner_id,
            after,
            unlocks,
            earlier=earlier,
            kind="again",
            derived_version=projections.VERSION if event.is_current else 0,
        )
        return telling.told(event, after, added, history)

    def on_correct(self, event: SaveEvent, old: Any, fields: Collection[str]) -> AnswerExtras:
        """The correction unlocks what is reached with it and was not without."""
        (new,) = event.saved_rows
        if self.derived_from.isdisjoint(fields):
            return {str(new.session_result_id): {"achievements_unlocked": []}}
        after, added = self._corrected_scores(event, old, fields) or self._recount_corrected(
            event, old
        )
        ids = [str(new.session_result_id)]
        unlocks = telling.unlocked(after, [unlock._asdict() for unlock in added], ids)
        return {name: {"achievements_unlocked": shown} for name, shown in unlocks.items()}

    def _corrected_scores(
        self, event: SaveEvent, old: Any, fields: Collection[str]
    ) -> tuple[Totals, list[unlocking.Unlock]] | None:
        """Change the totals, where only scores were corrected: that is what most corrections are."""
        if not set(SCORES).issuperset(fields):
            return None
        (row,) = event.transaction.run(_TOTALS, {"user_id": event.learner_id})
        before = row.totals and from_columns(row.totals)
        after = before and with_scores(before, old, event.saved_rows[0])
        if after is None:
            return None
        unlocks = unlocking.reached(before, after, event.saved_rows[0])
        return after, store.store(event.transaction, event.learner_id, after, unlocks)

    def _recount_corrected(
        self, event: SaveEvent, old: Any
    ) -> tuple[Totals, list[unlocking.Unlock]]:
        """Count all sessions again."""
        (new,) = event.saved_rows
        add, earlier = _counted(event, [old, new], _history(event.transaction, event.learner_id))
        before, _ = add([old])
        after, unlocks = add([new])
        added = store.store(
            event.transaction,
            event.learner_id,
            after,
            unlocking.reached(before, after, new),
            earlier=[*earlier, *unlocks],
            kind="again",
        )
        return after, added

    def on_replay(self, learner_id: str, ids: Sequence[str], now: datetime) -> AnswerExtras:
        """The achievements that the first save unlocked, and the current streak."""
        rows = telling.run_current_totals(_REPLAYED, {"user_id": learner_id, "ids": list(ids)})
        unlocks = [row._asdict() for row in rows if row.achievement]
        totals = from_columns(rows[0].totals)
        summary = telling.current_streak(
            totals, learner_id, now, run, history=from_json(rows[0].history)
        )
        return telling.extras(totals, unlocks, ids, summary)

    def rebuild(self, transaction: Transaction, learner_id: str, sessions: AllSessions) -> None:
        """Derive totals and words from all sessions. A question unlocks nothing."""
        self._rebuild(transaction, learner_id, unlocks=False)

    def rebuild_for_operator(
        self, transaction: Transaction, learner_id: str, sessions: AllSessions
    ) -> None:
        """The same, and unlock what is reached: the catalogue may have grown."""
        self._rebuild(transaction, learner_id, unlocks=True)

    def _rebuild(self, transaction: Transaction, learner_id: str, *, unlocks: bool) -> None:
        if sessions := past.read(transaction, learner_id):
            totals, reached = unlocking.accumulate_all(
                sessions, setting("STREAK_MIN_SECONDS"), _history(transaction, learner_id)
            )
            new = reached if unlocks else ()
            store.store(transaction, learner_id, totals, new, kind="again")
        else:  # nothing is stored for a learner without sessions
            for statement in self.invalidation(None):
                transaction.defer(statement, {"user_id": learner_id})


def _history(transaction: Transaction, learner_id: str) -> History:
    """What the learner has set; for what no save has read."""
    return from_json(transaction.run(_SET, {"user_id": learner_id})[0].history)


def _counted(
    event: SaveEvent, sessions: Sequence[Any], history: History
) -> tuple[_Add, Sequence[unlocking.Unlock]]:
    """What adds `sessions` to the totals of all but the saved ones; and what those unlock."""
    event.take_time()
    transaction, learner_id, ids = event.transaction, event.learner_id, event.saved_ids
    shortest_day, others = (
        setting("STREAK_MIN_SECONDS"),
        past.read(transaction, learner_id, without=ids),
    )
    totals, unlocks = unlocking.accumulate_all(others, shortest_day, history)
    named = words.all_words(sessions)
    add = partial(
        unlocking.accumulate,
        shortest_day=shortest_day,
        before=totals,
        known_words=past.known_words(transaction, learner_id, named, without=ids),
        days=seconds_by_day(others),
        history=history,
    )
    return add, unlocks
