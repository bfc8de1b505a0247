"""Pure: how often a learner has reached the goals of a day and of a week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from vorex_sessions.preferences.history import NOTHING_SET, History


@dataclass
class Goals:
    """Days and weeks whose goal was reached, each judged by the goal that was set on the day.

    A day reaches its goal by seconds. A week reaches it with the day that counts which makes the days enough.
    """

    goal_days: int = 0
    goal_weeks: int = 0
    goal_week_on: date | None = None  # the first day of the last of these weeks
    week_on: date | None = None  # the first day of the week of the last day that counts
    week_days: int = 0  # the days of that week that count

    def add_seconds(self, day: date, before: int, seconds: int, history: History) -> None:
        """Add seconds to a day that had some before."""
        goal = history.on(day).goal_seconds
        self.goal_days += goal is not None and before < goal <= before + seconds

    def count_in_week(self, day: date, history: History = NOTHING_SET) -> None:
        """Add a day that counts, later than all others."""
        set_then = history.on(day)
        start, goal = set_then.week_start(day), set_then.weekly_goal_days
        if start != self.week_on:
            self.week_on, self.week_days = start, 0
        self.week_days += 1
        if goal and self.week_days >= goal and self.goal_week_on != start:
            self.goal_weeks += 1
            self.goal_week_on = start

    def count_weeks(self, days: Sequence[date], history: History = NOTHING_SET) -> None:
        """Count all days that count again, in order."""
        self.goal_weeks = self.week_days = 0
        self.goal_week_on = self.week_on = None
        if (
            not history.has_weekly_goal
        ):  # a batch may do it a hundred times: the last week is enough
            days = days[-7:]
        for day in days:
            self.count_in_week(day, history)
