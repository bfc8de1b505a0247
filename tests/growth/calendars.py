"""A reference for streaks and goals, counted day by day along the calendar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)


@dataclass
class Set:
    """What a learner sets on a day."""

    day: date
    day_starts_at: int = 0
    week_starts_on: str = "monday"
    daily_goal: int | None = 10
    weekly_goal: int | None = None
    rest_days: list[str] = field(default_factory=list)
    pause: tuple[date, date] | None = None


def name_of(day: date) -> str:
    return day.strftime("%A").lower()


def in_force(changes: Sequence[Set], day: date) -> Set | None:
    """What was set last on that day or before."""
    found = None
    for change in changes:
        if change.day <= day:
            found = change
    return found


def rests(changes: Sequence[Set], day: date) -> bool:
    change = in_force(changes, day)
    return change is not None and name_of(day) in change.rest_days


def pauses(changes: Sequence[Set], day: date) -> bool:
    change = in_force(changes, day)
    return bool(change and change.pause and change.pause[0] <= day <= change.pause[1])


def day_on_the_wall(instant: datetime, zone: str, starts_at: int) -> date:
    """The day that a clock on the wall shows, or the one before where it is too early for a new one."""
    shown = datetime.fromisoformat(instant.astimezone(ZoneInfo(zone)).isoformat()[:19])
    return shown.date() - ONE_DAY if shown.hour < starts_at else shown.date()


def starts(day: date, zone: str, starts_at: int) -> datetime:
    """The first minute at which it is that day, or a later one."""
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=20)
    while day_on_the_wall(instant + timedelta(hours=1), zone, starts_at) < day:
        instant += timedelta(hours=1)
    while day_on_the_wall(instant, zone, starts_at) < day:
        instant += timedelta(minutes=1)
    return instant


class Walked:
    """Counts each day from the first that counts to today."""

    def __init__(
        self,
        seconds: Mapping[date, int],
        today: date,
        shortest_day: int,
        changes: Sequence[Set] = (),
    ) -> None:
        counted = {day for day, total in seconds.items() if total >= shortest_day}
        self.current = self.longest = self.freezes = 0
        self.frozen: set[date] = set()
        day = min(counted, default=today)
        last = max([today, *counted])
        while day <= last:
            if day in counted:
                self.current += 1
                self.longest = max(self.longest, self.current)
                if self.current % 7 == 0:
                    self.freezes = min(2, self.freezes + 1)
            elif rests(changes, day) or pauses(changes, day):
                pass
            elif day < last:  # today is not over, unless a traveller's session is dated tomorrow
                if self.current and self.freezes:
                    self.freezes -= 1
                    self.frozen.add(day)
                else:
                    self.current = self.freezes = 0
                    self.frozen = set()
            day += ONE_DAY


def goals(
    seconds: Mapping[date, int], shortest_day: int, changes: Sequence[Set]
) -> tuple[int, list[date]]:
    """How many days reached their goal, and the first days of the weeks that did."""
    days, weeks = 0, []
    for day in sorted(seconds):
        change = in_force(changes, day)
        if change and change.daily_goal and seconds[day] >= change.daily_goal * 60:
            days += 1
        if not change or not change.weekly_goal or seconds[day] < shortest_day:
            continue
        first = day
        while name_of(first) != change.week_starts_on:
            first -= ONE_DAY
        in_week = [one for one in seconds if first <= one <= day and seconds[one] >= shortest_day]
        overlaps = weeks and first < weeks[-1] + timedelta(days=7)
        if len(in_week) >= change.weekly_goal and not overlaps:
            weeks.append(first)
    return days, weeks
