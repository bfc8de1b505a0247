"""Pure: how well a word is remembered, after exercises whose outcome is known (FSRS-6).

The model is the `fsrs` package's, with its default parameters (github.com/open-spaced-repetition/py-fsrs).
It counts in whole days. It is given midnights, so that these are the learner's calendar days: with 24-hour
blocks instead, its predictions were much worse (docs/recall.md).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from math import floor

from fsrs import Card, Rating, Scheduler, State

from vorex_sessions.models.limits import OUTCOMES

KNOWN_FROM = 21.0  # days of stability
_LONGEST = 36_500  # days until a word is due
# No steps within a day: they only schedule reviews, and do not change how well a word is remembered.
_MODEL = Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
_RATINGS = {outcome: Rating(place) for place, outcome in enumerate(OUTCOMES, 1)}


@dataclass(frozen=True)
class Memory:
    """A learner's memory of a word; `stability` in days, `difficulty` 1 to 10."""

    times_tested: int
    last_outcome: str
    tested_at: datetime
    tested_on: date
    stability: float
    difficulty: float

    @property
    def due_on(self) -> date:
        """The first day with a predicted recall below 0.9; after `stability` days it is 0.9."""
        return self.tested_on + timedelta(days=min(floor(self.stability) + 1, _LONGEST))


def after(memory: Memory | None, outcome: str, at: datetime, on: date) -> Memory:
    """The memory after an exercise at an instant, on a calendar day."""
    if not memory:
        return Memory(1, outcome, at, on, *_first_review(outcome))
    on = max(on, memory.tested_on)  # a traveller's calendar may go back
    days = (on - memory.tested_on).days
    state = _review(memory.stability, memory.difficulty, days, outcome)
    return Memory(memory.times_tested + 1, outcome, at, on, *state)


@cache
def _first_review(outcome: str) -> tuple[float, float]:
    return _reviewed(Card(card_id=0), outcome, _LONG_AGO)


@lru_cache(maxsize=8192)  # many words have the same history; a review takes 15 µs
def _review(stability: float, difficulty: float, days: int, outcome: str) -> tuple[float, float]:
    card = _card(stability, _LONG_AGO.date(), difficulty)
    return _reviewed(card, outcome, _LONG_AGO + timedelta(days=days))


def _reviewed(card: Card, outcome: str, at: datetime) -> tuple[float, float]:
    """Stability and difficulty after a review."""
    card, _ = _MODEL.review_card(card, _RATINGS[outcome], at)
    assert card.stability is not None  # noqa: S101  # a reviewed card has both
    assert card.difficulty is not None  # noqa: S101  # as above
    return card.stability, card.difficulty


def recall(stability: float, tested_on: date, day: date) -> float:
    """The predicted probability that the word is recalled on a day, from 0 to 1."""
    return _MODEL.get_card_retrievability(_card(stability, tested_on), _midnight(day))


def _card(stability: float, tested_on: date, difficulty: float = 5.0) -> Card:
    return Card(0, State.Review, None, stability, difficulty, _LONG_AGO, _midnight(tested_on))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
