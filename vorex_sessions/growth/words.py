"""Which words a learner's sessions name, and in how many: SQL of one meaning for a save and for all anew."""

from collections.abc import Iterable
from typing import Any


def words_of(session: Any) -> list[str]:
    """The words that a session names, as learned or in an exercise; repeats stay."""
    return [*session.vocabulary_learned, *(one["word"] for one in session.vocabulary_results)]


def all_words(sessions: Iterable[Any]) -> set[str]:
    """The words that any of the sessions names."""
    return {word for session in sessions for word in words_of(session)}


def seen_in(source: str) -> str:
    """A query of words with times_seen, first_seen and last_seen, from rows of session_results."""
    return f"""
    SELECT word, count(*) AS times_seen, min(completed_at) AS first_seen, max(completed_at) AS last_seen
    FROM (SELECT completed_at, vocabulary_learned, vocabulary_results {source}) AS session
    CROSS JOIN LATERAL (
        SELECT unnest(vocabulary_learned)
        UNION SELECT result->>'word' FROM jsonb_array_elements(vocabulary_results) AS result
    ) AS named (word)
    GROUP BY word"""  # noqa: S608  # our own text


# Words of the rows `new`, added to what is known; returns those that were not.
MET = f"""met AS (
    INSERT INTO learner_words AS known (user_id, word, times_seen, first_seen, last_seen)
    SELECT CAST(:user_id AS uuid), seen.* FROM ({seen_in("FROM new")}) AS seen
    ORDER BY word
    ON CONFLICT (user_id, word) DO UPDATE SET
        times_seen = known.times_seen + excluded.times_seen,
        first_seen = least(known.first_seen, excluded.first_seen),
        last_seen = greatest(known.last_seen, excluded.last_seen)
    RETURNING word, xmax = 0 AS is_new)"""  # noqa: S608  # our own text; xmax of a locked row is not 0
# All words of the learner, made anew; what is right already is not written again.
RENEWED = f"""
every AS MATERIALIZED ({seen_in("FROM session_results WHERE user_id = CAST(:user_id AS uuid)")}),
gone AS (
    DELETE FROM learner_words
    WHERE user_id = CAST(:user_id AS uuid) AND NOT EXISTS (
        SELECT FROM every WHERE every.word = learner_words.word)),
met AS (
    INSERT INTO learner_words AS known (user_id, word, times_seen, first_seen, last_seen)
    SELECT CAST(:user_id AS uuid), every.* FROM every
    ON CONFLICT (user_id, word) DO UPDATE SET
        times_seen = excluded.times_seen,
        first_seen = excluded.first_seen,
        last_seen = excluded.last_seen
    WHERE (known.times_seen, known.first_seen, known.last_seen)
        IS DISTINCT FROM (excluded.times_seen, excluded.first_seen, excluded.last_seen))"""  # noqa: S608  # our own text
