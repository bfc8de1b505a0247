"""The statements of the FastAPI peers: one for each operation."""

_COLUMNS = (
    "user_id, session_result_id, session_type, duration_seconds, words_spoken, pronunciation_score, "
    "fluency_score, grammar_score, topics, vocabulary_learned, areas_to_improve, metadata, "
    "completed_at, timezone, practiced_on, created_at, updated_at, language"
)
_NEWEST = "ORDER BY completed_at DESC, session_result_id DESC"
SAVE = f"""
INSERT INTO session_results (
    user_id, session_result_id, session_type, duration_seconds, words_spoken, pronunciation_score,
    fluency_score, grammar_score, topics, vocabulary_learned, areas_to_improve, metadata,
    completed_at, timezone, practiced_on, fingerprint)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
WHERE NOT EXISTS (
    SELECT FROM deleted_sessions WHERE user_id = $1 AND session_result_id = $2)
AND NOT EXISTS (
    SELECT FROM erased_learners WHERE user_id = $1 AND (closed OR $13 <= erased_at))
ON CONFLICT (user_id, session_result_id) DO NOTHING
RETURNING {_COLUMNS}
"""
SHOW = f"SELECT {_COLUMNS}, fingerprint FROM session_results WHERE user_id = $1 AND session_result_id = $2"
HISTORY = f"""
SELECT page.*, counted.total
FROM (SELECT count(*) AS total FROM session_results WHERE user_id = $1) AS counted
LEFT JOIN (
    SELECT {_COLUMNS} FROM session_results WHERE user_id = $1 {_NEWEST} LIMIT $2 OFFSET $3) AS page
ON true {_NEWEST}
"""
STATS = f"""
SELECT latest.timezone, 0, 'monday', topics, areas_to_improve, practiced_on, completed_at, session_type,
    duration_seconds, words_spoken, pronunciation_score, fluency_score, grammar_score
FROM (SELECT timezone FROM session_results WHERE user_id = $1 {_NEWEST} LIMIT 1) AS latest
LEFT JOIN session_results AS session
ON session.user_id = $1 AND session.completed_at >= $2
"""
RECENT = f"""
SELECT session_result_id, session_type, duration_seconds, pronunciation_score, fluency_score,
    grammar_score, areas_to_improve, completed_at, created_at, practiced_on, timezone
FROM session_results
WHERE user_id = $1 AND completed_at >= least($2, (
    SELECT completed_at - interval '9 days' FROM session_results WHERE user_id = $1 {_NEWEST} LIMIT 1))
{_NEWEST}
"""
