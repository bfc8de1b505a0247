-- The tables of fastapi_deriving.py, with the columns that the service keeps of the same.
CREATE TABLE IF NOT EXISTS peer_totals (
    user_id uuid PRIMARY KEY,
    sessions integer NOT NULL DEFAULT 0, -- 0: not counted yet
    conversations integer NOT NULL DEFAULT 0,
    pronunciations integer NOT NULL DEFAULT 0,
    roleplays integer NOT NULL DEFAULT 0,
    seconds bigint NOT NULL DEFAULT 0,
    words_spoken bigint NOT NULL DEFAULT 0,
    distinct_words integer NOT NULL DEFAULT 0,
    best_pronunciation double precision NOT NULL DEFAULT 0,
    best_fluency double precision NOT NULL DEFAULT 0,
    best_grammar double precision NOT NULL DEFAULT 0,
    longest_break integer NOT NULL DEFAULT 0,
    last_day date,
    last_day_seconds bigint NOT NULL DEFAULT 0,
    days integer NOT NULL DEFAULT 0,
    counted_on date,
    current_streak integer NOT NULL DEFAULT 0,
    longest_streak integer NOT NULL DEFAULT 0,
    freezes integer NOT NULL DEFAULT 0,
    latest_at timestamptz,
    latest_id uuid,
    timezone text,
    languages text[] NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50); -- as ours: a row that every save changes finds room beside its old version

CREATE TABLE IF NOT EXISTS peer_words (
    user_id uuid,
    word text,
    times_seen integer NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    PRIMARY KEY (user_id, word)
);
