"""The statements of queues.py and leasing.py. All but LEASE and DUE are of one learner, `:user_id`.

Who changes several queues does so in the order of learners, and events before queues, so that no two wait for
each other. A queue that is written to meanwhile is judged again by what it then is.
"""

import sqlalchemy as sa

_IS_OPEN = """NOT EXISTS (
        SELECT FROM event_destinations AS closed WHERE closed.destination = :destination
            AND (closed.disabled_at IS NOT NULL OR closed.paused_until > now()))"""
_IS_DUE = """due_at <= now()
        AND (CAST(:failed AS boolean) IS NULL OR (attempts > 0) = CAST(:failed AS boolean))"""
_IS_WANTED = "(CAST(:types AS text[]) IS NULL OR type = ANY(CAST(:types AS text[])))"
_QUEUE = """queue.user_id, queue.after_id, queue.last_id, queue.attempts,
        CAST(extract(epoch FROM now() - queue.failing_since) AS float8) AS failing_for"""
_EVENT = "id, event_id, type, occurred_at, session_result_id, version, data"
# Of one machine: leases several queues at once, and reads their events.
LEASE = sa.text(f"""
WITH due AS MATERIALIZED (
    SELECT queue.user_id FROM event_queues AS queue
    WHERE queue.destination = :destination AND {_IS_DUE} AND {_IS_OPEN}
    ORDER BY due_at LIMIT :queues FOR UPDATE OF queue SKIP LOCKED
), leased AS (
    UPDATE event_queues AS queue
    SET lease = CAST(:lease AS uuid), due_at = now() + make_interval(secs => :seconds)
    FROM due WHERE queue.destination = :destination AND queue.user_id = due.user_id
    RETURNING {_QUEUE}
)
SELECT leased.*, event.* FROM leased LEFT JOIN LATERAL (
    SELECT {_EVENT} FROM events
    WHERE events.user_id = leased.user_id AND id > leased.after_id AND {_IS_WANTED}
    ORDER BY id LIMIT greatest(1, CAST(:batch AS integer) / (SELECT count(*) FROM due))
) AS event ON true
ORDER BY leased.user_id, event.id
""")  # noqa: S608  # our own text
# Of several machines: whose queues are due, then each learner's lease, then what was leased.
DUE = sa.text(f"""
SELECT user_id FROM event_queues WHERE destination = :destination AND {_IS_DUE} AND {_IS_OPEN}
ORDER BY due_at LIMIT :queues
""")  # noqa: S608  # our own text
LEASE_ONE = sa.text(f"""
UPDATE event_queues SET lease = CAST(:lease AS uuid), due_at = now() + make_interval(secs => :seconds)
WHERE user_id = CAST(:user_id AS uuid) AND destination = :destination AND EXISTS (
    SELECT FROM event_queues WHERE user_id = CAST(:user_id AS uuid) AND destination = :destination
        AND {_IS_DUE}
    FOR UPDATE SKIP LOCKED)
""")  # noqa: S608  # our own text
LEASED = sa.text(f"""
SELECT {_QUEUE}, event.* FROM event_queues AS queue LEFT JOIN LATERAL (
    SELECT {_EVENT} FROM events
    WHERE events.user_id = CAST(:user_id AS uuid) AND id > queue.after_id AND {_IS_WANTED}
    ORDER BY id LIMIT :events
) AS event ON true
WHERE queue.user_id = CAST(:user_id AS uuid) AND destination = :destination
    AND lease = CAST(:lease AS uuid)
ORDER BY event.id
""")  # noqa: S608  # our own text
# The same as DUE where a machine is away: each one is asked by itself, for all shards that it has.
DUE_OF_EACH = sa.text(f"""
SELECT answer.result FROM (
    SELECT array_agg(CAST(nodename AS text)) AS names, array_agg(nodeport) AS ports, array_agg(format(
        'SELECT json_agg(json_build_array(extract(epoch FROM due_at), user_id)) FROM (
            SELECT due_at, user_id FROM (%s) AS queue WHERE destination = %L AND due_at <= now()
                AND (CAST(%L AS boolean) IS NULL OR (attempts > 0) = CAST(%L AS boolean))
            ORDER BY due_at LIMIT %s) AS due',
        queues, CAST(:destination AS text), CAST(:failed AS boolean), CAST(:failed AS boolean),
        CAST(:queues AS integer))) AS commands
    FROM (
        SELECT nodename, nodeport, string_agg(
            'SELECT * FROM ' || shard_name(logicalrelid, shardid), ' UNION ALL ') AS queues
        FROM pg_dist_shard JOIN pg_dist_placement USING (shardid) JOIN pg_dist_node USING (groupid)
        WHERE logicalrelid = CAST('event_queues' AS regclass) AND noderole = 'primary'
        GROUP BY nodename, nodeport
    ) AS machine
) AS machines CROSS JOIN LATERAL master_run_on_worker(names, ports, commands, true) AS answer
WHERE answer.success AND {_IS_OPEN}
""")  # noqa: S608  # our own text
DO_NOT_WAIT = sa.text("SELECT set_config('citus.node_connection_timeout', '500', true)")
_IS_MINE = """user_id = CAST(:user_id AS uuid) AND destination = :destination
    AND lease = CAST(:lease AS uuid)"""
REMOVE = sa.text(f"""
DELETE FROM event_queues WHERE {_IS_MINE} AND last_id <= :id
""")  # noqa: S608  # our own text
ADVANCE = sa.text(f"""
UPDATE event_queues SET after_id = :id, lease = NULL, since = now(), due_at = now(), attempts = 0,
    failing_since = CASE WHEN :delivered THEN NULL ELSE failing_since END, last_answer = :says
WHERE {_IS_MINE}
""")  # noqa: S608  # our own text
# No interval is added to an instant here, and no now() stands in COALESCE: Citus takes neither for immutable.
DELAY = sa.text(f"""
UPDATE event_queues SET lease = NULL, attempts = attempts + 1, last_answer = :says,
    failing_since = least(failing_since, now()),
    due_at = to_timestamp(CAST(extract(epoch FROM now()) AS float8) + :jitter
        * (CAST(:delays AS float8[]))[least(attempts + 1, cardinality(CAST(:delays AS float8[])))])
WHERE {_IS_MINE}
""")  # noqa: S608  # our own text
RELEASE = sa.text(f"""
UPDATE event_queues SET lease = NULL, due_at = now() WHERE {_IS_MINE}
""")  # noqa: S608  # our own text
GIVE_UP = sa.text(f"""
UPDATE events SET given_up = array_append(array_remove(given_up, :destination), :destination)
WHERE user_id = CAST(:user_id AS uuid) AND id = :id
    AND EXISTS (SELECT FROM event_queues WHERE {_IS_MINE})
""")  # noqa: S608  # our own text
# Nothing is left that this destination gets. Whatever is written meanwhile raises `last_id`.
REMOVE_EMPTY = sa.text(f"""
DELETE FROM event_queues AS queue WHERE {_IS_MINE} AND last_id = :id
    AND NOT EXISTS (
        SELECT FROM events WHERE events.user_id = CAST(:user_id AS uuid)
            AND events.id > queue.after_id AND {_IS_WANTED})
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
