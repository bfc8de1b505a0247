"""The settings: read from the environment once, checked and documented.

`docs/operating.md` lists the same settings for the people who run the service; a test compares the two.
"""

import os
from collections.abc import Mapping
from typing import Any

import setting_values as parse
from database_address import database_url
from outgoing_settings import OUTGOING
from setting import Setting


class SettingError(RuntimeError):
    """A setting is missing or unusable; the message names it and says what to do."""


SETTINGS = (
    Setting("DATABASE_URL", database_url, None, "Address of PostgreSQL; required."),
    Setting(
        "DATABASE_READ_URL", database_url, None, "Address of a standby, for reads that may lag."
    ),
    Setting(
        "SUPABASE_JWT_SECRET",
        parse.secret,
        None,
        "Secret that signs HS256 tokens; required unless `SUPABASE_URL` is set.",
    ),
    Setting(
        "SUPABASE_URL",
        parse.web_url,
        None,
        "Address of the Supabase project, whose published keys verify ES256, RS256 and EdDSA tokens.",
    ),
    Setting("JWT_AUDIENCE", parse.text, "authenticated", "Required `aud` of a learner's token."),
    Setting("PORT", parse.integer(1, 65535), "8000", "Port that gunicorn listens on."),
    Setting("WEB_CONCURRENCY", parse.integer(1, 64), "2", "Number of worker processes."),
    Setting(
        "WORKER_CONNECTIONS",
        parse.integer(100, 20_000),
        "2000",
        "Maximum open connections of a worker; 70 % of them may be sockets.",
    ),
    Setting(
        "DB_POOL_SIZE", parse.integer(1, 200), "10", "Maximum database connections per worker."
    ),
    Setting(
        "DB_TRANSACTION_POOLER",
        parse.boolean,
        "false",
        "Whether `DATABASE_URL` points to a transaction pooler (PgBouncer, Supabase's port 6543).",
    ),
    Setting(
        "DB_DISTRIBUTED",
        parse.boolean,
        "false",
        "Whether `DATABASE_URL` points to Citus, a PostgreSQL of several machines.",
    ),
    Setting(
        "DATABASE_SCHEMA",
        parse.schema,
        None,
        "Schema of the service's tables; unset: that of the role's `search_path`, mostly `public`.",
    ),
    Setting(
        "EXPORT_CONNECTIONS",
        parse.integer(1, 50),
        "2",
        "Maximum concurrent downloads per worker, each on a connection outside `DB_POOL_SIZE`.",
    ),
    Setting(
        "SESSION_RETENTION_DAYS",
        parse.integer(1, 36500),
        None,
        "Days after which `flask privacy purge` removes a session; unset: never.",
    ),
    Setting(
        "LIVE_SAVE_ABANDONED", parse.boolean, "false", "Whether abandoned live sessions are saved."
    ),
    Setting(
        "DEFAULT_LANGUAGE",
        parse.language,
        "en",
        "Language of sessions that name none, as a tag of BCP 47.",
        decides_answers=True,
    ),
    Setting(
        "STREAK_MIN_SECONDS",
        parse.integer(0, 86_400),
        "60",
        "Seconds of practice that a day needs to count in a streak.",
        decides_answers=True,
    ),
    Setting(
        "COHORT_MIN_OTHERS",
        parse.integer(5, 1000),
        "10",
        "Minimum number of other learners in a comparison.",
        decides_answers=True,
    ),
    *OUTGOING,
    Setting(
        "RATELIMIT_ENABLED", parse.boolean, "true", "Whether requests are counted and limited."
    ),
    Setting(
        "RATELIMIT_READS",
        parse.integer(1, 1_000_000),
        "600",
        "Maximum read requests per minute, per learner or, without one, per IP address.",
    ),
    Setting(
        "RATELIMIT_WRITES",
        parse.integer(1, 1_000_000),
        "120",
        "Maximum write requests per minute, per learner or, without one, per IP address.",
    ),
    Setting(
        "RATELIMIT_HEARTBEATS", parse.integer(1, 10_000), "60", "Heartbeats per minute and learner."
    ),
    Setting(
        "RATELIMIT_STORAGE_URI",
        parse.counter_url,
        "memory://",
        "Where requests are counted, and workers tell each other of live sessions: `memory://` per worker "
        "and by PostgreSQL, `redis://…` for all workers together.",
    ),
    Setting(
        "TRUSTED_PROXIES",
        parse.integer(0, 10),
        "0",
        "Number of proxies in front of the service that each add to `X-Forwarded-For`.",
    ),
    Setting(
        "CORS_ORIGINS",
        parse.origins,
        None,
        "Origins that may call the API from a browser, separated by commas; `*` for all.",
    ),
    Setting(
        "PROGRESS_FRAME_ANCESTORS",
        parse.origins,
        None,
        "Origins whose pages may show `/progress` in a frame, separated by commas; unset: none.",
    ),
    Setting(
        "LOG_LEVEL", parse.log_level, "INFO", "Minimum log level: DEBUG, INFO, WARNING, ERROR."
    ),
    Setting(
        "METRICS_TOKEN",
        parse.bearer_token,
        None,
        "Bearer token that `/metrics` asks for; unset: it is open.",
    ),
    Setting(
        "LEARNER_HASH_KEY",
        parse.text,
        None,
        "Key that hashes learner ids in logs; unset: derived from `DATABASE_URL`.",
    ),
    Setting(
        "GRACEFUL_TIMEOUT",
        parse.integer(1, 600),
        "30",
        "Seconds that running requests get to finish when the service stops.",
    ),
)
# The settings that decide what is answered.
DECISIVE = tuple(setting.name for setting in SETTINGS if setting.decides_answers)


def read(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Read and check every setting. Raises `SettingError` for the first unusable one."""
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        raw = environ.get(setting.name, "").strip() or setting.default
        try:
            values[setting.name] = None if raw is None else setting.parse(raw)
        except ValueError as error:
            raise SettingError(f"{setting.name} {error}.") from None
    return values
