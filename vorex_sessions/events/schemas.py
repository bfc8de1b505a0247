"""Schemas of pulled events."""

import marshmallow as ma

from vorex_sessions.hooks.events import TYPES
from vorex_sessions.web import answer_fields, body_fields, query_fields
from vorex_sessions.web.schemas import Schema

_PLACE = "AAAAAAAAA-gAAAAAAAAAEQAAAABpoxGAAAAAAAAA"


class EventsQuerySchema(Schema):
    """Where to go on, and which events."""

    after = ma.fields.String(
        metadata={
            "description": "`next` of the last answer, with the same `type`; without it, the oldest event "
            "that is kept comes first.",
            "example": _PLACE,
        }
    )
    event_type = body_fields.Choice(
        TYPES, data_key="type", description="Only events of this type.", example="session.saved"
    )
    limit = query_fields.limit("Events", 100)


class EventDataSchema(Schema):
    """What it is about."""

    user_id = answer_fields.text("The learner's id.", "00000000-0000-4000-8000-000000000001")
    session_result_id = answer_fields.session_id("The session's id.", required=False)
    version = answer_fields.whole(
        "The version of the session, or of its deletion.", 17, required=False
    )
    previous_version = answer_fields.whole(
        "The version of the session before it was corrected or deleted.", 16, required=False
    )
    imported = answer_fields.flag(
        "Sent with `true` where an import has brought the session, which may be old.",
        required=False,
    )
    achievement = answer_fields.text("The key of the achievement.", "streak-7", required=False)
    unlocked_at = answer_fields.instant("When it was unlocked.", required=False)
    streak = answer_fields.whole("The streak in days.", 12, required=False)
    day = ma.fields.Date(metadata={"description": "The learner's today.", "example": "2026-03-01"})
    ends_at = answer_fields.instant("When the streak ends without practice.", required=False)


class EventSchema(Schema):
    """Something that has happened."""

    id = answer_fields.session_id("The event's id, `webhook-id` where it is delivered.")
    type = answer_fields.text("What has happened.", "session.saved", TYPES)
    timestamp = answer_fields.instant("When it happened; UTC.")
    data = answer_fields.nested(EventDataSchema, "What it is about; members as the type has them.")


class EventsSchema(Schema):
    """A page of events, those of a learner in the order in which they happened."""

    events = answer_fields.items(
        EventSchema, "The events; with a `type` perhaps fewer than `limit`."
    )
    next = answer_fields.text("The `after` of the next request, also where no event came.", _PLACE)
    has_more = answer_fields.flag("Whether there is more to get at once.")
    missed = answer_fields.flag(
        "Whether you come so late that events may have been removed that you do not have."
    )
