"""Schemas of the history."""

from vorex_sessions.models import limits
from vorex_sessions.sessions.schemas import SessionResultSchema
from vorex_sessions.web import answer_fields, body_fields, query_fields
from vorex_sessions.web.schemas import Schema


class HistoryQuerySchema(Schema):
    """Filters and paging of the history."""

    session_type = body_fields.Choice(
        limits.SESSION_TYPES, description="Only sessions of this type.", example="conversation"
    )
    topic = query_fields.Phrase(
        limits.TOPIC_LENGTH,
        tidied=True,
        description="Only sessions with this topic, in any case.",
        example="travel",
    )
    date_from = query_fields.Day(
        description="First calendar day (`practiced_on`), included.", example="2026-03-01"
    )
    date_to = query_fields.Day(
        description="Last calendar day (`practiced_on`), included.", example="2026-03-31"
    )
    scenario_id = query_fields.Phrase(
        200,
        tidied=False,
        description="Only sessions whose `metadata.scenario_id` equals this; 5 finds the number "
        "and the text.",
        example="hotel-check-in",
    )
    language = query_fields.language("sessions")
    limit = query_fields.limit("Sessions", 20)
    offset = query_fields.Whole(
        0,
        1_000_000,
        description="How many sessions to skip, 0 by default. Not together with `cursor`.",
        example=40,
    )
    cursor = query_fields.cursor(
        "AAZMP2E5wAA_DJ9uekFMVJ8LL21fP38QEjRWeJq8",
        " Every page costs the same. Pages neither overlap nor skip sessions, whatever is saved meanwhile.",
    )


class HistorySchema(Schema):
    """A page of sessions, newest first."""

    sessions = answer_fields.items(
        SessionResultSchema,
        "The sessions of this page, newest `completed_at` first, ties by the greater id.",
    )
    total = answer_fields.whole("How many sessions match, on all pages.", 57)
    limit = answer_fields.whole("Sessions per page, as served.", 20, 100, least=1)
    offset = answer_fields.whole(
        "Sessions skipped; null with `cursor`.", 40, 1_000_000, allow_none=True
    )
    has_more = answer_fields.has_more()
    next_cursor = answer_fields.next_cursor("AAZMP2E5wAA_DJ9uekFMVJ8LL21fP38QEjRWeJq8")
