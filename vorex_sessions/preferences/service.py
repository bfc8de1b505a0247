"""Showing and setting the learner's calendar and goals."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from vorex_sessions.database import Transaction, run, run_transaction
from vorex_sessions.hooks import versions
from vorex_sessions.hooks.registry import registry
from vorex_sessions.periods import day_of
from vorex_sessions.preferences import store
from vorex_sessions.preferences.history import DEFAULTS, Preferences
from vorex_sessions.problems.kinds import Gone


def show_preferences(learner_id: str) -> dict[str, Any]:
    """What the learner has set."""
    (row,) = run(store.LATEST_IF_ANY, {"user_id": learner_id})
    return _shown(Preferences(*row) if row.set_on else DEFAULTS)


def is_set(learner_id: str) -> bool:
    """Whether the learner has set anything."""
    return bool(run(store.LATEST, {"user_id": learner_id}))


def set_preferences(learner_id: str, values: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Replace what the learner has set, from the learner's today on. Raises Gone.

    Who lets days start at 4:00 at half past one is back on the day before, and sets it from that day on. Of
    several changes on a day the last one is kept. What was set on earlier days stays for those days.
    """
    parameters = {"user_id": learner_id}

    def work(transaction: Transaction) -> dict[str, Any]:
        ((*columns, zone_name, closed),) = transaction.run(store.BEFORE_CHANGE, parameters)
        if closed:
            raise Gone("This learner's account is closed; nothing more can be set.")
        before = Preferences(*columns) if columns[0] else DEFAULTS
        starts = (before.day_starts_at, values["day_starts_at"])
        today = min(day_of(now, zone_name or "UTC", hour) for hour in starts)
        after = _changed(values, max(today, before.set_on))
        if before is DEFAULTS or after._replace(set_on=before.set_on) != before:
            transaction.defer(versions.RAISE, parameters)
            transaction.defer(store.PUT, {**parameters, **after._asdict()})
            for statement in registry().preferences_invalidation:
                transaction.defer(statement, parameters)
        return _shown(after)

    return run_transaction(work, learner_id=learner_id)


def _changed(values: Mapping[str, Any], set_on: date) -> Preferences:
    values = dict(values)
    pause = values.pop("pause") or {"from_": None, "to": None}
    return Preferences(set_on, **values, pause_from=pause["from_"], pause_to=pause["to"])


def _shown(preferences: Preferences) -> dict[str, Any]:
    shown = preferences._asdict()
    del shown["set_on"]
    start, end = shown.pop("pause_from"), shown.pop("pause_to")
    return {**shown, "pause": {"from": start, "to": end} if start else None}
