"""Pure: what was brought over, what was left out or mended and why, and whether the sums agree."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vorex_sessions.text import counted

_MOST_REASONS = 100  # unknown types are reasons of their own
_OTHER = "its session_type is unknown, and so many others are"


class Expected(NamedTuple):
    """What must be stored of a session in the end."""

    seconds: int
    words: int


@dataclass
class Sums:
    """What is added up to compare both systems."""

    sessions: int = 0
    seconds: int = 0
    words: int = 0
    learners: int = 0

    def add(self, seconds: Any, words: Any) -> None:
        """Add a session."""
        self.sessions += 1
        self.seconds += seconds or 0
        self.words += words or 0


@dataclass
class Report:
    """Grows while rows are read; of constant size, however many there are."""

    source: Sums  # as the founding system adds up
    dry_run: bool
    brought: int = 0
    there: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    mended: Counter[str] = field(default_factory=Counter)
    was_read: Sums = field(default_factory=Sums)
    not_brought: Sums = field(default_factory=Sums)
    expected: Sums = field(default_factory=Sums)
    found: Sums = field(default_factory=Sums)
    differing_learners: set[str] = field(default_factory=set)
    changed: int = 0  # of those that are there, with another duration
    _last: str | None = None
    _last_expected: str | None = None

    def read(self, user_id: str | None, seconds: Any, words: Any) -> None:
        """Count a row that was read; a learner's come together."""
        self.was_read.add(seconds, words)
        if user_id is not None and user_id != self._last:
            self._last = user_id
            self.was_read.learners += 1

    def leave_out(self, row: Any, reason: str) -> None:
        """Count a row that is not brought over."""
        if reason not in self.left_out and len(self.left_out) >= _MOST_REASONS:
            reason = _OTHER
        self.left_out[reason] += 1
        self.not_brought.add(row.duration_seconds, row.words_spoken)

    def there_already(self, row: Any, stored: Any) -> None:
        """Count a session that was stored before."""
        self.there += 1
        self.changed += row.duration_seconds != stored.duration_seconds

    def compare(self, expected: Mapping[Any, Expected], found: Mapping[Any, Any]) -> None:
        """Compare a portion with what is stored of it."""
        learners = {learner_id for learner_id, _ in found}
        for learner_id, _ in sorted(expected):
            if learner_id != self._last_expected:
                self._last_expected = learner_id
                self.expected.learners += 1
                self.found.learners += learner_id in learners
        for key, one in expected.items():
            self.expected.add(one.seconds, one.words)
            stored = found.get(key)
            if stored:
                self.found.add(stored.duration_seconds, stored.words_spoken)
            if not stored or (stored.duration_seconds, stored.words_spoken) != one:
                self.differing_learners.add(key[0])

    @property
    def agrees(self) -> bool:
        """Whether everything is accounted for, in all and for each learner."""
        left = self.was_read.sessions - self.not_brought.sessions
        is_counted = self.source == self.was_read and left == self.expected.sessions
        is_stored = self.expected == self.found and not self.differing_learners
        return is_counted and (self.dry_run or is_stored)

    def lines(self) -> Iterator[str]:
        """The report, for people."""
        did = "Would bring over" if self.dry_run else "Brought over"
        here = "is" if self.there == 1 else "are"
        noun = "session" if self.brought == 1 else "sessions"
        yield f"{did} {self.brought:,} {noun}; {self.there:,} {here} there already."
        if self.changed:
            yield f"{self.changed:,} of these have another duration here, and stay as they are."
        for title, reasons in (("Left out", self.left_out), ("Mended", self.mended)):
            if reasons:
                yield f"{title}:"
            yield from (f"{count:>12,}  {reason}" for reason, count in reasons.most_common())
        yield f"{'':30}{'sessions':>14}{'seconds':>18}{'words':>18}{'learners':>12}"
        yield _line("in the founding system", self.source)
        if self.source != self.was_read:
            yield _line("read from it", self.was_read)
        yield _line("left out", self.not_brought, last="")
        yield _line("mended, or changed here", self._mended(), last="")
        yield _line("to be here", self.expected)
        if not self.dry_run:
            yield _line("here", self.found)
            if self.differing_learners:
                yield f"Other than it is to be: {counted(len(self.differing_learners), 'learner')}."

    def _mended(self) -> Sums:
        """How what is to be here differs from what was read and not left out."""
        changes = (
            getattr(self.expected, name)
            - getattr(self.was_read, name)
            + getattr(self.not_brought, name)
            for name in ("sessions", "seconds", "words")
        )
        return Sums(*changes)


def _line(title: str, sums: Sums, last: str | None = None) -> str:
    learners = f"{sums.learners:,}" if last is None else last
    figures = f"{sums.sessions:>14,}{sums.seconds:>18,}{sums.words:>18,}{learners:>12}"
    return f"{title:30}{figures}".rstrip()
