"""A database of the founding system: the table of its migration 015, and rows as it may hold them."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import uuid4

import psycopg2
from flask import Flask
from psycopg2.extras import Json

from tests import postgres
from tests.serving import BIN
from vorex_sessions.database.timeouts import install
from vorex_sessions.extensions import db

TABLE = """
CREATE TABLE {table} (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id {user_id} NOT NULL,
    session_type varchar(50) NOT NULL,
    duration_seconds integer NOT NULL,
    words_spoken integer DEFAULT 0,
    pronunciation_score double precision DEFAULT 0.0,
    fluency_score double precision DEFAULT 0.0,
    grammar_score double precision DEFAULT 0.0,
    topics text[] DEFAULT '{{}}',
    vocabulary_learned text[] DEFAULT '{{}}',
    areas_to_improve text[] DEFAULT '{{}}',
    metadata jsonb DEFAULT '{{}}',
    created_at timestamp DEFAULT now(),
    updated_at timestamp DEFAULT now()
);
CREATE INDEX ON {table} (user_id);
CREATE INDEX ON {table} (created_at);
"""
# Many rows of `learners` learners; a tenth is untidy, one in a hundred has a score out of range.
MANY = """
INSERT INTO {table} (user_id, session_type, duration_seconds, words_spoken, pronunciation_score, topics,
                     vocabulary_learned, areas_to_improve, metadata, created_at)
SELECT CAST(md5(CAST(number % {learners} AS text)) AS uuid),
       (ARRAY['conversation', 'pronunciation', 'roleplay'])[1 + number % 3],
       60 + number % 1740, number % 400, CASE WHEN number % 100 = 0 THEN 101 ELSE number % 100 END,
       CASE WHEN number % 10 = 0 THEN NULL ELSE ARRAY['travel', 'topic ' || number % 50] END,
       ARRAY['word ' || number % 3000, ' word  ' || number % 3001, NULL],
       ARRAY['area ' || number % 40], jsonb_build_object('scenario_id', 'scenario ' || number % 20),
       timestamp '2024-01-01' + number * interval '37 seconds'
  FROM generate_series(1, {rows}) AS number
"""


class FoundingSystem:
    """Its database; `url` is its address."""

    def __init__(self, url: str, table: str = "session_results", user_id: str = "uuid") -> None:
        self.url, self.table = url, table
        self.execute(TABLE.format(table=table, user_id=user_id))

    def execute(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        install()  # as in the service: psycopg2 waits by its callback
        with (
            closing(psycopg2.connect(self.url)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def add(self, **columns: Any) -> str:
        """Add a row; return its id."""
        row = {
            "id": str(uuid4()),
            "user_id": str(uuid4()),
            "session_type": "conversation",
            "duration_seconds": 300,
            "created_at": "2025-03-01 23:30:00",
            **columns,
        }
        if "metadata" in row and not isinstance(row["metadata"], str | None):
            row["metadata"] = Json(row["metadata"])
        places = ", ".join(["%s"] * len(row))
        names = ", ".join(row)
        self.execute(f"INSERT INTO {self.table} ({names}) VALUES ({places})", *row.values())
        return str(row["id"])

    def fill(self, rows: int, learners: int) -> None:
        self.execute(MANY.format(table=self.table, rows=rows, learners=learners))


@contextmanager
def founding_system(name: str, **options: str) -> Iterator[FoundingSystem]:
    with postgres.database(name) as url:
        yield FoundingSystem(url, **options)


def bring(app: Flask, source: FoundingSystem, *options: str) -> tuple[int, str]:
    """Run the command in this process; return its exit status and what it says."""
    result = app.test_cli_runner().invoke(
        args=["import", "founding", "--from", source.url, *options]
    )
    return result.exit_code, result.output


def command(database_url: str, source: FoundingSystem, *options: str) -> list[object]:
    return [BIN / "flask", "import", "founding", "--from", source.url, *options]


def figures(said: str, title: str) -> list[int]:
    (line,) = (line for line in said.splitlines() if line.startswith(f"{title}  "))
    return [int(figure.replace(",", "")) for figure in re.findall(r"-?[\d,]+", line[len(title) :])]


def stored(app: Flask) -> list[tuple[object, ...]]:
    with app.app_context(), db.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT user_id, session_result_id, duration_seconds, words_spoken, version"
            " FROM session_results ORDER BY 1, 2"
        )
        return [tuple(row) for row in rows]
