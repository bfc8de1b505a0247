"""Two PostgreSQL servers, of which one replicates the other; the primary can be switched."""

import shutil
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg2

from tests.serving import free_port
from vorex_sessions.local import embedded_postgres


class Server:
    """One server on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.data, self.port = folder, free_port()
        self.address = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        # On one disk, two servers that wait for it tell nothing of what is tested.
        options = f"-h 127.0.0.1 -k '' -p {self.port} -c fsync=off -c wal_keep_size=256MB"
        log = str(self.data / "log")
        embedded_postgres.control(self.data, "start", "-o", options, "-l", log)

    def stop(self, mode: str) -> None:
        embedded_postgres.control(self.data, "stop", "-m", mode)

    def execute(self, *statements: str) -> Any:
        """Run statements as the operator; return the first value of the last one."""
        options = "-c default_transaction_read_only=off -c synchronous_commit=local"
        with closing(psycopg2.connect(self.address, options=options)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return cursor.fetchone()[0] if cursor.description else None

    def set(self, name: str, value: str) -> None:
        self.execute(f"ALTER SYSTEM SET {name} = '{value}'", "SELECT pg_reload_conf()")


class Pair:
    """A primary and its synchronous standby: what the primary has confirmed, the standby has."""

    def __init__(self, folder: Path) -> None:
        self.primary, self.standby = Server(folder / "one"), Server(folder / "two")
        embedded_postgres.owned(folder)
        embedded_postgres.initialize(self.primary.data)
        self.primary.start()

    def replicate(self) -> None:
        """Build the standby from the primary, and wait until it is synchronous."""
        with suppress(subprocess.CalledProcessError):
            self.standby.stop("immediate")
        shutil.rmtree(self.standby.data, ignore_errors=True)
        copy = ["-D", str(self.standby.data), "-d", self.primary.address, "-R", "-c", "fast", "-N"]
        embedded_postgres.execute("pg_basebackup", *copy)
        self.standby.start()
        self.primary.set("synchronous_standby_names", "*")
        deadline = time.monotonic() + 20
        while self.primary.execute("SELECT max(sync_state) FROM pg_stat_replication") != "sync":
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def lose(self, how: str) -> None:
        """Let the primary crash, stop or become read-only."""
        if how == "becomes read-only":
            self.primary.set("default_transaction_read_only", "on")
        else:
            self.primary.stop("immediate" if how == "crashes" else "fast")

    def promote(self) -> None:
        """Make the standby the primary."""
        self.primary, self.standby = self.standby, self.primary
        embedded_postgres.control(self.primary.data, "promote")
        self.primary.set("synchronous_standby_names", "")

    def stop(self) -> None:
        for server in (self.primary, self.standby):
            with suppress(subprocess.CalledProcessError):
                server.stop("immediate")
