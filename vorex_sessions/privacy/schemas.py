"""What the endpoints of this capability take and answer."""

from typing import Any

import marshmallow as ma

from vorex_sessions import fields
from vorex_sessions.schemas import Schema
from vorex_sessions.sessions.schemas import SessionResultSchema


class EraseQuerySchema(Schema):
    """The confirmation, so that a client's slip erases nothing."""

    confirm = fields.Choice(
        ("true",),
        required=True,
        metadata={"description": "Exactly `true`.", "example": "true"},
    )


class ErasedSchema(Schema):
    """What was erased."""

    deleted = ma.fields.Integer(
        required=True,
        validate=ma.validate.Range(0),
        metadata={"description": "How many sessions were erased.", "example": 57},
    )


class ExportQuerySchema(Schema):
    """Which file to download."""

    file_format = fields.Choice(
        ("json", "csv", "ndjson"),
        data_key="format",
        load_default="json",
        metadata={
            "description": "`json`: everything stored; `csv` and `ndjson`: the sessions.",
            "example": "json",
        },
    )


def _noted(description: str, example: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": description, "example": example}}


_ID = "3f0c9f6e-7a41-4c54-9f0b-2f6d5f3f7f10"
_STAMP = "2026-03-01T17:30:00.000000Z"


class DeletedSchema(Schema):
    """What is kept of a session that was deleted: that it may not come back."""

    session_result_id = ma.fields.UUID(**_noted("The id that it had.", _ID))
    deleted_at = ma.fields.DateTime(**_noted("When it was deleted.", _STAMP))


class ErasureSchema(Schema):
    """The learner's erasure: what was completed before may not come back."""

    erased_at = ma.fields.DateTime(**_noted("When everything was last erased.", _STAMP))
    closed = ma.fields.Boolean(**_noted("Whether nothing more can be saved.", False))


class UnlockedSchema(Schema):
    """An achievement that the learner has unlocked."""

    achievement = ma.fields.String(**_noted("Its key.", "first_session"))
    unlocked_at = ma.fields.DateTime(**_noted("When its session was completed.", _STAMP))
    session_result_id = ma.fields.UUID(**_noted("The session that brought it.", _ID))


class ExportSchema(Schema):
    """Everything that is stored about the learner."""

    user_id = ma.fields.UUID(**_noted("The learner's id.", "00000000-0000-4000-8000-000000000001"))
    exported_at = ma.fields.DateTime(**_noted("The moment that it shows.", _STAMP))
    sessions = ma.fields.List(
        ma.fields.Nested(SessionResultSchema), **_noted("Every session, newest first.", [])
    )
    deleted_sessions = ma.fields.List(
        ma.fields.Nested(DeletedSchema),
        **_noted(
            "What is left of deleted ones.", [{"session_result_id": _ID, "deleted_at": _STAMP}]
        ),
    )
    erasures = ma.fields.List(
        ma.fields.Nested(ErasureSchema),
        **_noted("The last erasure, if there was one.", [{"erased_at": _STAMP, "closed": False}]),
    )
    achievements = ma.fields.List(
        ma.fields.Nested(UnlockedSchema), **_noted("What was unlocked, oldest first.", [])
    )
    totals = ma.fields.List(
        ma.fields.Dict(),
        **_noted(
            "What the sessions add up to, and the streak; empty where it is yet to be made anew.",
            [],
        ),
    )
    rollups = ma.fields.List(
        ma.fields.Dict(),
        **_noted("What older sessions add up to, where they are many; else empty.", []),
    )
    skills = ma.fields.List(
        ma.fields.Dict(),
        **_noted("How well each skill with evidence is mastered.", [{"skill": "past-simple"}]),
    )
    words = ma.fields.List(ma.fields.Dict(), **_noted("Each word met.", [{"word": "reservation"}]))
    memories = ma.fields.List(
        ma.fields.Dict(),
        **_noted("How well each word with an outcome is remembered.", [{"word": "reservation"}]),
    )
    comparison = ma.fields.List(
        ma.fields.Dict(),
        **_noted("Since when the learner takes part in comparisons, if so.", [{"since": _STAMP}]),
    )
    standings = ma.fields.List(
        ma.fields.Dict(),
        **_noted(
            "The learner's own values in the last snapshot, and `published`, if others were.",
            [{"level": "B1"}],
        ),
    )


EXPORT_CONTENT = {
    "application/json": {"schema": ExportSchema},
    "text/csv": {"schema": {"type": "string", "description": "RFC 4180, with a header line."}},
    "application/x-ndjson": {
        "schema": {"type": "string", "description": "One session result a line."}
    },
}
