"""Pure: how often a learner has reached the goals of a day and of a week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from vorex_sessions.preferences.history import History

_ONE_WEEK = 0b1111111


@dataclass
class Goals:
    """Days and weeks whose goal was reached, each judged by the goal that was set on the day.

    A day reaches its goal by seconds. A week reaches it with the day that counts which makes the days enough;
    two such weeks never overlap, however often the learner has weeks start on another day. The default goal
    is nobody's own: all this is 0 for a learner who has set nothing.
    """

    goal_days: int = 0
    goal_weeks: int = 0
    goal_week_on: date | None = None  # the first day of the last of these weeks
    recent_days: int = (
        0  # bits: whether the last day that counts, the day before it, … count; 7 days
    )

    def add_seconds(self, day: date, before: int, seconds: int, history: History) -> None:
        """Add seconds to a day that had some before."""
        goal = history.goal_seconds(day)
        self.goal_days += goal is not None and before < goal <= before + seconds

    def count_in_week(self, day: date, last: date | None, history: History) -> None:
        """Add a day that counts, later than the `last` one."""
        if history.is_empty:
            return
        gap = (day - last).days if last else 7
        self.recent_days = (self.recent_days << min(gap, 7)) & _ONE_WEEK | 1
        set_then = history.on(day)
        start, goal = set_then.week_start(day), set_then.weekly_goal_days
        if goal and (self.goal_week_on is None or (start - self.goal_week_on).days >= 7):
            days = self.recent_days & (_ONE_WEEK >> 6 - (day - start).days)
            if days.bit_count() >= goal:
                self.goal_weeks += 1
                self.goal_week_on = start

    def count_weeks(self, days: Sequence[date], history: History) -> None:
        """Count all days that count again, in order."""
        self.goal_weeks = self.recent_days = 0
        self.goal_week_on = last = None
        # A batch may do it a hundred times. Without a goal the last 7 days are enough.
        for day in days if history.has_weekly_goal else days[-7:]:
            self.count_in_week(day, last, history)
            last = day
