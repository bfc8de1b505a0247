"""Records what the service sends to PostgreSQL in a test run, and has tests/routing.py judge it.

A text is judged once, with the first place that sent it. What tests send themselves is left out.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import current_app

from tests import routing
from tests.routing_jobs import JOBS, ONE_MACHINE
from vorex_sessions.database import connection, transactions
from vorex_sessions.database.compiled import compiled

PACKAGE = Path(connection.__file__).parent.parent
_OWN = str(PACKAGE / "database")
_SEEN: set[tuple[str, bool, bool]] = set()
_DEFERRED: set[str] = set()  # judged where they are deferred: they travel with what others send
VIOLATIONS: set[tuple[str, str, str]] = set()  # the place, the rule, the beginning of the statement
# database/snapshot.py opens these on one machine alone (tests/privacy/test_export.py); several get pages.
_OF_ONE_MACHINE = "DECLARE documents_"
READS_FIRST = "10: a transaction that writes without the learner's lock, and reads first"


def start() -> None:
    """Record from now on, in this process."""
    send_all, defer = connection.Cursor._execute_all, transactions.Transaction.defer
    send = transactions.Transaction._send

    def recorded(cursor: Any, statements: Sequence[Any], before: str = "", after: str = "") -> None:
        texts = [text_of(statement) for statement, _ in statements]
        if before.startswith(_OF_ONE_MACHINE):
            return send_all(cursor, statements, before, after)
        if _declares(before):
            texts[0] = f"DECLARE one CURSOR FOR {texts[0]}"
        elif "pg_advisory" not in before:  # tests/database/test_locks.py judges the learner's lock
            _record(before)
        for text in texts:
            if text not in _DEFERRED:
                _record(text)
        send_all(cursor, statements, before, after)

    def deferred(transaction: Any, statement: Any, parameters: Any) -> None:
        _record(text_of(statement))
        _DEFERRED.add(text_of(statement))
        defer(transaction, statement, parameters)

    def sent(transaction: Any, *statements: Any, **options: Any) -> Any:
        _follow(transaction, [*transaction._deferred, *statements])
        return send(transaction, *statements, **options)

    connection.Cursor._execute_all = recorded
    transactions.Transaction.defer = deferred
    transactions.Transaction._send = sent


def text_of(statement: Any) -> str:
    """A statement as it is sent, with psycopg2's parameters."""
    return str(compiled(statement).sql.string)


def _declares(before: str) -> bool:
    return before.endswith("CURSOR FOR ")


def _record(text: str) -> None:
    place = _place()
    if not text or place is None:
        return
    seen = (text, _is_distributed(), place in JOBS)
    if seen in _SEEN:
        return
    _SEEN.add(seen)
    if _is_for_several(place):
        VIOLATIONS.update(judge_sent(text, place))


def judge_sent(text: str, place: str) -> set[tuple[str, str, str]]:
    """What a text breaks, if sent from there."""
    rules = routing.judged(text, is_job=place in JOBS)
    return {(place, rule, " ".join(text.split())[:200]) for rule in rules}


def _follow(transaction: Any, statements: Sequence[Any]) -> None:
    """Rule 10: who has not the learner's lock writes first."""
    if "pg_advisory" in transaction._before or transaction.__dict__.get("_wrote_first"):
        return
    for statement, _ in statements:
        text = text_of(statement)
        touches, writes_first = routing.touched(text)
        if touches and writes_first and not transaction.__dict__.get("_read"):
            transaction._wrote_first = True
            return
        if touches:
            transaction._read = True
        if touches and routing.writes(text) and (place := _place()) and place not in JOBS:
            if _is_for_several(place):
                VIOLATIONS.add((place, READS_FIRST, " ".join(text.split())[:200]))


def _is_for_several(place: str) -> bool:
    """Whether what is sent from there now may be sent to a database of several machines."""
    return place not in ONE_MACHINE or _is_distributed()


def _is_distributed() -> bool:
    return bool(current_app and current_app.config["DB_DISTRIBUTED"])


def _place() -> str | None:
    """The file and function of the service that sends; None for a test."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(str(PACKAGE)) and not name.startswith(_OWN):
            return f"{Path(name).relative_to(PACKAGE)}:{frame.f_code.co_qualname}"
        if "/tests/" in name and not name.endswith(("tests/sent.py", "tests/statements.py")):
            return None
        frame = frame.f_back
    return None


def finish(session: pytest.Session) -> None:
    """Fail the run for what was found; a worker of xdist hands it on."""
    found = sorted(VIOLATIONS)
    if hasattr(session.config, "workerinput"):
        session.config.workeroutput["violations"] = found
    elif found and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def collect(output: dict[str, Any]) -> None:
    """Take what a worker of xdist has found."""
    VIOLATIONS.update(tuple(one) for one in output.get("violations", ()))


def report(terminal: Any) -> None:
    """Name the statements that break a rule, and where they are sent."""
    if found := sorted(VIOLATIONS):
        terminal.section("statements that a database of several machines cannot route", red=True)
        for place, rule, text in found:
            terminal.line(f"{place}: {rule}\n    {text}")
