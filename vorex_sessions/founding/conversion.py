"""Pure: from a row of the founding system to what a save would store, and what had to be mended.

Whatever comes out of here would pass a save. Nothing is invented: what cannot be kept is dropped and counted.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import marshmallow as ma

from vorex_sessions import text
from vorex_sessions.models import limits
from vorex_sessions.periods import zone
from vorex_sessions.sessions.metadata_field import LongMetadata, Metadata
from vorex_sessions.sessions.results import AHEAD, EARLIEST

Note = Callable[[str], None]
SCORES = ("pronunciation_score", "fluency_score", "grammar_score")
# The most entries of each list, the most characters of an entry, and what makes two entries the same.
LISTS: dict[str, tuple[int, int, Callable[[str], str]]] = {
    "topics": (limits.MOST_TOPICS, limits.TOPIC_LENGTH, text.fold),
    "vocabulary_learned": (limits.MOST_VOCABULARY, limits.WORD_LENGTH, str),
    "areas_to_improve": (limits.MOST_TOPICS, limits.TOPIC_LENGTH, text.fold),
}
_SHOWN = 40  # characters of an unknown type
_METADATA = Metadata()


class FoundingRow(NamedTuple):
    """A row of the founding system's table, by the names that it has there."""

    id: str | None
    user_id: str | None
    session_type: str | None
    duration_seconds: Any
    words_spoken: Any
    pronunciation_score: float | None
    fluency_score: float | None
    grammar_score: float | None
    topics: Any
    vocabulary_learned: Any
    areas_to_improve: Any
    metadata: str | None  # as JSON
    created_at: datetime | None  # None also where no calendar has it
    has_time: bool


@dataclass(frozen=True)
class Rules:
    """What the operator has decided."""

    types: Mapping[str, str]  # a type of the founding system -> one of ours
    zero_is_unmeasured: bool
    stored_in: str  # the zone of times without one
    learner_zone: str  # the zone whose calendar the sessions get


@dataclass(frozen=True)
class Converted:
    """What a save would store, and what had to be mended."""

    content: dict[str, Any]
    mended: frozenset[str]


class LeftOut(Exception):
    """The row cannot be brought over; the message says why."""


def key_of(row: FoundingRow) -> tuple[str, str]:
    """The ids of learner and session. Raises LeftOut."""
    for name, value in (("user_id", row.user_id), ("id", row.id)):
        if not value or not text.UUID_PATTERN.fullmatch(value):
            raise LeftOut(f"its {name} is not a UUID")
    return str(row.user_id).lower(), str(row.id).lower()


def convert(row: FoundingRow, rules: Rules, now: datetime) -> Converted:
    """Convert a row. Raises LeftOut."""
    mended: set[str] = set()
    content: dict[str, Any] = {
        "session_type": _session_type(row.session_type, rules.types),
        "duration_seconds": _duration(row.duration_seconds),
        "completed_at": _instant(row, rules.stored_in, now),
        "timezone": rules.learner_zone,
        "words_spoken": _words(row.words_spoken, mended.add),
        "metadata": _metadata(row.metadata, mended.add),
    }
    for name in SCORES:
        score = getattr(row, name)
        content[name] = _score(name, score, rules.zero_is_unmeasured, mended.add)
    for name in LISTS:
        content[name] = _texts(name, getattr(row, name), mended.add)
    return Converted(content, frozenset(mended))


def _session_type(given: str | None, types: Mapping[str, str]) -> str:
    if given is None:
        raise LeftOut("its session_type is missing")
    found = types.get(given, given)
    if found not in limits.SESSION_TYPES:
        shown = given[:_SHOWN]
        raise LeftOut(f"its session_type {shown!r} is unknown; map it: --map-type {shown}=…")
    return found


def _duration(given: Any) -> int:
    if not isinstance(given, int):
        raise LeftOut("its duration_seconds is missing")
    if not 0 <= given <= limits.LARGEST_DURATION:
        raise LeftOut("its duration_seconds is negative or over a day")
    return given


def _instant(row: FoundingRow, zone_name: str, now: datetime) -> datetime:
    if not row.has_time:
        raise LeftOut("it has no created_at, so nobody knows when it was")
    instant = row.created_at
    if instant and instant.tzinfo is None:
        instant = instant.replace(tzinfo=zone(zone_name))
    if not instant or not EARLIEST <= instant <= now + AHEAD:
        raise LeftOut("its created_at is before 2000 or in the future")
    return instant


def _words(given: Any, note: Note) -> int:
    if isinstance(given, int) and 0 <= given <= limits.LARGEST_WORDS:
        return given
    note("words_spoken was missing, negative or over 100,000, and is 0")
    return 0


def _score(name: str, given: float | None, zero_is_unmeasured: bool, note: Note) -> float | None:
    if given is None:
        return None
    if not 0 <= given <= 100:  # nor is NaN
        note(f"{name} was not from 0 to 100, and counts as not measured")
        return None
    if zero_is_unmeasured and given == 0:
        note(f"{name} was 0, and counts as not measured")
        return None
    return abs(float(given))  # -0.0 is 0.0


def _texts(name: str, given: Any, note: Note) -> list[str]:
    most, length, key = LISTS[name]
    if not isinstance(given, list):
        note(f"{name} was no list, and is empty")
        return []
    texts = []
    for entry in given:
        if not isinstance(entry, str):
            note(f"{name} had entries that are no texts; they are dropped")
            continue
        try:
            texts.append(text.tidy(entry, length))
        except ValueError:
            note(
                f"{name} had entries that no save may have, say longer than {length}; they are dropped"
            )
    kept = text.distinct(texts, key)
    if len(kept) > most:
        note(f"{name} had more than {most} entries; the first ones are kept")
    return kept[:most]


def _metadata(given: str | None, note: Note) -> dict[str, Any]:
    try:
        value = None if given is None else json.loads(given)
        if isinstance(value, str):
            value = _object_in(value, note)
        if value is None:
            return {}
        if not isinstance(value, dict):
            note("metadata was no JSON object, and is kept under its member `value`")
            value = {"value": value}
        checked: dict[str, Any] = _METADATA.deserialize(value)
        if not isinstance(checked, LongMetadata):
            return checked
    except (ValueError, RecursionError, ma.ValidationError):
        pass
    note("metadata was too large, too deep or unreadable, and is dropped")
    return {}


def _object_in(given: str, note: Note) -> Any:
    """The JSON object that a text holds, as where it was encoded twice; else the text."""
    try:
        inner = json.loads(given)
    except ValueError:
        return given
    if not isinstance(inner, dict):
        return given
    note("metadata was a text that holds a JSON object, which is kept")
    return inner
