"""What is sent to the database meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from flask import Flask
from psycopg2.extras import NamedTupleCursor
from sqlalchemy import event

from vorex_sessions import extensions
from vorex_sessions.extensions import db


@contextmanager
def recorded(app: Flask) -> Iterator[list[str]]:
    """Every text that is sent, each in one round trip; it may hold several statements."""
    sent: list[str] = []

    def record(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    def ask(cursor: Any, statement: str | bytes, parameters: Any = None) -> None:
        sent.append(statement.decode() if isinstance(statement, bytes) else statement)
        NamedTupleCursor.execute(cursor, statement, parameters)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", record)
    recording = type("Recording", (NamedTupleCursor,), {"execute": ask})
    try:
        with patch.object(extensions, "NamedTupleCursor", recording):
            yield sent
    finally:
        event.remove(engine, "before_cursor_execute", record)


def statements(sent: list[str]) -> list[str]:
    """The statements in what was sent, without BEGIN and COMMIT; one that is prepared comes once."""
    parts = [part.strip() for text in sent for part in text.split(";")]
    return [part for part in parts if part not in ("", "BEGIN", "COMMIT") and "PREPARE" not in part]
