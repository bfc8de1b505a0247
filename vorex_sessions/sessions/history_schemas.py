"""What the history takes and answers."""

import marshmallow as ma

from vorex_sessions import fields, models, query_fields
from vorex_sessions.schemas import Schema
from vorex_sessions.sessions.schemas import SessionResultSchema


class HistoryQuerySchema(Schema):
    """Which sessions to list."""

    session_type = fields.Choice(
        models.SESSION_TYPES,
        metadata={"description": "Only sessions of this type.", "example": "conversation"},
    )
    topic = query_fields.Phrase(
        models.TOPIC_LENGTH,
        tidied=True,
        metadata={
            "description": "Only sessions with this topic, in any case.",
            "example": "travel",
        },
    )
    date_from = query_fields.Day(
        metadata={
            "description": "First calendar day (`practiced_on`), included.",
            "example": "2026-03-01",
        }
    )
    date_to = query_fields.Day(
        metadata={
            "description": "Last calendar day (`practiced_on`), included.",
            "example": "2026-03-31",
        }
    )
    scenario_id = query_fields.Phrase(
        200,
        tidied=False,
        metadata={
            "description": "Only sessions whose `metadata.scenario_id` equals this.",
            "example": "hotel-check-in",
        },
    )
    limit = query_fields.Whole(
        1,
        served=100,
        load_default=20,
        metadata={
            "description": "Sessions a page; more than 100 are served as 100.",
            "example": 20,
        },
    )
    offset = query_fields.Whole(
        0,
        1_000_000,
        metadata={
            "description": "Sessions to skip, 0 by default; not together with `cursor`.",
            "example": 40,
        },
    )
    cursor = ma.fields.String(
        metadata={
            "description": (
                "`next_cursor` of the page before, with the same filters: costs the same on every "
                "page, and pages neither overlap nor skip whatever is saved meanwhile."
            ),
            "example": "AAZMP2E5wAA_DJ9uekFMVJ8LL21fP38QEjRWeJq8",
        },
    )


class HistorySchema(Schema):
    """A page of sessions, newest first."""

    sessions = ma.fields.List(
        ma.fields.Nested(SessionResultSchema),
        required=True,
        metadata={"description": "The sessions of this page, newest `completed_at` first."},
    )
    total = ma.fields.Integer(
        required=True,
        validate=ma.validate.Range(0),
        metadata={"description": "How many sessions match in all.", "example": 57},
    )
    limit = ma.fields.Integer(
        required=True,
        validate=ma.validate.Range(1, 100),
        metadata={"description": "Sessions a page, as served.", "example": 20},
    )
    offset = ma.fields.Integer(
        required=True,
        validate=ma.validate.Range(0, 1_000_000),
        allow_none=True,
        metadata={"description": "Sessions skipped; null with `cursor`.", "example": 40},
    )
    has_more = ma.fields.Boolean(
        required=True, metadata={"description": "Whether another page follows.", "example": False}
    )
    next_cursor = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The `cursor` of the next page; null on the last one.",
            "example": "AAZMP2E5wAA_DJ9uekFMVJ8LL21fP38QEjRWeJq8",
        },
    )
