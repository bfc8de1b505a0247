"""Sessions with the fields that the pure functions of this capability read."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count

from hypothesis import strategies as st

FIRST = date(2026, 1, 1)
_ids = count()


@dataclass
class Practice:
    """A session."""

    practiced_on: date
    duration_seconds: int = 60
    session_type: str = "conversation"
    words_spoken: int = 0
    pronunciation_score: float | None = None
    fluency_score: float | None = None
    grammar_score: float | None = None
    vocabulary_learned: list[str] = field(default_factory=list)
    vocabulary_results: list[dict] = field(default_factory=list)
    timezone: str = "UTC"
    language: str = "en"
    session_result_id: str = ""

    def __post_init__(self) -> None:
        self.session_result_id = f"{next(_ids):032}"

    @property
    def completed_at(self) -> datetime:
        return datetime(*self.practiced_on.timetuple()[:3], 12, tzinfo=UTC)


def on(*days: int, seconds: int = 60) -> list[Practice]:
    return [Practice(FIRST + timedelta(days=day), seconds) for day in days]


# `scattered`: any days within two months. `habits`: a session every day or after a short break.
scattered = st.lists(
    st.builds(
        lambda day, seconds: Practice(FIRST + timedelta(days=day), seconds),
        st.integers(0, 60),
        st.sampled_from([0, 30, 59, 60, 300]),
    ),
    max_size=80,
)
habits = st.lists(st.sampled_from([0, 1, 1, 1, 1, 2, 3]), max_size=60).map(
    lambda gaps: on(*(sum(gaps[: place + 1]) for place in range(len(gaps))))
)
