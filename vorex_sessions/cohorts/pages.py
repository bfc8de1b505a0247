"""The statements that count participants, page by page, and the words that cohorts are named with.

A page is read without a lock, and its result, which may be a second away by then, stored in a moment: of
those who still take part since the same instant. So an opt-out or an erasure waits for no reading, and leaves
nothing behind.
"""

import sqlalchemy as sa

PERIODS = ("month", "year")
MEASURES = ("pronunciation", "fluency", "grammar", "minutes", "sessions", "active_days")
BEFORE_ALL = "00000000-0000-0000-0000-000000000000"
_LONGEST_LEVEL = 50  # characters; a longer `user_level` is none
_PAGE = 50  # participants; what is stored of so many takes some 10 ms
# What `text.tidy` takes for white space; PostgreSQL's \s depends on the database's locale.
_SPACES = r"[\s\x1c-\x1f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
# How a level is compared: as a tidied text of any case. A number is one, too.
LEVEL = f"upper(btrim(regexp_replace(normalize({{}}, NFC), '{_SPACES}', ' ', 'g')))"
# The value that was published of a learner: a newer one was noted after the cohort was counted.
PUBLISHED = (
    "CASE WHEN {standing}.noted_at <= {as_of} THEN {standing}.value ELSE {standing}.published END"
)
_SCORES = "".join(
    f""",
        ('{name}', round(CAST(avg_{name} AS numeric), 1), scored_{name}, last_{name})"""
    for name in MEASURES[:3]
)
_SUMS = "".join(
    f""",
        avg({name}_score) AS avg_{name}, count({name}_score) AS scored_{name},
        max(practiced_on) FILTER (WHERE {name}_score IS NOT NULL) AS last_{name}"""
    for name in MEASURES[:3]
)

# OFFSET has each learner's sessions read by the index: PostgreSQL knows nothing of what metadata holds,
# expects a few rows in all, and would read the whole table for every page.
READ = sa.text(f"""
WITH page AS MATERIALIZED (
    SELECT user_id, since FROM cohort_participants WHERE user_id > CAST(:after AS uuid)
    ORDER BY user_id LIMIT {_PAGE}
), practised AS MATERIALIZED (
    SELECT page.user_id, session.*
    FROM page CROSS JOIN LATERAL (
        SELECT practiced_on, duration_seconds, pronunciation_score, fluency_score, grammar_score,
            metadata ->> 'user_level' AS written
        FROM session_results
        WHERE user_id = page.user_id AND completed_at >= :since AND practiced_on <= :last_day
            AND jsonb_typeof(metadata -> 'user_level') IN ('string', 'number')
        OFFSET 0) AS session
), levels AS MATERIALIZED (
    SELECT written, {LEVEL.format("written")} AS level
    FROM (SELECT DISTINCT written FROM practised) AS spellings
), figures AS (
    SELECT user_id, period, level, count(*) AS sessions, sum(duration_seconds) AS seconds,
        count(DISTINCT practiced_on) AS days, max(practiced_on) AS last_day{_SUMS}
    FROM practised JOIN levels USING (written)
    JOIN (VALUES ('month', CAST(:month AS date)), ('year', CAST(:year AS date)))
        AS periods (period, first_day) ON practiced_on >= first_day
    WHERE char_length(level) BETWEEN 1 AND {_LONGEST_LEVEL}
    GROUP BY user_id, period, level
), found AS (
    SELECT user_id, period, level, measured.*
    FROM figures CROSS JOIN LATERAL (VALUES
        ('minutes', round(seconds / 60.0), sessions, last_day),
        ('sessions', sessions, sessions, last_day),
        ('active_days', days, sessions, last_day){_SCORES}
    ) AS measured (measure, value, sessions, last_day)
    WHERE measured.value IS NOT NULL
)
SELECT (SELECT count(*) FROM page) AS learners,
    (SELECT user_id FROM page ORDER BY user_id DESC LIMIT 1) AS last,
    CAST((SELECT jsonb_agg(page) FROM page) AS text) AS page,
    CAST((SELECT coalesce(jsonb_agg(found), '[]') FROM found) AS text) AS found
""")  # noqa: S608  # names and numbers of ours

# The participants' own locks have an opt-out or an erasure wait, and then remove what was stored.
STORE = sa.text(f"""
WITH page AS MATERIALIZED (
    SELECT user_id
    FROM cohort_participants
    JOIN jsonb_to_recordset(CAST(:page AS jsonb)) AS said (user_id uuid, since timestamptz)
        USING (user_id, since)
    ORDER BY user_id FOR KEY SHARE OF cohort_participants
), found AS MATERIALIZED (
    SELECT said.*
    FROM jsonb_to_recordset(CAST(:found AS jsonb)) AS said (
        user_id uuid, period text, level text, measure text, value float8, sessions int, last_day date)
    JOIN page USING (user_id)
), gone AS (
    DELETE FROM cohort_standings
    WHERE user_id = ANY(ARRAY(SELECT user_id FROM page))
        AND (user_id, period, level, measure) NOT IN (SELECT user_id, period, level, measure FROM found)
), stored AS (
    INSERT INTO cohort_standings AS known (
        user_id, period, level, measure, value, sessions, last_day, counted_from, noted_at)
    SELECT user_id, period, level, measure, value, sessions, last_day, :now, :now FROM found
    ON CONFLICT (user_id, period, level, measure) DO UPDATE SET
        sessions = excluded.sessions, last_day = excluded.last_day, value = excluded.value,
        noted_at = CASE WHEN known.value = excluded.value THEN known.noted_at ELSE :now END,
        published = CASE WHEN known.value = excluded.value THEN known.published ELSE (
            SELECT {PUBLISHED.format(standing="known", as_of="cohort.as_of")} FROM cohorts AS cohort
            WHERE (cohort.period, cohort.level, cohort.measure)
                = (known.period, known.level, known.measure)) END
    WHERE (known.value, known.sessions, known.last_day)
        IS DISTINCT FROM (excluded.value, excluded.sessions, excluded.last_day)
)
SELECT count(*) FROM page
""")  # noqa: S608  # names and numbers of ours
