"""The time of a test: no day ends in its first 10 seconds, and `ago` counts from when it began."""

import time
from datetime import UTC, date, datetime, timedelta

GAP = 10  # seconds that a test may take, from its first reading of the clock to its last
BETWEEN_DAYS = 1800  # a day of some time zone begins at each half hour

_began = datetime.now(UTC)


def begin() -> None:
    """Begin a test, after the next half hour if that is near; `tests/conftest.py` calls it before each."""
    global _began
    left = BETWEEN_DAYS - time.time() % BETWEEN_DAYS
    if left < GAP:
        time.sleep(left)
    _began = datetime.now(UTC)


def now() -> datetime:
    """Return when the test began."""
    return _began


def today() -> date:
    """Return the day of UTC on which the test began, and on which it ends."""
    return _began.date()


def ago(days: float) -> str:
    """Return the moment that many days before the test began, as a save names it."""
    return (_began - timedelta(days=days)).isoformat()
