"""The time and the zone of a session: what the device adds, and how it is corrected."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from vorex_sessions_client.clock import Clock, local_time, time_zone
from vorex_sessions_client.entries import Entry
from vorex_sessions_client.problems import Problem

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # the service takes nothing before
_CORRECTABLE = {"completed_at", "timezone"}
_STATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


def complete(session: Mapping[str, Any], id: str, now: datetime) -> dict[str, Any]:
    """Return a session with its id, its time and where it was: by zone, or by the offset of its time."""
    zone = session.get("timezone") or time_zone()
    completed_at = session.get("completed_at") or local_time(now)
    instant = _instant(completed_at)
    # `Z` without a zone would be the calendar of UTC, though the device knows its offset.
    if not zone and instant and str(completed_at).upper().endswith("Z"):
        completed_at = local_time(instant)
    whole = {**session, "session_result_id": id, "completed_at": completed_at, "timezone": zone}
    return whole if zone else {name: whole[name] for name in whole if name != "timezone"}


def shifted(entry: Entry, seconds: float) -> Entry:
    """Return an entry with a time so much later."""
    instant = _instant(entry.session["completed_at"])
    return entry.with_time(local_time(instant + timedelta(seconds=seconds))) if instant else entry


def corrected(entry: Entry, problem: Problem, clock: Clock) -> Entry | None:
    """Return an entry as it can be sent once more after a 422.

    None: something else is wrong, or this was corrected before. Nothing was stored under its id, so another
    content is no conflict.
    """
    errors = problem.get("errors") if problem.get("status") == 422 else None
    named = [error.get("pointer") for error in _listed(errors) if isinstance(error, dict)]
    members = {str(pointer).rpartition("/")[2] for pointer in named}
    if not members or not members <= _CORRECTABLE - set(entry.corrected):
        return None
    session = dict(entry.session)
    if "completed_at" in members:
        instant = _instant(session.get("completed_at"))
        if instant is None:
            return None
        better = _corrected_time(instant, server_time(problem, clock), clock.skew())
        session["completed_at"] = better and local_time(better)
        if better is None:
            del session["completed_at"]  # the service then takes its own time
    if "timezone" in members:
        session.pop("timezone", None)  # the offset of `completed_at` says it instead
        if instant := _instant(session.get("completed_at")):
            session["completed_at"] = local_time(instant)
    return replace(entry, session=session, corrected=(*entry.corrected, *sorted(members)))


def server_time(problem: Problem, clock: Clock) -> datetime | None:
    """Return the server's time: by a `Date` header, or else as the refusal says it."""
    if clock.skew() is None:
        stated = _STATED.search(str(problem.get("errors")) + str(problem.get("detail")))
        if not stated:
            return None
        clock.observe_time(datetime.fromisoformat(stated[0]))
    return clock.now()


def _corrected_time(instant: datetime, now: datetime | None, skew: float | None) -> datetime | None:
    """Return a better time.

    The clock was wrong when the session ended. If it still is, the difference is the same; if it was set
    since, the session ended at the latest now.
    """
    if now is None:
        return None
    try:
        better = instant + timedelta(seconds=skew or 0.0)
    except OverflowError:
        return now
    return better if _EARLIEST <= better <= now else now


def _instant(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
