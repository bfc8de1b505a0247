"""How the service writes its log: one JSON object a line on standard output, and nothing private in it.

gunicorn's master reads this before its workers exist, so nothing of the app may be imported here.
"""

import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict

_ADDRESS = re.compile(r"from ip=\S+?(?=: |$)")


def logging_config(level: str) -> dict[str, Any]:
    """A `logging.config.dictConfig` for gunicorn's own loggers and everybody else's."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": _formatter}},
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "json",
            }
        },
        "root": {"level": level, "handlers": ["stdout"]},
        "loggers": {
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


class _Lines(structlog.stdlib.ProcessorFormatter):
    """structlog's formatter, with a short way for the one line that every request writes."""

    def format(self, record: logging.LogRecord) -> str:
        """A record as a line."""
        request = getattr(record, "request", None)
        if request is None:
            return super().format(record)
        moment = datetime.fromtimestamp(record.created, UTC)
        line = {"event": "request", "timestamp": moment, "level": "info", **request}
        return orjson.dumps(line, option=orjson.OPT_UTC_Z).decode()


def _formatter() -> structlog.stdlib.ProcessorFormatter:
    return _Lines(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            where_it_broke,
            lambda logger, method, event: orjson.dumps(event, default=repr).decode(),
        ],
        foreign_pre_chain=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            _without_address,
        ],
    )


def _without_address(logger: Any, method: str, event: EventDict) -> EventDict:
    """What gunicorn says of a request that it could not read, but not whose it was."""
    event["event"] = _ADDRESS.sub("from a client", event["event"])
    return event


def where_it_broke(logger: Any, method: str, event: EventDict) -> EventDict:
    """An exception as its kinds and places, without its messages: those quote what learners sent."""
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else info
    event.pop("stack_info", None)
    if isinstance(error, BaseException):
        event["error"] = chain(error)
    return event


def chain(error: BaseException | None) -> list[dict[str, Any]]:
    """An exception and those behind it: kind, SQLSTATE where PostgreSQL named one, and frames."""
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
