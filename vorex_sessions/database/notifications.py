"""PostgreSQL's LISTEN and NOTIFY, for what other processes should hear soon.

A NOTIFY takes a lock of the whole server when its transaction commits: it is never part of one that writes,
and there is none where nobody listens. Who listens holds a shared lock, by which that is seen.
"""

import select
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database.queries import run
from vorex_sessions.database.timeouts import QUERY_TIMEOUT, deadline
from vorex_sessions.extensions import db

LONGEST = 7900  # bytes of a payload; PostgreSQL takes fewer than 8,000
# 1987 is of two numbers, so that the lock is none of the learners'.
_LISTENS = "SELECT pg_advisory_lock_shared(1987, hashtext(%s))"
# The payloads are in order. Two who notify at the same moment may take each other for a listener.
_NOTIFY = sa.text(
    "SELECT pg_notify(:channel, payload) FROM unnest(CAST(:payloads AS text[])) AS payload "
    "WHERE NOT pg_try_advisory_xact_lock(1987, hashtext(:channel))"
)


def notify(channel: str, payloads: Sequence[str]) -> None:
    """Tell all who listen. Raises DBAPIError or PoolTimeout."""
    run(_NOTIFY, {"channel": channel, "payloads": list(payloads)})


class Listener:
    """A connection of its own, beside the pool, that hears a channel. Not behind a transaction pooler."""

    def __init__(self, channel: str) -> None:
        fairy: Any = db.engine.raw_connection()
        fairy.detach()  # the pool may make another one in its place
        self._connection: Any = fairy.dbapi_connection
        try:
            # The lock comes first: what is not heard before LISTEN was changed before its caller looks.
            with deadline(QUERY_TIMEOUT), self._connection.cursor() as cursor:
                cursor.execute(_LISTENS, (channel,))
                cursor.execute(f'LISTEN "{channel}"')
        except BaseException:
            self.close()
            raise

    def wait(self, seconds: float) -> list[str]:
        """The payloads that have come, at the latest after some seconds. Raises psycopg2.Error."""
        poller = select.poll()
        poller.register(self._connection.fileno(), select.POLLIN)
        poller.poll(seconds * 1000)
        self._connection.poll()
        heard = [notice.payload for notice in self._connection.notifies]
        self._connection.notifies.clear()
        return heard

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
