"""Removes events that are older than EVENTS_KEPT_DAYS, in pages, oldest first."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import run, run_long
from vorex_sessions.flask_config import setting

_PAGE = 1000
# Days after which an event goes though it still waits: its destination has been away for so long.
LONGEST_WAIT = 30
_TIMEOUT = 60  # seconds for a page
_WAS_OLD = "occurred_at < now() - make_interval(days => :days)"
_AFTER = "(written_by, id) > (:written_by, :id)"


def _may_go(event: str) -> str:
    """Whether an old event is awaited by no destination, or has waited for too long."""
    return f"""({event}.occurred_at < now() - make_interval(days => greatest(:days, {LONGEST_WAIT}))
            OR NOT EXISTS (
                SELECT FROM event_queues AS queue
                WHERE queue.user_id = {event}.user_id AND queue.after_id < {event}.id))"""


# SKIP LOCKED: an erasure may be removing some of them, and will.
_PRUNE = sa.text(f"""
WITH page AS MATERIALIZED (
    SELECT user_id, id, written_by, occurred_at FROM events
    WHERE {_AFTER} ORDER BY written_by, id LIMIT :page
), old AS MATERIALIZED (
    SELECT user_id, id FROM events JOIN page USING (user_id, id)
    WHERE page.{_WAS_OLD} AND {_may_go("page")}
    FOR UPDATE OF events SKIP LOCKED
), removed AS (
    DELETE FROM events USING old WHERE events.user_id = old.user_id AND events.id = old.id
    RETURNING 1
)
SELECT written_by, id, (SELECT count(*) FROM removed) AS removed, page.{_WAS_OLD} AS was_old
FROM page ORDER BY written_by DESC, id DESC LIMIT 1
""")  # noqa: S608  # our own text
# The same on several machines: where a page ends, then one removal that each machine does for itself.
_PAGE_END = sa.text(f"""
SELECT written_by, id, {_WAS_OLD} AS was_old FROM events
WHERE {_AFTER} ORDER BY written_by, id LIMIT :page
""")  # noqa: S608  # our own text
_REMOVE = sa.text(f"""
DELETE FROM events WHERE {_AFTER} AND (written_by, id) <= (:last_written_by, :last_id)
    AND {_WAS_OLD} AND {_may_go("events")}
RETURNING 1
""")  # noqa: S608  # our own text
# Queues of destinations that are configured no more, when their events are gone.
_ABANDONED = sa.text(f"""
SELECT user_id, destination, after_id, last_id FROM event_queues
WHERE since < now() - make_interval(days => greatest(:days, {LONGEST_WAIT}))
    AND NOT EXISTS (
        SELECT FROM events WHERE events.user_id = event_queues.user_id AND id > after_id)
LIMIT :page
""")  # noqa: S608  # our own number
# Whatever is queued meanwhile raises `last_id`, or lowers `after_id`.
_DROP = sa.text("""
DELETE FROM event_queues WHERE user_id = CAST(:user_id AS uuid) AND destination = :destination
    AND after_id = :after_id AND last_id = :last_id
""")


def prune() -> int:
    """Remove what is old; returns how many events. Safe to stop, and to run twice at once."""
    place = {"written_by": -1, "id": 0}
    limits = {"days": setting("EVENTS_KEPT_DAYS"), "page": _PAGE}
    take = _take_apart if setting("DB_DISTRIBUTED") else _take
    removed, goes_on = 0, True
    while goes_on:
        count, goes_on, place = take({**place, **limits})
        removed += count
    _drop_abandoned(limits)
    return removed


def _take(parameters: Mapping[str, Any]) -> tuple[int, bool, dict[str, int]]:
    """Remove what is old in the next page; returns how many, whether more may follow, and its end."""
    rows = run_long(_PRUNE, parameters, timeout=_TIMEOUT)
    if not rows:
        return 0, False, {}
    return rows[0].removed, rows[0].was_old, _place_of(rows[0])


def _take_apart(parameters: Mapping[str, Any]) -> tuple[int, bool, dict[str, int]]:
    """The same on several machines."""
    rows = run_long(_PAGE_END, parameters, timeout=_TIMEOUT)
    if not rows:
        return 0, False, {}
    last = rows[-1]
    end = {"last_written_by": last.written_by, "last_id": last.id}
    removed = run_long(_REMOVE, {**parameters, **end}, timeout=_TIMEOUT)
    return len(removed), last.was_old, _place_of(last)


def _place_of(row: Any) -> dict[str, int]:
    return {"written_by": row.written_by, "id": row.id}


def _drop_abandoned(limits: Mapping[str, Any]) -> None:
    for row in run_long(_ABANDONED, limits, timeout=_TIMEOUT):
        run(_DROP, {**row._asdict(), "user_id": str(row.user_id)})
