"""Pure: a learner's sessions, one after the other -> totals and the streak.

Sessions are added in the order of their days (`in_order`); those of one day may come at different times. So
a save adds to the stored totals, unless its day is before the last one: then all sessions are added again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from vorex_sessions.growth.streaks import Streak

# A row of session_results.
Session = Any


def in_order(sessions: Iterable[Session]) -> list[Session]:
    """By day, then by instant."""
    return sorted(
        sessions, key=lambda row: (row.practiced_on, row.completed_at, str(row.session_result_id))
    )


@dataclass
class Totals(Streak):
    """The totals of a learner's sessions; the columns of learner_totals.

    `best_…` are 0 where nothing was measured; `longest_break` counts days without a session between two
    days with sessions; `latest_at`, `latest_id` and `timezone` are those of the latest session.
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

    def _by_type(self) -> tuple[int, int, int]:
        return self.conversations, self.pronunciations, self.roleplays

    def add(self, session: Session, new_words: int, shortest_day: int) -> None:
        """Add a session of the last day or a later one; `new_words` of its words are new."""
        kind = session.session_type
        self.conversations += kind == "conversation"
        self.pronunciations += kind == "pronunciation"
        self.roleplays += kind == "roleplay"
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
        self._add_to_day(session.practiced_on, session.duration_seconds, shortest_day)

    def _add_to_day(self, day: date, seconds: int, shortest_day: int) -> None:
        if self.last_day is None or day > self.last_day:
            if self.last_day is not None:
                self.longest_break = max(self.longest_break, (day - self.last_day).days - 1)
            self.last_day, self.last_day_seconds = day, 0
        self.last_day_seconds += seconds
        if self.last_day_seconds >= shortest_day and self.counted_on != day:
            self.count_day(day)

    def columns(self) -> dict[str, Any]:
        """The values of the columns of learner_totals."""
        return dict(vars(self))


def from_columns(columns: dict[str, Any] | None) -> Totals:
    """The totals in a row of learner_totals, as PostgreSQL writes it in JSON; None: no sessions."""
    if columns is None:
        return Totals()
    totals = Totals(**{name: columns[name] for name in Totals.__dataclass_fields__})
    for name in ("last_day", "counted_on"):
        if columns[name]:
            setattr(totals, name, date.fromisoformat(columns[name]))
    if columns["latest_at"]:
        totals.latest_at = datetime.fromisoformat(columns["latest_at"])
    return totals


def is_late(totals: Totals, sessions: Sequence[Session]) -> bool:
    """Whether any of the sessions is of an earlier day than the last one."""
    last = totals.last_day
    return last is not None and any(session.practiced_on < last for session in sessions)
