"""The log format: one JSON object per line on standard output, without personal data.

gunicorn's master imports this module before its workers exist, so it must not import the app.
"""

import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Any

import orjson

# What no line shows is not looked up (docs.python.org/3/howto/logging.html, "Optimization").
logging._srcfile = None
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

_ADDRESS = re.compile(r"from ip=\S+?(?=: |$)")


def logging_config(level: str) -> dict[str, Any]:
    """Return a `logging.config.dictConfig` for gunicorn's loggers and all others."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLines}},
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "json",
            }
        },
        "root": {"level": level, "handlers": ["stdout"]},
        "loggers": {
            # SQLAlchemy logs for our pool under this name, with the address of the database.
            "vorex_sessions.database.pool": {"level": "WARNING"},
            "gunicorn.error": {
                # At DEBUG gunicorn logs every path.
                "level": "INFO" if level == "DEBUG" else level,
                "handlers": ["stdout"],
                "propagate": False,
            },
            "alembic": {"level": "WARNING"},  # logs its plugins in every worker
            "gunicorn.access": {"level": "CRITICAL", "propagate": False},  # observing.py logs more
        },
    }


class JsonLines(logging.Formatter):
    """Formats a record as JSON: timestamp, level, logger, event, and the mapping `extra["fields"]`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            # For a request that it cannot parse, gunicorn logs the client's address.
            "event": _ADDRESS.sub("from a client", record.getMessage()),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["error"] = chain(record.exc_info[1])
        return orjson.dumps(line, default=repr, option=orjson.OPT_UTC_Z).decode()


def chain(error: BaseException | None) -> list[dict[str, Any]]:
    """Return an exception and its causes: kind, frames, and SQLSTATE where PostgreSQL set it.

    Messages are left out: they quote what learners sent.
    """
    links: list[dict[str, Any]] = []
    while error is not None and len(links) < 5:
        frames = traceback.extract_tb(error.__traceback__)[-20:]
        link = {
            "kind": f"{type(error).__module__}.{type(error).__qualname__}",
            "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        }
        if state := getattr(error, "pgcode", None):
            link["sqlstate"] = state
        links.append(link)
        error = error.__cause__ or error.__context__
    return links
