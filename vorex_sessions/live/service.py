"""Heartbeats of practice that goes on. The learner's id comes first and is part of every statement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from vorex_sessions.database import Transaction, run, run_transaction
from vorex_sessions.flask_config import setting
from vorex_sessions.hooks.freshness import right_until
from vorex_sessions.live import heartbeats, states, store
from vorex_sessions.periods import offset_name, stamp
from vorex_sessions.problems.kinds import Conflict, Gone, Problem, TooManyLive
from vorex_sessions.problems.validation import validation_problem

MOST = 10  # live sessions of a learner
_MOST_KEPT = 100  # with the cancelled ones
_TIMES = ("started_at", "heartbeat_at")
_HIDDEN = ("created_at", "cancelled")
_DEFAULTS: Mapping[str, Any] = {
    **dict.fromkeys(("pronunciation_score", "fluency_score", "grammar_score")),
    **{"words_spoken": 0, "topics": [], "vocabulary_learned": [], "metadata": {}},
}


def beat(
    learner_id: str, session_result_id: str, body: Mapping[str, Any], *, now: datetime
) -> tuple[dict[str, Any], bool]:
    """Start a live session or keep it alive; returns it as it is now, and whether this has started it.

    Raises Invalid, Conflict, Gone or TooManyLive. The learner's lock decides between a heartbeat and a save.
    """
    heartbeat = _completed(session_result_id, body)
    key = {"user_id": learner_id, "session_result_id": session_result_id}

    def work(transaction: Transaction) -> tuple[dict[str, Any], bool]:
        (row,) = transaction.run(store.BEFORE_HEARTBEAT, {**key, **_limits(now)})
        stored = _stored(row, now)
        if problem := _refusal(row, stored, heartbeat, now):
            raise problem
        if live := heartbeats.merged(stored, heartbeat, now):
            transaction.defer(store.PUT, {**key, **_written(live)})
        return live or stored or {}, stored is None

    live, is_new = run_transaction(work, learner_id=learner_id)
    return _shown(live, now), is_new


def show_all(learner_id: str, *, now: datetime) -> dict[str, Any]:
    """The learner's live sessions, the one that was started first at the top."""
    rows = run(store.SHOWN, {"user_id": learner_id, **_limits(now)})
    for row in rows:
        right_until(states.next_change(row.heartbeat_at, now))
    return {"sessions": [_shown(row._asdict(), now) for row in rows], "interval": states.INTERVAL}


def state(learner_id: str) -> str:
    """A text that changes with the learner's live sessions."""
    return run(store.STATE, {"user_id": learner_id})[0].state or ""


def cancel(learner_id: str, session_result_id: str, *, now: datetime) -> None:
    """End a live session without saving it; to repeat it is no error. Raises Conflict if it is saved.

    It is remembered as long as a live session is, also where its first heartbeat is still on its way.
    """
    parameters = {
        "user_id": learner_id,
        "session_result_id": session_result_id,
        "heartbeat_at": states.whole_second(now),
        **_limits(now),
    }
    never_live = _written(heartbeats.never_live(session_result_id, now))

    def work(transaction: Transaction) -> bool:
        transaction.defer(store.CANCEL, parameters)
        (row,) = transaction.run(store.BEFORE_REMEMBERING, parameters)
        if not (row.saved or row.over) and row.kept < store.MOST_REMEMBERED:
            transaction.defer(store.REMEMBER_CANCELLED, {**parameters, **never_live})
        return bool(row.saved)

    if run_transaction(work, learner_id=learner_id):
        raise Conflict("This session is saved already, so it is not live; delete it instead.")


def _completed(session_result_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a heartbeat gives, with defaults."""
    return {
        **_DEFAULTS,
        "language": setting("DEFAULT_LANGUAGE"),
        "timezone": offset_name(body["started_at"]),
        **body,
        "session_result_id": session_result_id,
    }


def _written(live: Mapping[str, Any]) -> dict[str, Any]:
    """A live session as its statements take it."""
    return {**live, "metadata": orjson.dumps(live["metadata"]).decode()}


def _limits(now: datetime) -> dict[str, datetime]:
    return {"gone_before": now - states.GONE_AFTER}


def _stored(row: Any, now: datetime) -> dict[str, Any] | None:
    """The live session in a row of BEFORE_HEARTBEAT, unless it is gone."""
    if row.seq is None or states.state_of(row.heartbeat_at, now) == states.GONE:
        return None
    columns = row._asdict()
    return {name: columns[name] for name in store.NAMES}


def _refusal(
    row: Any, stored: Mapping[str, Any] | None, heartbeat: Mapping[str, Any], now: datetime
) -> Problem | None:
    started_at = heartbeat["started_at"]
    if row.closed:
        return Gone("This learner's account is closed; nothing more can be saved.")
    if row.deleted:
        return Gone("This session was deleted; it cannot be saved again.")
    if row.saved:
        return Conflict("This session is saved already; correct it instead.")
    if row.erased_at and started_at <= row.erased_at:
        return Gone("This session began before its learner's data was erased.")
    if stored and stored["cancelled"]:
        return Gone("This live session was cancelled.")
    if rule := heartbeats.start_error(started_at, now, is_new=stored is None):
        return validation_problem({"started_at": [rule]})
    if row.live >= MOST or row.kept >= _MOST_KEPT:
        return TooManyLive()
    return None


def _shown(live: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    heartbeat_at = live["heartbeat_at"]
    return {
        **{name: value for name, value in live.items() if name not in _HIDDEN},
        **{name: stamp(live[name]) for name in _TIMES},
        "state": states.state_of(heartbeat_at, now),
        "resumable_until": stamp(states.gone_at(heartbeat_at)),
    }
