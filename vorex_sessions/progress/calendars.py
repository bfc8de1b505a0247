"""Pure: how a learner divides time into days and weeks."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from vorex_sessions.periods import ONE_DAY, wall_clock

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEK_STARTS = ("monday", "sunday", "saturday")


@dataclass(frozen=True)
class Calendar:
    """A learner's time zone, the hour at which a day starts, and the weekday on which a week starts."""

    zone_name: str = "UTC"
    day_starts_at: int = 0
    week_starts_on: str = WEEKDAYS[0]

    def clock(self, instant: datetime) -> datetime:
        """The time on a clock that shows 0:00 when the learner's day starts, as a naive datetime.

        An hour that the wall clock repeats comes twice, and a skipped hour does not exist.
        """
        return wall_clock(instant, self.zone_name) - timedelta(hours=self.day_starts_at)

    def today(self, now: datetime) -> date:
        """The learner's day at an instant."""
        return self.clock(now).date()

    def week_start(self, day: date) -> date:
        """The first day of the week that a day belongs to."""
        return day - (day.weekday() - WEEKDAYS.index(self.week_starts_on)) % 7 * ONE_DAY


def calendar(
    zone_name: str | None, day_starts_at: int | None, week_starts_on: str | None
) -> Calendar:
    """The calendar of these values, None being the default."""
    return Calendar(zone_name or "UTC", day_starts_at or 0, week_starts_on or WEEKDAYS[0])


def possible_days(now: datetime) -> list[datetime]:
    """The midnight of each day that may be a learner's today, for who does not know the calendar yet.

    Offsets reach from -23:59 to +23:59, and a day may start six hours late.
    """
    midnight = datetime.combine(now.astimezone(UTC).date(), datetime.min.time())
    return [midnight + days * ONE_DAY for days in range(-2, 2)]
