"""Pure: what an insight rests on: values of other endpoints' answers, each with its meaning and source."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

# How a value is meant and shown. A `text` may be a learner's own; `score` and `language` are names.
UNITS = (
    *("days", "minutes", "seconds", "sessions", "words", "results", "points", "share", "hour"),
    *("date", "text", "score", "language"),
)
PERIODS = ("today", "week", "month", "all")
ACTIONS = ("practise", "review", "skill", "remind", "trends")


class Fact(NamedTuple):
    """A value, with what it rests on (`n` sessions, days or words) and where anyone can look it up."""

    id: str
    value: Any
    unit: str
    period: str
    n: int | None
    source: str


class Answered(NamedTuple):
    """The answer of another capability, and the address at which a learner gets the same."""

    address: str
    body: Mapping[str, Any]

    def at(self, pointer: str) -> Any:
        """The value at a JSON pointer."""
        place: Any = self.body
        for name in pointer.strip("/").split("/"):
            place = place[int(name)] if isinstance(place, list) else place[name]
        return place

    def fact(
        self,
        id_: str,
        pointer: str,
        unit: str,
        *,
        period: str = "all",
        n: int | None = None,
        value: Any = None,
    ) -> Fact:
        """The fact at a pointer; with `value` it is computed from what is there."""
        shown = self.at(pointer) if value is None else value
        return Fact(id_, shown, unit, period, n, f"{self.address}#{pointer}")


class Finding(NamedTuple):
    """What a rule has found: facts, what they are about, and what to do. `subject` is part of the id."""

    facts: tuple[Fact, ...]
    action: str
    ref: str | None = None
    subject: str = "all"
    variant: str = ""  # of the wording


class Insight(NamedTuple):
    """A finding that is worth saying."""

    kind: str
    priority: int
    group: str
    finding: Finding

    @property
    def topic(self) -> str:
        """What it is about, whatever its values: what is hidden stays hidden though they change."""
        return f"{self.kind}.{self.finding.subject}"

    @property
    def template(self) -> str:
        """The name of its wording."""
        return f"{self.kind}_{self.finding.variant}" if self.finding.variant else self.kind

    def id_for(self, learner_id: str) -> str:
        """Its id, the same for the same learner, kind and facts."""
        values = [
            learner_id,
            self.topic,
            *([one.id, one.period, one.value] for one in self.finding.facts),
        ]
        digest = blake2b(orjson.dumps(values), digest_size=5).hexdigest()
        return f"{self.topic}~{digest}"
