"""Brings over the founding system's sessions: in portions, safe to stop at any time, and to run again.

It keeps no place to go on from. A second run reads everything again, and skips what is stored by its id, so
that the sums are always those of the whole.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.exc import DBAPIError

from vorex_sessions.database import locks
from vorex_sessions.founding import conversion
from vorex_sessions.founding.conversion import FoundingRow, LeftOut, Rules
from vorex_sessions.founding.report import Expected, Report, Sums
from vorex_sessions.founding.source import Source
from vorex_sessions.sessions import bulk, results
from vorex_sessions.sessions.fingerprint import fingerprint

GONE = "it was deleted here, or its learner's data was erased or account closed"
REPEATED = "its id occurs twice for a learner"
_ROUNDS = 10  # attempts on a portion, where a learner's lock is taken
_PAUSE = 0.5  # seconds between them


def bring_over(
    source: Source,
    rules: Rules,
    total: Sums,
    *,
    dry_run: bool,
    now: datetime,
    progress: Callable[[int], object] = lambda rows: None,
) -> Report:
    """Store every session that can be brought over, or only say what would be.

    `total` are the source's sums. Raises SourceError and DBAPIError.
    """
    report = Report(total, dry_run=dry_run)
    for rows in source.portions():
        _bring_portion(rows, rules, report, now)
        progress(len(rows))
    return report


def _bring_portion(
    rows: Sequence[FoundingRow], rules: Rules, report: Report, now: datetime
) -> None:
    named: dict[bulk.Key, FoundingRow] = {}
    for row in rows:
        report.read(row.user_id, row.duration_seconds, row.words_spoken)
        try:
            key = conversion.key_of(row)
            if key in named:
                raise LeftOut(REPEATED)
            named[key] = row
        except LeftOut as reason:
            report.leave_out(row, str(reason))
    before = bulk.lookup(named)
    expected = {
        key: Expected(one.duration_seconds, one.words_spoken) for key, one in before.items()
    }
    new: dict[bulk.Key, dict[str, Any]] = {}
    for key in named.keys() - before.keys():
        try:
            converted = conversion.convert(named[key], rules, now)
        except LeftOut as reason:
            report.leave_out(named[key], str(reason))
            continue
        report.mended.update(converted.mended)
        new[key] = _row(key, converted.content, now)
    for key, one in before.items():
        report.there_already(named[key], one)
    stored = _stored(list(new.values()), dry_run=report.dry_run)
    for key in stored.gone:
        report.leave_out(named[key], GONE)
    for key in new.keys() - stored.gone:
        expected[key] = Expected(new[key]["duration_seconds"], new[key]["words_spoken"])
    report.brought += len(new.keys() - stored.gone if report.dry_run else stored.new)
    report.compare(expected, {} if report.dry_run else bulk.lookup(expected))


def _row(key: bulk.Key, content: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The columns to store.

    The fingerprint is that of a save without time and zone, as the founding system's apps sent it: the save
    sent again with the id is a replay.
    """
    sent = {name: content[name] for name in content if name not in ("completed_at", "timezone")}
    digest = fingerprint(sent, results.defaults())
    row = results.completed(content, now)
    return {
        **row,
        "user_id": key[0],
        "session_result_id": key[1],
        "created_at": row["completed_at"],
        "fingerprint": rf"\x{digest.hex()}",
    }


def _stored(rows: Sequence[dict[str, Any]], *, dry_run: bool) -> bulk.Stored:
    if not rows:
        return bulk.Stored()
    if dry_run:
        return bulk.judge(rows)
    for _ in range(_ROUNDS):
        try:
            return bulk.store(rows)
        except DBAPIError as error:
            if not locks.is_taken(error):
                raise
            time.sleep(_PAUSE)
    return bulk.store(rows)
