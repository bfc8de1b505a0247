"""The statements of queues.py. `:rows` are learners, each with the id of an event.

Who changes several queues locks them first, in the order of learners, and events before queues, so that no
two wait for each other. What follows the lock sees what was committed before it.
"""

import sqlalchemy as sa

_IS_OPEN = """NOT EXISTS (
        SELECT FROM event_destinations AS closed WHERE closed.destination = :destination
            AND (closed.disabled_at IS NOT NULL OR closed.paused_until > now()))"""
LEASE = sa.text(f"""
WITH due AS MATERIALIZED (
    SELECT queue.user_id FROM event_queues AS queue
    WHERE queue.destination = :destination AND due_at <= now()
        AND (CAST(:failed AS boolean) IS NULL OR (attempts > 0) = CAST(:failed AS boolean))
        AND {_IS_OPEN}
    ORDER BY due_at LIMIT :queues FOR UPDATE OF queue SKIP LOCKED
), leased AS (
    UPDATE event_queues AS queue
    SET lease = CAST(:lease AS uuid), due_at = now() + make_interval(secs => :seconds)
    FROM due WHERE queue.destination = :destination AND queue.user_id = due.user_id
    RETURNING queue.user_id, queue.after_id, queue.last_id, queue.attempts,
        CAST(extract(epoch FROM now() - queue.failing_since) AS float8) AS failing_for
)
SELECT leased.*, event.* FROM leased LEFT JOIN LATERAL (
    SELECT id, event_id, type, occurred_at, session_result_id, version, data FROM events
    WHERE events.user_id = leased.user_id AND id > leased.after_id
        AND (CAST(:types AS text[]) IS NULL OR type = ANY(CAST(:types AS text[])))
    ORDER BY id LIMIT greatest(1, CAST(:batch AS integer) / (SELECT count(*) FROM due))
) AS event ON true
ORDER BY leased.user_id, event.id
""")  # noqa: S608  # our own text
_GIVEN = """jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (user_id uuid, id bigint)"""
_IS_MINE = """queue.destination = :destination AND queue.lease = CAST(:lease AS uuid)
    AND queue.user_id = given.user_id"""
# Whoever changes several queues locks them first, so that the next statement sees what they are.
LOCK = sa.text(f"""
SELECT FROM event_queues AS queue, {_GIVEN} WHERE {_IS_MINE} ORDER BY queue.user_id FOR UPDATE OF queue
""")
REMOVE = sa.text(f"""
DELETE FROM event_queues AS queue USING {_GIVEN} WHERE {_IS_MINE} AND queue.last_id <= given.id
""")  # noqa: S608  # our own text
ADVANCE = sa.text(f"""
UPDATE event_queues AS queue SET after_id = given.id, lease = NULL, since = now(), due_at = now(),
    attempts = 0, failing_since = CASE WHEN :delivered THEN NULL ELSE failing_since END, last_answer = :says
FROM {_GIVEN} WHERE {_IS_MINE}
""")  # noqa: S608  # our own text
DELAY = sa.text(f"""
UPDATE event_queues AS queue SET lease = NULL, attempts = attempts + 1, last_answer = :says,
    failing_since = coalesce(failing_since, now()), due_at = now() + make_interval(secs =>
        (CAST(:delays AS float8[]))[least(attempts + 1, cardinality(CAST(:delays AS float8[])))]
        * (0.9 + 0.2 * random()))
FROM {_GIVEN} WHERE {_IS_MINE}
""")  # noqa: S608  # our own text
RELEASE = sa.text(f"""
UPDATE event_queues AS queue SET lease = NULL, due_at = now() FROM {_GIVEN} WHERE {_IS_MINE}
""")  # noqa: S608  # our own text
GIVE_UP = sa.text(f"""
UPDATE events SET given_up = array_append(array_remove(given_up, :destination), :destination)
FROM event_queues AS queue, {_GIVEN}
WHERE {_IS_MINE} AND events.user_id = given.user_id AND events.id = given.id
""")  # noqa: S608  # our own text
# Nothing is left that this destination gets. Whatever was written meanwhile has raised `last_id`.
REMOVE_EMPTY = sa.text(f"""
DELETE FROM event_queues AS queue USING {_GIVEN} WHERE {_IS_MINE} AND queue.last_id = given.id
    AND NOT EXISTS (
        SELECT FROM events WHERE events.user_id = queue.user_id AND events.id > queue.after_id
            AND (CAST(:types AS text[]) IS NULL OR type = ANY(CAST(:types AS text[]))))
""")  # noqa: S608  # our own text
PAUSE = sa.text("""
INSERT INTO event_destinations AS closed (destination, paused_until)
VALUES (:destination, now() + make_interval(secs => :pause))
ON CONFLICT (destination) DO UPDATE SET paused_until = greatest(closed.paused_until, excluded.paused_until)
""")
CLOSE = sa.text("""
INSERT INTO event_destinations AS closed (destination, disabled_at) VALUES (:destination, now())
ON CONFLICT (destination) DO UPDATE SET disabled_at = coalesce(closed.disabled_at, excluded.disabled_at)
""")
