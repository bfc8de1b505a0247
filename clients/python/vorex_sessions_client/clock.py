"""The server's time, as far as it is known: a device's clock may be wrong, and may be set meanwhile."""

import os
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from vorex_sessions_client.problems import http_date

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Seconds. Beyond the first, the clocks disagree: the wall clock was set, or the device slept. A difference
# below the second may be the delay of a response, or the part of a second that `Date` leaves out.
_JUMP = 60.0
_NOISE = 30.0


class Mark(NamedTuple):
    """A moment by two clocks, in seconds: the wall clock, and one that nobody can set."""

    wall: float
    steady: float


class Clock:
    """Keeps the difference between the server's clock and the device's."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall, self._steady = wall, steady
        self._measured: tuple[float, Mark] | None = None

    def mark(self) -> Mark:
        """Return this moment."""
        return Mark(self._wall(), self._steady())

    def jumped(self, start: Mark) -> bool:
        """Return whether the wall clock was set since, as far as one can tell."""
        now = self.mark()
        return abs(now.wall - start.wall - (now.steady - start.steady)) > _JUMP

    def since(self, start: Mark) -> float:
        """Return the seconds since; a wall clock that was set back does not make them negative."""
        now = self.mark()
        return max(now.wall - start.wall, now.steady - start.steady, 0.0)

    def observe(self, date: str | None) -> None:
        """Learn the server's time from the `Date` header of a response that has just arrived."""
        if server := http_date(date):
            self.observe_time(server)

    def observe_time(self, server: datetime) -> None:
        """Learn the server's time from elsewhere."""
        mark = self.mark()
        skew = server.timestamp() - mark.wall
        self._measured = (0.0 if abs(skew) < _NOISE else skew, mark)

    def skew(self) -> float | None:
        """Return what to add to the device's time; None: not measured since the clock was last set."""
        if self._measured and self.jumped(self._measured[1]):
            self._measured = None
        return self._measured[0] if self._measured else None

    def now(self) -> datetime:
        """Return the server's time, or the device's where that is all there is."""
        return _EPOCH + timedelta(seconds=self._wall() + (self.skew() or 0.0))


def local_time(instant: datetime) -> str:
    """Return an instant in ISO 8601 with the device's offset: `2026-03-01T18:30:00.000+01:00`."""
    return instant.astimezone().isoformat(timespec="milliseconds")


def time_zone() -> str | None:
    """Return the device's time zone; None if it is unknown: then the offset of the time must do."""
    zone = os.environ.get("TZ", "").removeprefix(":") or _linked_zone()
    if not re.fullmatch(r"[A-Za-z]+(/[A-Za-z0-9_+-]+)*", zone) or zone == "Etc/Unknown":
        return None
    claims_utc = zone.removeprefix("Etc/").upper() in {"UTC", "UCT", "GMT", "ZULU", "UNIVERSAL"}
    if claims_utc and datetime.now().astimezone().utcoffset() != timedelta(0):
        return None
    return zone


def _linked_zone() -> str:
    """Return what /etc/localtime is linked to, on Linux and macOS."""
    return os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2].removeprefix("posix/")
