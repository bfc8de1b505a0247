"""Pure: a learner's sessions, one after the other -> totals and the streak.

Sessions of one day may come in any order. One of an earlier day than the last one has all days counted
again, from the seconds of each.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import sub
from typing import Any

from vorex_sessions.growth.goals import Goals
from vorex_sessions.growth.streaks import Streak
from vorex_sessions.preferences.history import NOTHING_SET, History

_MOST_LANGUAGES = 50  # beyond, languages are not counted; achievements need a few
# A row of session_results.
Session = Any


def in_order(sessions: Iterable[Session]) -> list[Session]:
    """By day, then by instant."""
    return sorted(
        sessions, key=lambda row: (row.practiced_on, row.completed_at, str(row.session_result_id))
    )


@dataclass
class Totals(Goals, Streak):
    """The totals of a learner's sessions; the columns of learner_totals.

    `best_…` are 0 where nothing was measured; `longest_break` counts days without a session between two
    days with sessions; `latest_at`, `latest_id` and `timezone` are those of the latest session, `languages`
    those of all, by name.
    """

    sessions: int = 0
    conversations: int = 0
    pronunciations: int = 0
    roleplays: int = 0
    seconds: int = 0
    words_spoken: int = 0
    distinct_words: int = 0
    best_pronunciation: float = 0.0
    best_fluency: float = 0.0
    best_grammar: float = 0.0
    longest_break: int = 0
    last_day: date | None = None
    last_day_seconds: int = 0
    latest_at: datetime | None = None
    latest_id: str | None = None
    timezone: str | None = None
    languages: list[str] = field(default_factory=list)

    @property
    def minutes(self) -> int:
        """Whole minutes."""
        return self.seconds // 60

    @property
    def types(self) -> int:
        """How many types of session the learner has tried."""
        return sum(1 for count in self._by_type() if count)

    @property
    def best_score(self) -> float:
        """The best of all scores."""
        return max(self.best_pronunciation, self.best_fluency, self.best_grammar)

    @property
    def language_count(self) -> int:
        """How many languages the learner has practised."""
        return len(self.languages)

    def _by_type(self) -> tuple[int, int, int]:
        return self.conversations, self.pronunciations, self.roleplays

    def add(
        self,
        session: Session,
        new_words: int,
        days: Counter[date],
        shortest_day: int,
        history: History = NOTHING_SET,
    ) -> None:
        """Add a session, of whose words `new_words` are new, and its seconds to `days`.

        `days` needs the seconds of the days before only where the session is of an earlier day than the last.
        """
        kind = session.session_type
        self.conversations += kind == "conversation"
        self.pronunciations += kind == "pronunciation"
        self.roleplays += kind == "roleplay"
        if session.language not in self.languages:
            # A new list: copies of these totals share the old one. The first by name, so that the order of
            # sessions has no effect.
            self.languages = sorted([*self.languages, session.language])[:_MOST_LANGUAGES]
        self.sessions += 1
        self.seconds += session.duration_seconds
        self.words_spoken += session.words_spoken
        self.distinct_words += new_words
        self.best_pronunciation = max(self.best_pronunciation, session.pronunciation_score or 0.0)
        self.best_fluency = max(self.best_fluency, session.fluency_score or 0.0)
        self.best_grammar = max(self.best_grammar, session.grammar_score or 0.0)
        latest = (session.completed_at, str(session.session_result_id))
        if self.latest_at is None or latest > (self.latest_at, self.latest_id):
            self.latest_at, self.latest_id = latest
            self.timezone = session.timezone
        self._add_to_days(session, days, shortest_day, history)

    def _add_to_days(
        self, session: Session, days: Counter[date], shortest_day: int, history: History
    ) -> None:
        day, seconds, before = session.practiced_on, session.duration_seconds, None
        if self.last_day is None or day < self.last_day:
            before = days.get(day)
        elif day == self.last_day:
            before = self.last_day_seconds
        days[day] += seconds
        self.add_seconds(day, before or 0, seconds, history)
        if self.last_day is None or day >= self.last_day:
            self._add_to_last_day(day, seconds, shortest_day, history)
        elif before is None or before < shortest_day <= days[day]:
            self._count_days(days, shortest_day, history)

    def _count_days(self, days: Counter[date], shortest_day: int, history: History) -> None:
        """Count all days again; the last one is the same."""
        ordered = sorted(days)
        counted = [day for day in ordered if days[day] >= shortest_day]
        self.count_days([day.toordinal() for day in counted], history)
        self.count_weeks(counted, history)
        ordinals = [day.toordinal() for day in ordered]
        self.longest_break = max(map(sub, ordinals[1:], ordinals), default=1) - 1

    def _add_to_last_day(
        self, day: date, seconds: int, shortest_day: int, history: History
    ) -> None:
        if self.last_day is None or day > self.last_day:
            if self.last_day is not None:
                self.longest_break = max(self.longest_break, (day - self.last_day).days - 1)
            self.last_day, self.last_day_seconds = day, 0
        self.last_day_seconds += seconds
        if self.last_day_seconds >= shortest_day and self.counted_on != day:
            self.count_in_week(day, self.counted_on, history)
            self.count_day(day, history)

    def __copy__(self) -> "Totals":
        """In one step: `copy` would go through `__reduce_ex__`."""
        new = object.__new__(Totals)
        vars(new).update(vars(self))
        return new

    def columns(self) -> dict[str, Any]:
        """The values of the columns of learner_totals."""
        return dict(vars(self))


SCORES = ("pronunciation_score", "fluency_score", "grammar_score")


def with_scores(totals: Totals, old: Session, new: Session) -> Totals | None:
    """The totals after the scores of a session have changed; None where all must be counted again."""
    after = copy(totals)
    for name in SCORES:
        was, score = getattr(old, name) or 0.0, getattr(new, name) or 0.0
        best = f"best_{name.removesuffix('_score')}"
        if score < was == getattr(totals, best):
            return None
        setattr(after, best, max(score, getattr(totals, best)))
    return after


def seconds_by_day(sessions: Iterable[Session]) -> Counter[date]:
    """The seconds practised on each day; a day of 0 seconds is there, too."""
    days: Counter[date] = Counter()
    for session in sessions:
        days[session.practiced_on] += session.duration_seconds
    return days


def from_columns(columns: dict[str, Any] | None) -> Totals:
    """The totals in a row of learner_totals, as PostgreSQL writes it in JSON; None: no sessions."""
    if columns is None:
        return Totals()
    totals = Totals(**{name: columns[name] for name in Totals.__dataclass_fields__})
    for name in ("last_day", "counted_on", "goal_week_on"):
        if columns[name]:
            setattr(totals, name, date.fromisoformat(columns[name]))
    if columns["latest_at"]:
        totals.latest_at = datetime.fromisoformat(columns["latest_at"])
    return totals


def is_late(totals: Totals, sessions: Sequence[Session]) -> bool:
    """Whether any of the sessions is of an earlier day than the last one."""
    last = totals.last_day
    return last is not None and any(session.practiced_on < last for session in sessions)
