"""Schemas of export and erasure."""

import marshmallow as ma

from vorex_sessions.sessions.schemas import SessionResultSchema
from vorex_sessions.web import answer_fields, body_fields, query_fields
from vorex_sessions.web.date_ranges import DatesQuerySchema
from vorex_sessions.web.schemas import Schema

FORMATS = ("json", "csv", "ndjson", "xapi")


class EraseQuerySchema(Schema):
    """The confirmation, so that a client's mistake erases nothing."""

    confirm = body_fields.Choice(
        ("true",), required=True, description="Exactly `true`.", example="true"
    )


class ErasedSchema(Schema):
    """What was erased."""

    deleted = answer_fields.whole("How many sessions were erased.", 57)


class ExportQuerySchema(DatesQuerySchema):
    """The format of the download, the language, and two dates."""

    file_format = body_fields.Choice(
        FORMATS,
        data_key="format",
        load_default="json",
        description="`json`: everything stored, with `date_from` or `date_to` only the sessions; `csv` and "
        "`ndjson`: the sessions; `xapi`: a statement of xAPI 1.0.3 for each session.",
        example="json",
    )
    language = query_fields.language("sessions, and other members that have a language,")


def _learner() -> ma.fields.UUID:
    return ma.fields.UUID(
        required=True,
        metadata={
            "description": "The learner's id.",
            "example": "00000000-0000-4000-8000-000000000001",
        },
    )


class LearnerExportSchema(Schema):
    """Everything that is stored about the learner. Capabilities add the members (hooks/registry.py)."""

    user_id = _learner()
    exported_at = answer_fields.instant("The data is as of this moment.")


class DaysExportSchema(Schema):
    """The learner's sessions of some days, where `date_from` or `date_to` is given."""

    user_id = _learner()
    exported_at = answer_fields.instant("The data is as of this moment.")
    date_from = answer_fields.day(
        "First day, as asked for; null: from the first on.", allow_none=True
    )
    date_to = answer_fields.day("Last day, as asked for; null: to the last.", allow_none=True)
    sessions = answer_fields.items(SessionResultSchema, "The sessions of these days, newest first.")


EXPORT = {
    "description": "Everything stored about me",
    "headers": {
        "Content-Disposition": {
            "description": "The name of the file.",
            "schema": {"type": "string"},
            "example": 'attachment; filename="vorex-sessions-2026-03-01.json"',
        }
    },
    "content": {
        "application/json": {"schema": {"oneOf": [LearnerExportSchema, DaysExportSchema]}},
        "text/csv": {"schema": {"type": "string", "description": "RFC 4180, with a header line."}},
        "application/x-ndjson": {
            "schema": {
                "type": "string",
                "description": "One session result per line; with `format=xapi`, one statement.",
            }
        },
    },
}
