"""Running the deliverer: in this process until nothing is due, or as a process of its own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from tests.events.conftest import SECRETS
from tests.events.receiver import Receiver
from tests.postgres import transaction
from tests.serving import BIN, ROOT, environment


def command(app: Flask, *arguments: str, status: int = 0) -> str:
    """Run a `flask events` command; return its output."""
    result = app.test_cli_runner().invoke(args=["events", *arguments])
    assert result.exit_code == status, result.output
    return result.output


def deliver(app: Flask) -> str:
    return command(app, "deliver", "--once")


def execute(app: Flask, statement: str) -> list[sa.Row]:
    with app.app_context(), transaction() as connection:
        result = connection.execute(sa.text(statement))
        return list(result.all()) if result.returns_rows else []


def make_due(app: Flask) -> None:
    """Let what waits for another attempt be due."""
    execute(app, "UPDATE event_queues SET due_at = now() WHERE lease IS NULL")


@contextmanager
def deliverer(
    database_url: str, receiver: Receiver, log: Path, **settings: str
) -> Iterator[subprocess.Popen]:
    """Run `flask events deliver`; it is killed at the end if it still runs."""
    given = {"WEBHOOK_URL": receiver.url, "WEBHOOK_SECRETS": SECRETS[0], **settings}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [BIN / "flask", "events", "deliver"],
            cwd=ROOT,
            env=environment(database_url, **given),
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
