"""Pure: how a learner divides time into days and weeks."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from vorex_sessions.periods import day_of, end_of_today, todays, wall_clock
from vorex_sessions.preferences.history import DEFAULTS, week_start


@dataclass(frozen=True)
class Calendar:
    """A learner's time zone, the hour at which a day starts, and the weekday on which a week starts."""

    zone_name: str = "UTC"
    day_starts_at: int = 0
    week_starts_on: str = DEFAULTS.week_starts_on

    def clock(self, instant: datetime) -> datetime:
        """The learner's day, and the time on a clock that shows 0:00 when it starts, as a naive datetime.

        An hour that the wall clock repeats comes twice, and a skipped hour does not exist.
        """
        shifted = wall_clock(instant, self.zone_name) - timedelta(hours=self.day_starts_at)
        return datetime.combine(self.today(instant), shifted.time())

    def today(self, now: datetime) -> date:
        """The learner's day at an instant."""
        return day_of(now, self.zone_name, self.day_starts_at)

    def in_zone(self, zone_name: str | None) -> "Calendar":
        """The same in another zone, if one is given."""
        return replace(self, zone_name=zone_name) if zone_name else self

    def end_of_today(self, now: datetime) -> datetime:
        """Until when today is sure to be today."""
        return end_of_today(now, self.zone_name, self.day_starts_at)

    def week_start(self, day: date) -> date:
        """The first day of the week that a day belongs to."""
        return week_start(day, self.week_starts_on)


def calendar(
    zone_name: str | None, day_starts_at: int | None, week_starts_on: str | None
) -> Calendar:
    """The calendar of these values, None being the default."""
    return Calendar(
        zone_name or "UTC", day_starts_at or 0, week_starts_on or DEFAULTS.week_starts_on
    )


def possible_days(now: datetime) -> list[datetime]:
    """A time of each day that may be a learner's today, for who does not know the calendar yet."""
    return [datetime.combine(day, datetime.min.time()) for day in todays(now)]
