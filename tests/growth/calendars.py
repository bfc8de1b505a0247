"""A reference for streaks, counted day by day along the calendar."""

from collections.abc import Mapping
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


class Walked:
    """Counts each day from the first that counts to today."""

    def __init__(self, seconds: Mapping[date, int], today: date, shortest_day: int) -> None:
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
            elif day < last:  # today is not over, unless a traveller's session is dated tomorrow
                if self.current and self.freezes:
                    self.freezes -= 1
                    self.frozen.add(day)
                else:
                    self.current = self.freezes = 0
                    self.frozen = set()
            day += ONE_DAY
