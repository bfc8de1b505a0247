"""The settings of what the service sends itself: events, xAPI statements, questions to a language model."""

import setting_values as parse
from setting import Setting

OUTGOING = (
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
)
