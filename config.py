"""The settings: read from the environment once, checked and documented.

`docs/operating.md` lists the same settings for the people who run the service; a test compares the two.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import setting_values as parse
from database_address import database_url


class SettingError(RuntimeError):
    """A setting is missing or unusable; the message names it and says what to do."""


@dataclass(frozen=True)
class Setting:
    """An environment variable: its parser, its default and its meaning."""

    name: str
    parse: Callable[[str], Any]
    default: str | None
    meaning: str
    decides_answers: bool = False  # whether the same question has another answer after a change


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
    Setting(
        "EVENTS",
        parse.boolean,
        "false",
        "Whether events are kept for `GET /api/admin/events`; with a destination they always are.",
    ),
    Setting(
        "WEBHOOK_URL", parse.endpoint, None, "Address that `flask events deliver` sends events to."
    ),
    Setting(
        "WEBHOOK_SECRETS",
        parse.signing_keys,
        None,
        "Secret that signs them, `whsec_…`; two with a comma while the second one is replaced.",
    ),
    Setting(
        "WEBHOOK_ALLOW_HTTP",
        parse.boolean,
        "false",
        "Whether `WEBHOOK_URL` may be `http://` on another host than localhost.",
    ),
    Setting("XAPI_URL", parse.record_store, None, "Address of an LRS that gets xAPI statements."),
    Setting("XAPI_KEY", parse.user_name, None, "Key for `XAPI_URL`: its user name."),
    Setting("XAPI_SECRET", parse.text, None, "Secret for `XAPI_URL`: its password."),
    Setting(
        "XAPI_ALLOW_HTTP",
        parse.boolean,
        "false",
        "Whether `XAPI_URL` may be `http://` on another host than localhost.",
    ),
    Setting(
        "XAPI_HOME_PAGE",
        parse.home_page,
        None,
        "Home page of learners' accounts in xAPI statements; unset: `SUPABASE_URL`, else `http://localhost`.",
        decides_answers=True,
    ),
    Setting(
        "EVENTS_KEPT_DAYS",
        parse.integer(1, 365),
        "7",
        "Days for which an event is kept, and after which `flask events deliver` removes it.",
    ),
    Setting(
        "STREAK_WARNING_HOUR",
        parse.integer(0, 23),
        "19",
        "Hour of the learner's day from which on `streak.at_risk` is written.",
    ),
    Setting(
        "INSIGHTS_MODEL_URL",
        parse.service_url,
        None,
        "Address, before `/v1`, of an OpenAI-compatible server that words insights; unset: templates do.",
        decides_answers=True,
    ),
    Setting(
        "INSIGHTS_MODEL",
        parse.text,
        None,
        "Name of its model; needed with `INSIGHTS_MODEL_URL`.",
        decides_answers=True,
    ),
    Setting(
        "INSIGHTS_MODEL_KEY",
        parse.text,
        None,
        "Bearer token that it asks for; unset: none is sent.",
    ),
    Setting(
        "INSIGHTS_MODEL_FORMAT",
        parse.choice("json_schema", "json_object", "none"),
        "json_schema",
        "What it can hold its answers to: `json_schema`, `json_object` or `none`.",
    ),
    Setting(
        "INSIGHTS_MODEL_TOKENS",
        parse.integer(1, 1_000_000_000),
        "200000",
        "Maximum tokens a day (UTC), of questions and answers.",
    ),
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
