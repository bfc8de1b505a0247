"""Statements on what language models have written. This module alone writes these tables.

They hold nothing of a learner: a wording is the same for all. What was stored first is older than what was
stored later, as all who store wait for each other; a learner sees what is no newer than `wordings_at`.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from vorex_sessions.models import USER_ID, learner_insight_preferences

_p = learner_insight_preferences.c
LOCK = sa.text("SELECT pg_advisory_xact_lock(7, 2)")
READ = sa.text("""
SELECT key, text FROM insight_wordings
WHERE key = ANY(:keys) AND made_at <= :wordings_at
""").bindparams(sa.bindparam("keys", type_=ARRAY(sa.Text)))
NEWEST = sa.text("SELECT max(made_at) AS newest FROM insight_wordings")
# Whoever gets a row asks; nobody else does meanwhile, nor for some days where the gate has refused it.
CLAIM = sa.text("""
INSERT INTO insight_wordings AS known (key, language, template, tone, asked_at)
VALUES (:key, :language, :template, :tone, :now)
ON CONFLICT (key) DO UPDATE SET asked_at = excluded.asked_at
WHERE known.text IS NULL AND known.asked_at <
    CASE WHEN known.refused IS NULL THEN CAST(:abandoned AS timestamptz) ELSE :again END
RETURNING key
""")
RELEASE = sa.text("DELETE FROM insight_wordings WHERE key = :key AND text IS NULL")
ACCEPT = sa.text("""
UPDATE insight_wordings SET text = :text, refused = NULL, made_at = clock_timestamp() WHERE key = :key
""")
REFUSE = sa.text("UPDATE insight_wordings SET refused = :reason WHERE key = :key AND text IS NULL")
# Reserves tokens of the day's budget; without a row there are too few left.
RESERVE = sa.text("""
INSERT INTO insight_model_use AS used (day, outcome, answers, tokens) VALUES (:day, 'asked', 1, :tokens)
ON CONFLICT (day, outcome) DO UPDATE
SET answers = used.answers + 1, tokens = used.tokens + excluded.tokens
WHERE used.tokens + excluded.tokens <= :budget
RETURNING tokens
""")
RETURN = sa.text("""
UPDATE insight_model_use SET tokens = tokens - :tokens WHERE day = :day AND outcome = 'asked'
""")
COUNT = sa.text("""
INSERT INTO insight_model_use AS used (day, outcome, answers, tokens) VALUES (:day, :outcome, 1, 0)
ON CONFLICT (day, outcome) DO UPDATE SET answers = used.answers + 1
""")
USE = sa.text("""
SELECT outcome, CAST(sum(answers) AS bigint) AS answers, CAST(sum(tokens) AS bigint) AS tokens
FROM insight_model_use GROUP BY outcome
""")
_after = sa.bindparam("after", type_=_p.user_id.type)
_newest = sa.bindparam("newest", type_=_p.wordings_at.type)
# Learners of all, in pages, to whom the newest wordings are not shown yet.
BEHIND = (
    sa.select(_p.user_id)
    .where(_p.model, _p.wordings_at < _newest, _p.user_id > _after)
    .order_by(_p.user_id)
    .limit(500)
)
SHOW = (
    sa.update(learner_insight_preferences)
    .where(_p.user_id == USER_ID, _p.wordings_at < _newest)
    .values(wordings_at=_newest)
)
