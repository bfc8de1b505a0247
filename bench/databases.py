"""The bench's databases, in an embedded PostgreSQL of their own under `instance/bench`."""

import os
import subprocess
import sys
import time
from contextlib import closing
from datetime import date
from pathlib import Path

import psutil
import psycopg2
from psycopg2 import sql

from bench import data
from vorex_sessions.local import embedded_postgres

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
FOLDER = ROOT / "instance" / "bench" / "postgres"
BUFFERS = psutil.virtual_memory().total // 4  # bytes
SECRET = "the bench's own secret, which protects nothing of value"  # noqa: S105  # it signs made-up tokens


class Server:
    """The embedded server with its default settings, except buffers of a quarter of the memory.

    As https://www.postgresql.org/docs/current/runtime-config-resource.html recommends.
    """

    def __init__(self) -> None:
        self._address = embedded_postgres.start(FOLDER)
        with closing(psycopg2.connect(self._address)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                wanted = f"{BUFFERS >> 20}MB"
                cursor.execute(
                    "SELECT pg_size_bytes(current_setting('shared_buffers')) = pg_size_bytes(%s)",
                    [wanted],
                )
                if cursor.fetchone() == (True,):
                    return
                cursor.execute(
                    sql.SQL("ALTER SYSTEM SET shared_buffers = {}").format(sql.Literal(wanted))
                )
        embedded_postgres.stop(FOLDER)
        self._address = embedded_postgres.start(FOLDER)

    def stop(self) -> None:
        """Stop the server; its data stay for the next run."""
        embedded_postgres.stop(FOLDER)

    def address_of(self, name: str) -> str:
        """Return the address of a database on this server."""
        return self._address.replace("/postgres?", f"/{name}?", 1)

    def empty(self, name: str) -> str:
        """Create a database without rows, in place of one that is there; return its address."""
        with closing(psycopg2.connect(self.address_of("postgres"))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                database = sql.Identifier(name)
                cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(database))
        upgrade(self.address_of(name))
        return self.address_of(name)

    def database(self, sessions: int, until: date, *, rebuild: bool = False) -> str:
        """Return the address of the database with this many sessions; build it unless it is of today.

        `rebuild` is for runs that need a database without later saves.
        """
        name, mark = (
            f"bench_{sessions}",
            f"{sessions} sessions until {until}, version {data.VERSION}",
        )
        address = self.address_of(name)
        with closing(psycopg2.connect(self._address)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
                    [name],
                )
                if cursor.fetchone() == (mark,) and not rebuild:
                    return address
                began = time.monotonic()
                quoted = sql.Identifier(name)
                cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(quoted))
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(quoted))
                upgrade(address)
                stored = data.build(address, sessions, until)
                # The mark comes last: a database without it is incomplete.
                comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
                cursor.execute(comment.format(quoted, sql.Literal(mark)))
        print(f"{stored:,} sessions built in {time.monotonic() - began:.0f} s", flush=True)
        return address


def upgrade(address: str) -> None:
    """Bring the schema of a database up to date, as an operator would."""
    subprocess.run(
        [BIN / "flask", "db", "upgrade"],
        cwd=ROOT,
        env=environment(address),
        check=True,
        stderr=subprocess.DEVNULL,
    )


def environment(address: str, **settings: str) -> dict[str, str]:
    """Return the environment of a service on a database."""
    return {
        **os.environ,
        "FLASK_APP": "wsgi",
        "DATABASE_URL": address,
        "SUPABASE_JWT_SECRET": SECRET,
        **settings,
    }
