"""Everything that is stored about a learner, as a download in constant memory."""

import itertools
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from logs import chain
from vorex_sessions import metrics
from vorex_sessions.database import run
from vorex_sessions.database.snapshot import Snapshot
from vorex_sessions.flask_config import setting
from vorex_sessions.hooks.personal_data import Export
from vorex_sessions.hooks.rebuild import is_stale, rebuild
from vorex_sessions.hooks.registry import registry
from vorex_sessions.hooks.standby_reads import standby_snapshot
from vorex_sessions.models import USER_ID
from vorex_sessions.periods import bounds, stamp
from vorex_sessions.privacy import formats
from vorex_sessions.problems.kinds import Unavailable
from vorex_sessions.progress.queries import BETWEEN

log = logging.getLogger(__name__)

FORMATS = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8; header=present",
    "ndjson": "application/x-ndjson",
    "xapi": "application/x-ndjson",
}
# How the names of files end, where not by the format.
ENDINGS = {"xapi": "xapi.ndjson"}
LONGEST = 600  # seconds; a download that takes longer is broken off
_ATTEMPTS = 3  # a change after the rebuild makes it stale again
_PIECE = 64 * 1024  # bytes; the client must read each within gunicorn's SLOW_CLIENT


@lru_cache(maxsize=32)
def _of_language(rows: sa.Select[Any]) -> sa.Select[Any]:
    """The rows of `:language`; all where rows have no language."""
    language = rows.selected_columns.get("language")
    return rows if language is None else rows.where(language == sa.bindparam("language"))


@lru_cache(maxsize=2)
def _of_days(rows: sa.Select[Any]) -> sa.Select[Any]:
    """The sessions of the days that `periods.bounds` gives."""
    return rows.where(BETWEEN)


def _snapshot(learner_id: str, *, by_primary: bool = False) -> Snapshot:
    """A snapshot of a standby where one can answer, unless it must be of the primary."""
    if not by_primary and (found := standby_snapshot(learner_id, partial(_digests, learner_id))):
        return found
    try:
        return Snapshot()
    except PoolTimeout:
        raise Unavailable(
            "Too many downloads are running; please try again in a moment.", retry_after=10
        ) from None


def _current(learner_id: str, *, by_primary: bool = False) -> Snapshot:
    """A snapshot in which what is derived agrees with the sessions; it is rebuilt where it is stale."""
    for attempt in range(_ATTEMPTS):
        # A standby may not have yet what was just rebuilt.
        snapshot = _snapshot(learner_id, by_primary=by_primary or attempt > 0)
        try:
            if not snapshot.run(is_stale(), {"user_id": learner_id})[0].stale:
                return snapshot
        except BaseException as error:
            snapshot.close()
            if snapshot.is_of_primary or not isinstance(error, DBAPIError):
                raise
            continue
        snapshot.close()
        try:
            rebuild(learner_id)
        except (DBAPIError, PoolTimeout) as error:  # a download of the sessions is better than none
            log.warning("nothing was rebuilt for a download: %s", type(error).__name__)
            break
    return _snapshot(learner_id, by_primary=True)


def unversioned(learner_id: str) -> list[str]:
    """A digest of whatever an export holds that changes though the learner does nothing."""
    return _digests(learner_id, run)


def _digests(learner_id: str, ask: Callable[..., Any]) -> list[str]:
    tables = registry().unversioned_tables
    return [ask(_digest(table), {"user_id": learner_id})[0].digest for table in tables]


@lru_cache(maxsize=8)
def _digest(table: sa.Table) -> sa.Select[Any]:
    row = sa.cast(sa.func.row_to_json(sa.literal_column(table.name)), sa.Text)
    rows = sa.func.string_agg(row, aggregate_order_by(sa.literal_column("','"), row))
    return sa.select(sa.func.md5(sa.func.coalesce(rows, "")).label("digest")).where(
        table.c.user_id == USER_ID
    )


class Download:
    """The bytes of an export, in order. Must be closed, read or not.

    Raises DBAPIError, and Unavailable where too many downloads run already. An error half way is raised
    again, to break off the connection: a truncated download must not look complete.
    """

    def __init__(
        self,
        learner_id: str,
        *,
        file_format: str,
        language: str | None = None,
        date_from: date | None = None,
        date_to: date | None = None,
        now: datetime,
    ) -> None:
        self._learner_id, self._language = learner_id, language
        self._days = {"date_from": date_from, "date_to": date_to} if date_from or date_to else {}
        whole = file_format == "json" and not self._days
        take = _current if whole else _snapshot
        snapshot = take(learner_id)
        try:
            self._begin(snapshot, file_format, now)
        except DBAPIError:
            if snapshot.is_of_primary:
                raise
            self._begin(take(learner_id, by_primary=True), file_format, now)

    def _begin(self, snapshot: Snapshot, file_format: str, now: datetime) -> None:
        self._snapshot = snapshot
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
        if file_format == "xapi":
            return formats.as_xapi(self._portions(sessions), setting("XAPI_HOME_PAGE"))
        if file_format == "csv":
            names = [column.name for column in sessions.rows.selected_columns]
            return formats.as_csv(names, self._portions(sessions))
        head = {"user_id": self._learner_id, "exported_at": stamp(now)}
        # What is kept beside the sessions is not of single days: of a range, only the sessions are exported.
        shown = [sessions] if self._days else exports.values()
        members = ((export.member, self._portions(export)) for export in shown)
        return formats.as_json({**head, **self._days}, members)

    def _portions(self, export: Export) -> Iterator[Sequence[str]]:
        parameters: dict[str, Any] = {"user_id": self._learner_id}
        rows = export.rows
        if self._days:
            first, last = self._days["date_from"], self._days["date_to"]
            rows = _of_days(rows)
            parameters |= bounds(first or date.min, last or date.max)
        if self._language is not None:
            rows = _of_language(rows)
            parameters["language"] = self._language
        return self._snapshot.documents(rows, parameters)
