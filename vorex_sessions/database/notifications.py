"""PostgreSQL's LISTEN and NOTIFY, for what other processes should hear soon.

A NOTIFY takes a lock of the whole server when its transaction commits: it is never part of one that writes.
"""

import select
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database.queries import run
from vorex_sessions.extensions import db

LONGEST = 7900  # bytes of a payload; PostgreSQL takes fewer than 8,000
_NOTIFY = sa.select(sa.func.pg_notify(sa.bindparam("channel"), sa.bindparam("payload")))


def notify(channel: str, payload: str) -> None:
    """Tell all who listen. Raises DBAPIError or PoolTimeout."""
    run(_NOTIFY, {"channel": channel, "payload": payload})


class Listener:
    """A connection of its own, beside the pool, that hears a channel. Not behind a transaction pooler."""

    def __init__(self, channel: str) -> None:
        fairy: Any = db.engine.raw_connection()
        fairy.detach()  # the pool may make another one in its place
        self._connection: Any = fairy.dbapi_connection
        cursor = self._connection.cursor()
        cursor.execute(f'LISTEN "{channel}"')
        cursor.close()

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
