"""The settings: read from the environment once, checked and documented.

`docs/operating.md` lists the same settings for the people who run the service; a test compares the two.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import setting_values
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
        "SUPABASE_JWT_SECRET",
        setting_values.secret,
        None,
        "Secret that signs HS256 tokens; required unless `SUPABASE_URL` is set.",
    ),
    Setting(
        "SUPABASE_URL",
        setting_values.web_url,
        None,
        "Address of the Supabase project, whose published keys verify ES256, RS256 and EdDSA tokens.",
    ),
    Setting(
        "JWT_AUDIENCE", setting_values.text, "authenticated", "Required `aud` of a learner's token."
    ),
    Setting("PORT", setting_values.integer(1, 65535), "8000", "Port that gunicorn listens on."),
    Setting("WEB_CONCURRENCY", setting_values.integer(1, 64), "2", "Number of worker processes."),
    Setting(
        "DB_POOL_SIZE",
        setting_values.integer(1, 200),
        "10",
        "Maximum database connections per worker.",
    ),
    Setting(
        "DB_TRANSACTION_POOLER",
        setting_values.boolean,
        "false",
        "Whether `DATABASE_URL` points to a transaction pooler (PgBouncer, Supabase's port 6543).",
    ),
    Setting(
        "DATABASE_SCHEMA",
        setting_values.schema,
        None,
        "Schema of the service's tables; unset: that of the role's `search_path`, mostly `public`.",
    ),
    Setting(
        "EXPORT_CONNECTIONS",
        setting_values.integer(1, 50),
        "2",
        "Maximum concurrent downloads per worker, each on a connection outside `DB_POOL_SIZE`.",
    ),
    Setting(
        "SESSION_RETENTION_DAYS",
        setting_values.integer(1, 36500),
        None,
        "Days after which `flask privacy purge` removes a session; unset: never.",
    ),
    Setting(
        "LIVE_SAVE_ABANDONED",
        setting_values.boolean,
        "false",
        "Whether abandoned live sessions are saved.",
    ),
    Setting(
        "DEFAULT_LANGUAGE",
        setting_values.language,
        "en",
        "Language of sessions that name none, as a tag of BCP 47.",
        decides_answers=True,
    ),
    Setting(
        "STREAK_MIN_SECONDS",
        setting_values.integer(0, 86_400),
        "60",
        "Seconds of practice that a day needs to count in a streak.",
        decides_answers=True,
    ),
    Setting(
        "COHORT_MIN_OTHERS",
        setting_values.integer(5, 1000),
        "10",
        "Minimum number of other learners in a comparison.",
        decides_answers=True,
    ),
    Setting(
        "EVENTS",
        setting_values.boolean,
        "false",
        "Whether events are kept for `GET /api/admin/events`; with a destination they always are.",
    ),
    Setting(
        "WEBHOOK_URL",
        setting_values.endpoint,
        None,
        "Address that `flask events deliver` sends events to.",
    ),
    Setting(
        "WEBHOOK_SECRETS",
        setting_values.signing_keys,
        None,
        "Secret that signs them, `whsec_…`; two with a comma while the second one is replaced.",
    ),
    Setting(
        "WEBHOOK_ALLOW_HTTP",
        setting_values.boolean,
        "false",
        "Whether `WEBHOOK_URL` may be `http://` on another host than localhost.",
    ),
    Setting(
        "XAPI_URL",
        setting_values.record_store,
        None,
        "Address of an LRS that gets xAPI statements.",
    ),
    Setting("XAPI_KEY", setting_values.user_name, None, "Key for `XAPI_URL`: its user name."),
    Setting("XAPI_SECRET", setting_values.text, None, "Secret for `XAPI_URL`: its password."),
    Setting(
        "XAPI_ALLOW_HTTP",
        setting_values.boolean,
        "false",
        "Whether `XAPI_URL` may be `http://` on another host than localhost.",
    ),
    Setting(
        "XAPI_HOME_PAGE",
        setting_values.home_page,
        None,
        "Home page of learners' accounts in xAPI statements; unset: `SUPABASE_URL`, else `http://localhost`.",
        decides_answers=True,
    ),
    Setting(
        "EVENTS_KEPT_DAYS",
        setting_values.integer(1, 365),
        "7",
        "Days for which an event is kept, and after which `flask events deliver` removes it.",
    ),
    Setting(
        "STREAK_WARNING_HOUR",
        setting_values.integer(0, 23),
        "19",
        "Hour of the learner's day from which on `streak.at_risk` is written.",
    ),
    Setting(
        "RATELIMIT_ENABLED",
        setting_values.boolean,
        "true",
        "Whether requests are counted and limited.",
    ),
    Setting(
        "RATELIMIT_READS",
        setting_values.integer(1, 1_000_000),
        "600",
        "Maximum read requests per minute, per learner or, without one, per IP address.",
    ),
    Setting(
        "RATELIMIT_WRITES",
        setting_values.integer(1, 1_000_000),
        "120",
        "Maximum write requests per minute, per learner or, without one, per IP address.",
    ),
    Setting(
        "RATELIMIT_HEARTBEATS",
        setting_values.integer(1, 10_000),
        "60",
        "Heartbeats per minute and learner.",
    ),
    Setting(
        "RATELIMIT_STORAGE_URI",
        setting_values.counter_url,
        "memory://",
        "Where requests are counted: `memory://` per worker, `redis://…` for all workers together.",
    ),
    Setting(
        "TRUSTED_PROXIES",
        setting_values.integer(0, 10),
        "0",
        "Number of proxies in front of the service that each add to `X-Forwarded-For`.",
    ),
    Setting(
        "CORS_ORIGINS",
        setting_values.origins,
        None,
        "Origins that may call the API from a browser, separated by commas; `*` for all.",
    ),
    Setting(
        "LOG_LEVEL",
        setting_values.log_level,
        "INFO",
        "Minimum log level: DEBUG, INFO, WARNING, ERROR.",
    ),
    Setting(
        "METRICS_TOKEN",
        setting_values.bearer_token,
        None,
        "Bearer token that `/metrics` asks for; unset: it is open.",
    ),
    Setting(
        "LEARNER_HASH_KEY",
        setting_values.text,
        None,
        "Key that hashes learner ids in logs; unset: derived from `DATABASE_URL`.",
    ),
    Setting(
        "GRACEFUL_TIMEOUT",
        setting_values.integer(1, 600),
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
