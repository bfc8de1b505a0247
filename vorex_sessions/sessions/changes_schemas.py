"""Schemas of the changes that a device has missed."""

import marshmallow as ma

from vorex_sessions.sessions.schemas import SessionResultSchema
from vorex_sessions.web import answer_fields, query_fields
from vorex_sessions.web.schemas import Schema

_PLACE = "AAAAAAAAAAAAAAAAAAAAEf___________________0RWeJq8"


class ChangesQuerySchema(Schema):
    """Where to go on."""

    since = ma.fields.String(
        metadata={
            "description": "`next` of the last answer that the device has applied; without it, everything.",
            "example": _PLACE,
        }
    )
    limit = query_fields.limit("Changes", 100)


class ChangeSchema(Schema):
    """A session that was saved, changed or deleted."""

    session_result_id = answer_fields.session_id("The session's id.")
    version = answer_fields.whole("Its version; that of the deletion where it is deleted.", 17)
    deleted = answer_fields.flag("Whether it was deleted.")
    session = ma.fields.Nested(
        SessionResultSchema, metadata={"description": "The session as it is now, unless deleted."}
    )
    deleted_at = answer_fields.instant("When it was deleted, if so; UTC.", required=False)


class ChangesSchema(Schema):
    """What has changed; to be applied in this order: `reset`, `kept_since`, `changes`, and `next` is kept."""

    changes = answer_fields.items(ChangeSchema, "In order of `version`, ties by id.")
    next = answer_fields.text("The `since` of the next request.", _PLACE)
    has_more = answer_fields.flag("Whether there is more to get at once.")
    reset = answer_fields.flag(
        "Whether to drop every session that the device has of this learner: it begins, or everything was "
        "erased since, a backup was restored, or a session that a correction had made old was removed."
    )
    erased_at = answer_fields.instant(
        "When the learner's data was erased, if since then; UTC.", allow_none=True
    )
    kept_since = answer_fields.instant(
        "Sessions completed before are not kept any more: drop those that the device has. Null where nothing "
        "was removed since; UTC.",
        allow_none=True,
    )
