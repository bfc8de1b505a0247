"""How the service writes its log: one JSON object a line on standard output, and nothing private in it.

gunicorn's master reads this before its workers exist, so nothing of the app may be imported here.
"""

import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Any

import orjson

_ADDRESS = re.compile(r"from ip=\S+?(?=: |$)")


def logging_config(level: str) -> dict[str, Any]:
    """A `logging.config.dictConfig` for gunicorn's own loggers and everybody else's."""
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
            # SQLAlchemy logs for our pool under its name, with the address of the database.
            "vorex_sessions.database.pool": {"level": "WARNING"},
            "gunicorn.error": {
                # At DEBUG it writes every path.
                "level": "INFO" if level == "DEBUG" else level,
                "handlers": ["stdout"],
                "propagate": False,
            },
            "alembic": {"level": "WARNING"},  # names its plugins in every worker
            "gunicorn.access": {"level": "CRITICAL", "propagate": False},  # ours says more
        },
    }


class JsonLines(logging.Formatter):
    """A record as a JSON object: moment, level, logger, event, and the mapping `extra["fields"]`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            # gunicorn says from which address a request came that it could not read.
            "event": _ADDRESS.sub("from a client", record.getMessage()),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["error"] = chain(record.exc_info[1])
        return orjson.dumps(line, default=repr, option=orjson.OPT_UTC_Z).decode()


def chain(error: BaseException | None) -> list[dict[str, Any]]:
    """An exception and those behind it: kind, SQLSTATE where PostgreSQL named one, and frames.

    Never their messages, which quote what learners sent.
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
