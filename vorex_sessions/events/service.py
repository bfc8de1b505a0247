"""Events for who would rather pull: pages in an order to which nothing is added behind the reader.

Events of a transaction that is running become visible later, with numbers below those of others. So a page
ends before the oldest transaction that is running; with `DB_DISTRIBUTED` horizon.py asks every machine.
"""

import struct
import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from vorex_sessions import cursors
from vorex_sessions.database import run
from vorex_sessions.events.horizon import horizon
from vorex_sessions.events.payload import payload
from vorex_sessions.events.queues import event_of
from vorex_sessions.flask_config import setting
from vorex_sessions.hooks.events import are_kept
from vorex_sessions.models import events
from vorex_sessions.problems.kinds import NotFound

# written_by, id, and until when the reader has everything (Unix time): when the page was read, or where more
# follows, when its last event happened. Who has not reached the end yet has its own beginning, negative: the
# first events it gets may be as old as those that are removed.
_PLACE = struct.Struct(">qqq")
_BEGINNING = (-1, 0)
_DAY = 24 * 3600
_MOST_READ = 5000  # events that a page looks at, where a type is asked for
_NEXT = f"""
WITH page AS (
    SELECT {", ".join(column.name for column in events.c)} FROM events
    WHERE (written_by, id) > (:written_by, :id)
        AND written_by < HORIZON
    ORDER BY written_by, id LIMIT CASE WHEN CAST(:type AS text) IS NULL THEN :limit ELSE {_MOST_READ} END
), wanted AS (
    SELECT * FROM page WHERE CAST(:type AS text) IS NULL OR type = CAST(:type AS text)
    ORDER BY written_by, id LIMIT :limit
), read AS (
    SELECT count(*) AS number, max(written_by) AS last_written_by, max(occurred_at) AS last_at FROM page
)
SELECT wanted.*, read.number, read.last_written_by, read.last_at,
    (SELECT max(page.id) FROM page WHERE page.written_by = read.last_written_by) AS last_id
FROM read LEFT JOIN wanted ON true ORDER BY wanted.written_by, wanted.id
"""  # noqa: S608  # our own names and number
_OLDEST = "CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"
_NEXT_BEFORE_OLDEST = sa.text(_NEXT.replace("HORIZON", _OLDEST))
_NEXT_BEFORE = sa.text(_NEXT.replace("HORIZON", ":horizon"))  # on several machines


class NoEvents(NotFound):
    """The service keeps no events."""

    detail = "The service keeps no events; its operator can set EVENTS=true."


def list_events(
    *, after: str | None = None, event_type: str | None = None, limit: int
) -> dict[str, Any]:
    """The events after a place, as the API returns them. Raises Invalid and NoEvents.

    With a type, a page may be short though more follow. `missed`: events may have been removed that the
    reader does not have.
    """
    if not are_kept():
        raise NoEvents
    filters, now = {"type": event_type}, int(time.time())
    written_by, number, has_until = _read(after, filters, now)
    place = {"written_by": written_by, "id": number}
    rows = _read_page({**place, "type": event_type, "limit": limit + 1})
    found = [row for row in rows if row.id is not None]
    shown = found[:limit]
    most_read = limit + 1 if event_type is None else _MOST_READ
    has_more = len(found) > limit or rows[0].number == most_read
    if len(found) > limit:
        written_by, number, last_at = shown[-1].written_by, shown[-1].id, shown[-1].occurred_at
    elif rows[0].number:
        written_by, number, last_at = rows[0].last_written_by, rows[0].last_id, rows[0].last_at
    if not has_more:
        until = now
    else:
        until = has_until if has_until < 0 else int(last_at.timestamp())
    events = [event_of(row) for row in shown]
    return {
        "events": [{"id": event.event_id, **payload(event)} for event in events],
        "next": cursors.write(_PLACE.pack(written_by, number, until), filters),
        "has_more": has_more,
        "missed": after is not None and now - abs(has_until) > setting("EVENTS_KEPT_DAYS") * _DAY,
    }


def _read_page(parameters: dict[str, Any]) -> Sequence[Any]:
    if setting("DB_DISTRIBUTED"):
        return run(_NEXT_BEFORE, {**parameters, "horizon": horizon()})
    return run(_NEXT_BEFORE_OLDEST, parameters)


def _read(after: str | None, filters: dict[str, Any], now: int) -> tuple[int, int, int]:
    """The place that a reader sends back. Raises Invalid."""
    if after is None:
        return (*_BEGINNING, -now)
    place = cursors.read(after, filters, size=_PLACE.size, parameter="after")
    written_by, number, has_until = _PLACE.unpack(place)
    return written_by, number, has_until
