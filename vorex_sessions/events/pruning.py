"""Removes events that are older than EVENTS_KEPT_DAYS, in pages, oldest first."""

import sqlalchemy as sa

from vorex_sessions.database import Transaction, run_long, run_transaction
from vorex_sessions.flask_config import setting

_PAGE = 1000
# Days after which an event goes though it still waits: its destination has been away for so long.
LONGEST_WAIT = 30
_TIMEOUT = 60  # seconds for a page
# SKIP LOCKED: an erasure may be removing some of them, and will.
_PRUNE = sa.text(f"""
WITH page AS MATERIALIZED (
    SELECT user_id, id, written_by, occurred_at FROM events
    WHERE (written_by, id) > (:written_by, :id) ORDER BY written_by, id LIMIT {_PAGE}
), old AS MATERIALIZED (
    SELECT user_id, id FROM events JOIN page USING (user_id, id)
    WHERE page.occurred_at < now() - make_interval(days => :days)
        AND (page.occurred_at < now() - make_interval(days => greatest(:days, {LONGEST_WAIT}))
            OR NOT EXISTS (
                SELECT FROM event_queues AS queue
                WHERE queue.user_id = page.user_id AND queue.after_id < page.id))
    FOR UPDATE OF events SKIP LOCKED
), removed AS (
    DELETE FROM events USING old WHERE events.user_id = old.user_id AND events.id = old.id
    RETURNING 1
)
SELECT written_by, id, (SELECT count(*) FROM removed) AS removed,
    page.occurred_at < now() - make_interval(days => :days) AS was_old
FROM page ORDER BY written_by DESC, id DESC LIMIT 1
""")  # noqa: S608  # our own numbers

# Queues of destinations that are configured no more, when their events are gone. What is locked is being
# written to; the lock lets the next statement see what was written before it.
_ABANDONED = sa.text(f"""
SELECT user_id FROM event_queues WHERE since < now() - make_interval(days => greatest(:days, {LONGEST_WAIT}))
    AND NOT EXISTS (
        SELECT FROM events WHERE events.user_id = event_queues.user_id AND id > after_id)
ORDER BY user_id LIMIT {_PAGE} FOR UPDATE OF event_queues SKIP LOCKED
""")  # noqa: S608  # our own numbers
_DROP = sa.text("""
DELETE FROM event_queues WHERE user_id = ANY(CAST(:learners AS uuid[]))
    AND NOT EXISTS (
        SELECT FROM events WHERE events.user_id = event_queues.user_id AND id > after_id)
""")


def prune() -> int:
    """Remove what is old; returns how many events. Safe to stop, and to run twice at once."""
    place = {"written_by": -1, "id": 0}
    removed = 0
    while rows := run_long(
        _PRUNE, {**place, "days": setting("EVENTS_KEPT_DAYS")}, timeout=_TIMEOUT
    ):
        (last,) = rows
        removed += last.removed
        if not last.was_old:
            break
        place = {"written_by": last.written_by, "id": last.id}
    run_transaction(_drop_abandoned, timeout=_TIMEOUT)
    return removed


def _drop_abandoned(transaction: Transaction) -> None:
    rows = transaction.run(_ABANDONED, {"days": setting("EVENTS_KEPT_DAYS")})
    if rows:
        transaction.run(_DROP, {"learners": [str(row.user_id) for row in rows]})
