"""Everything that is stored about a learner, as a download in constant memory."""

import itertools
import logging
import time
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy.exc import TimeoutError as PoolTimeout

from logs import chain
from vorex_sessions import metrics
from vorex_sessions.database.snapshot import Snapshot
from vorex_sessions.hooks.personal_data import Export
from vorex_sessions.hooks.registry import registry
from vorex_sessions.periods import stamp
from vorex_sessions.privacy import formats
from vorex_sessions.problems.kinds import Unavailable

log = logging.getLogger(__name__)

FORMATS = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8; header=present",
    "ndjson": "application/x-ndjson",
}
LONGEST = 600  # seconds; a download that takes longer is broken off
_PIECE = 64 * 1024  # bytes; the client must read each within gunicorn's SLOW_CLIENT


class Download:
    """The bytes of an export, in order. Must be closed, read or not.

    Raises DBAPIError, and Unavailable where too many downloads run already. An error half way is raised
    again, to break off the connection: a truncated download must not look complete.
    """

    def __init__(self, learner_id: str, *, file_format: str, now: datetime) -> None:
        self._learner_id = learner_id
        try:
            self._snapshot = Snapshot()
        except PoolTimeout:
            raise Unavailable(
                "Too many downloads are running; please try again in a moment.", retry_after=10
            ) from None
        self._ends = time.monotonic() + LONGEST
        self._open = True
        metrics.EXPORTS.inc()
        try:
            self._pieces = self._write(file_format, now)
            self._first = next(self._pieces, b"")  # a database error comes before the response
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        """The pieces."""
        try:
            for piece in itertools.chain([self._first], self._pieces):
                for start in range(0, len(piece), _PIECE):
                    if time.monotonic() > self._ends:
                        raise TimeoutError(f"a download took longer than {LONGEST} s")
                    yield piece[start : start + _PIECE]
        except Exception as error:
            log.warning("a download was broken off", extra={"fields": {"error": chain(error)}})
            raise
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection back."""
        if self._open:
            self._open = False
            metrics.EXPORTS.dec()
            self._snapshot.close()

    def _write(self, file_format: str, now: datetime) -> Iterator[bytes]:
        exports = registry().exports
        sessions = exports["sessions"]
        if file_format == "ndjson":
            return formats.as_ndjson(self._portions(sessions))
        if file_format == "csv":
            names = [column.name for column in sessions.rows.selected_columns]
            return formats.as_csv(names, self._portions(sessions))
        head = {"user_id": self._learner_id, "exported_at": stamp(now)}
        members = ((export.member, self._portions(export)) for export in exports.values())
        return formats.as_json(head, members)

    def _portions(self, export: Export) -> Iterator[Sequence[str]]:
        parameters = {"user_id": self._learner_id}
        return self._snapshot.documents(export.member, export.rows, parameters)
