"""Words for the warm-up: what is about to be forgotten first, then what was met least often."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from vorex_sessions.learner_data import Suggestion
from vorex_sessions.periods import stamp
from vorex_sessions.progress.suggestions import MOST_WORDS, rarely_met
from vorex_sessions.recall.memory import recall

# The words of some days are looked up in one walk along the index, instead of all that the learner ever met.
# `:days` are all days that are today somewhere: whose calendar counts is known only from the answer.
_BESIDE = f"""
SELECT json_build_object(
    'due', (
        SELECT json_agg(to_json(due)) FROM (
            SELECT day.today, lowest.*, seen.times_seen, seen.last_seen
            FROM unnest(CAST(:days AS date[])) AS day (today)
            CROSS JOIN LATERAL (
                SELECT word, stability, tested_on, last_outcome FROM learner_memories
                WHERE user_id = CAST(:user_id AS uuid) AND due_on <= day.today
                ORDER BY (day.today - tested_on) / stability DESC, word COLLATE "C"
                LIMIT {MOST_WORDS}) AS lowest
            JOIN learner_words AS seen
                ON seen.user_id = CAST(:user_id AS uuid) AND seen.word = lowest.word) AS due),
    'met', (
        WITH met AS MATERIALIZED (
            SELECT ARRAY(SELECT DISTINCT unnest(vocabulary_learned) FROM recent) AS words)
        SELECT json_object_agg(word, json_build_array(times_seen, last_seen, word IN (
            SELECT word FROM learner_memories
            WHERE user_id = CAST(:user_id AS uuid) AND word = ANY (CAST((SELECT words FROM met) AS text[])))))
        FROM learner_words
        WHERE user_id = CAST(:user_id AS uuid) AND word = ANY (CAST((SELECT words FROM met) AS text[]))))
"""  # noqa: S608  # a number of ours


def _suggest(sessions: Sequence[Any], beside: dict[str, Any] | None, today: date) -> dict[str, Any]:
    found = beside or {}
    due = [_due(row, today) for row in found.get("due") or () if row["today"] == str(today)]
    due.sort(key=lambda one: (one["recall"], one["word"]))
    met = found.get("met") or {}
    tested = {word for word, (_, _, is_tested) in met.items() if is_tested}
    rest = rarely_met(sessions, leaving_out=tested)[: MOST_WORDS - len(due)]
    details = [*due, *(_met(word, *met[word][:2]) for word in rest if word in met)]
    return {
        "vocabulary_review": [one["word"] for one in details],
        "vocabulary_details": details,
    }


def _due(row: dict[str, Any], today: date) -> dict[str, Any]:
    tested_on = date.fromisoformat(row["tested_on"])
    return {
        "word": row["word"],
        "reason": "forgotten" if row["last_outcome"] == "again" else "due",
        "recall": round(recall(row["stability"], tested_on, today), 4),
        "last_seen": stamp(datetime.fromisoformat(row["last_seen"])),
        "times_seen": row["times_seen"],
    }


def _met(word: str, times_seen: int, last_seen: str) -> dict[str, Any]:
    return {
        "word": word,
        "reason": "new" if times_seen == 1 else "rarely met",
        "recall": None,
        "last_seen": stamp(datetime.fromisoformat(last_seen)),
        "times_seen": times_seen,
    }


SUGGESTION = Suggestion(beside=_BESIDE, suggest=_suggest)
