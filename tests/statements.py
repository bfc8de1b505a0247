"""Record the SQL that an app sends to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from flask import Flask
from sqlalchemy import event

from vorex_sessions.database import connection as connections
from vorex_sessions.extensions import db


@contextmanager
def recorded(app: Flask) -> Iterator[list[str]]:
    """Yield the SQL texts that are sent. Each is one round trip and may hold several statements."""
    sent: list[str] = []

    def record(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    def execute(cursor: Any, statement: str | bytes, parameters: Any = None) -> None:
        sent.append(statement.decode() if isinstance(statement, bytes) else statement)
        original.execute(cursor, statement, parameters)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", record)
    original = connections.Cursor
    recording = type("Recording", (original,), {"execute": execute})
    try:
        with patch.object(connections, "Cursor", recording):
            yield sent
    finally:
        event.remove(engine, "before_cursor_execute", record)


def statements(sent: list[str]) -> list[str]:
    """Return the single statements, without BEGIN and COMMIT. A prepared statement counts once."""
    parts = [part.strip() for text in sent for part in text.split(";")]
    return [part for part in parts if part not in ("", "BEGIN", "COMMIT") and "PREPARE" not in part]
