"""Learners and their sessions for the bench: the same every time for a given last day.

Of every 100 learners 99 have about 152 sessions and one has 5,000, over the 180 days before `until`:
200 sessions a learner. Rows are written in the order of time, as in production, so that one learner's rows
lie apart in the table.
"""

import io
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b, md5
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import psycopg2
from psycopg2 import sql

from vorex_sessions.hooks import projections

VERSION = 13  # of the data; a new version rebuilds them
DAYS = 180
HEAVY_EACH = 100  # one learner of this many is heavy
HEAVY = 5_000  # sessions of a heavy learner
ORDINARY = 152  # sessions of another learner, on average
LEARNER_SQL = "CAST(md5('learner ' || :n) AS uuid)"  # the same for pgbench
_ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Tokyo",
    "America/Sao_Paulo",
    "Asia/Kolkata",
)
_TOPICS = (
    "travel", "hotels", "work", "interviews", "health", "food", "restaurants", "weather", "weekend plans",
    "city life", "music", "family", "sports", "news",
)  # fmt: skip
_AREAS = (
    "past tense", "prepositions", "articles", "word stress", "polite requests", "linking words",
    "intonation", "vowel length", "th sound", "word order",
)  # fmt: skip
_COLUMNS = (
    "user_id, session_result_id, completed_at, created_at, updated_at, timezone, practiced_on, "
    "session_type, duration_seconds, words_spoken, pronunciation_score, fluency_score, grammar_score, "
    "topics, vocabulary_learned, areas_to_improve, metadata, fingerprint, version"
)


# Derived rows of the current version, so that no read has to rebuild them. Totals are not counted: each
# learner's first save counts them.
_DERIVED = (
    """
    INSERT INTO learner_words (user_id, word, times_seen, first_seen, last_seen)
    SELECT user_id, word, count(*), min(completed_at), max(completed_at)
    FROM session_results CROSS JOIN LATERAL (SELECT DISTINCT unnest(vocabulary_learned)) AS met (word)
    GROUP BY user_id, word
    """,
    """
    INSERT INTO learner_totals (
        user_id, sessions, conversations, pronunciations, roleplays, seconds, words_spoken,
        distinct_words, best_pronunciation, best_fluency, best_grammar, longest_break,
        last_day_seconds, days, current_streak, longest_streak, freezes, counted, derived_version)
    SELECT DISTINCT user_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, false, %(version)s
    FROM session_results
    """,
)


def learner_id(number: int) -> str:
    """Return the id of a learner by number. The order of ids helps no index. See LEARNER_SQL."""
    return str(UUID(md5(b"learner %d" % number, usedforsecurity=False).hexdigest()))


def learners(sessions: int) -> int:
    """Return the number of learners who have this many sessions in total."""
    each = (HEAVY + (HEAVY_EACH - 1) * ORDINARY) / HEAVY_EACH
    return max(HEAVY_EACH, round(sessions / each / HEAVY_EACH) * HEAVY_EACH)


def is_heavy(number: int) -> bool:
    """Return whether a learner has 5,000 sessions."""
    return number % HEAVY_EACH == 0


def content(rng: random.Random) -> dict[str, object]:
    """Return a session's content as an app sends it, without its id and its time."""
    scored = rng.random() < 0.6
    scores = [round(rng.uniform(45, 98), 1) if scored else None for _ in range(3)]
    return {
        "session_type": rng.choice(("conversation", "conversation", "pronunciation", "roleplay")),
        "duration_seconds": rng.randrange(60, 1500),
        "words_spoken": rng.randrange(20, 900),
        "pronunciation_score": scores[0],
        "fluency_score": scores[1],
        "grammar_score": scores[2],
        "topics": rng.sample(_TOPICS, rng.randrange(1, 4)),
        "vocabulary_learned": [f"word {rng.randrange(3000)}" for _ in range(rng.randrange(3, 9))],
        "areas_to_improve": rng.sample(_AREAS, rng.randrange(3)),
        "metadata": {
            "user_level": rng.choice(("A2", "B1", "B2")),
            "target_language": "es",
            "scenario_id": f"scenario-{rng.randrange(40)}",
        },
    }


def build(address: str, sessions: int, until: date) -> int:
    """Fill the empty tables of a database by COPY; return the number of sessions."""
    count = learners(sessions)
    with psycopg2.connect(address) as connection, connection.cursor() as cursor:
        definitions = _drop_indexes(cursor)
        rows = _Lines(_rows(count, until))
        cursor.copy_expert(f"COPY session_results ({_COLUMNS}) FROM STDIN", rows)
        stored: int = cursor.rowcount
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for definition in definitions:
            cursor.execute(definition)
        for statement in _DERIVED:
            cursor.execute(statement, {"version": projections.VERSION})
    connection.close()
    connection = psycopg2.connect(address)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for table in ("session_results", "learner_words", "learner_totals"):
            cursor.execute(f"VACUUM (ANALYZE, FREEZE) {table}")
        cursor.execute("CHECKPOINT")
    connection.close()
    return stored


def _drop_indexes(cursor: psycopg2.extensions.cursor) -> list[str]:
    """Drop the indexes, since they are built faster after the rows; return the statements for that."""
    cursor.execute(
        "SELECT pg_get_constraintdef(oid), conname FROM pg_constraint "
        "WHERE conrelid = 'session_results'::regclass AND contype = 'p'"
    )
    ((primary_key, name),) = cursor.fetchall()
    cursor.execute(
        "SELECT indexdef, indexname FROM pg_indexes "
        "WHERE tablename = 'session_results' AND indexname <> %s",
        [name],
    )
    others = cursor.fetchall()
    table, quoted = sql.Identifier("session_results"), sql.Identifier(name)
    cursor.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(table, quoted))
    for _, index in others:
        cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(index)))
    add = f"ALTER TABLE session_results ADD CONSTRAINT {name} {primary_key}"
    return [add, *(definition for definition, _ in others)]


def _rows(count: int, until: date) -> Iterator[str]:
    rng = random.Random(f"{count} sessions")
    tails = [_tail(content(rng)) for _ in range(2000)]
    ids = [learner_id(number) for number in range(count)]
    zones = [ZoneInfo(_ZONES[number % len(_ZONES)]) for number in range(count)]
    for day in range(DAYS):
        midnight = datetime.combine(until - timedelta(days=DAYS - day), datetime.min.time(), UTC)
        offsets = {zone: zone.utcoffset(midnight.replace(tzinfo=None)) for zone in set(zones)}
        moments = []
        for number in range(count):
            if is_heavy(number):
                times = (day + 1) * HEAVY // DAYS - day * HEAVY // DAYS
            else:
                times = rng.random() < ORDINARY / DAYS
            moments += [(rng.random() * 86400, number) for _ in range(times)]
        for second, number in sorted(moments):
            moment = midnight + timedelta(seconds=second)
            zone = zones[number]
            practiced_on = (moment + offsets[zone]).date()
            yield (
                f"{ids[number]}\t{UUID(int=rng.getrandbits(128), version=4)}\t{moment}\t{moment}\t"
                f"{moment}\t{zone.key}\t{practiced_on}\t{rng.choice(tails)}"
            )


def _tail(fields: dict[str, object]) -> str:
    """Return a session's content in COPY's text format; no value here needs escaping."""
    texts = []
    for value in fields.values():
        if value is None:
            texts.append(r"\N")
        elif isinstance(value, list):
            texts.append("{" + ",".join(f'"{item}"' for item in value) + "}")
        elif isinstance(value, dict):
            texts.append(orjson.dumps(value).decode())
        else:
            texts.append(str(value))
    fingerprint = blake2b(repr(fields).encode(), digest_size=16).hexdigest()
    return "\t".join([*texts, rf"\\x{fingerprint}", "0"]) + "\n"


class _Lines(io.TextIOBase):
    """A file of lines, for COPY to read."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._left = ""

    def read(self, size: int | None = -1) -> str:
        parts, length = [self._left], len(self._left)
        for line in self._lines:
            parts.append(line)
            length += len(line)
            if length >= (size or 0) > 0:
                break
        text = "".join(parts)
        self._left = text[size:] if size and size > 0 else ""
        return text[:size] if size and size > 0 else text
