"""Schemas of export and erasure."""

import marshmallow as ma

from vorex_sessions.web import answer_fields, body_fields, query_fields
from vorex_sessions.web.schemas import Schema

FORMATS = ("json", "csv", "ndjson")


class EraseQuerySchema(Schema):
    """The confirmation, so that a client's mistake erases nothing."""

    confirm = body_fields.Choice(
        ("true",), required=True, description="Exactly `true`.", example="true"
    )


class ErasedSchema(Schema):
    """What was erased."""

    deleted = answer_fields.whole("How many sessions were erased.", 57)


class ExportQuerySchema(Schema):
    """The format of the download, and the language."""

    file_format = body_fields.Choice(
        FORMATS,
        data_key="format",
        load_default="json",
        description="`json`: everything stored; `csv` and `ndjson`: the sessions.",
        example="json",
    )
    language = query_fields.language("sessions, and other members that have a language,")


class LearnerExportSchema(Schema):
    """Everything that is stored about the learner. Capabilities add the members (hooks/registry.py)."""

    user_id = ma.fields.UUID(
        required=True,
        metadata={
            "description": "The learner's id.",
            "example": "00000000-0000-4000-8000-000000000001",
        },
    )
    exported_at = answer_fields.instant("The data is as of this moment.")


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
        "application/json": {"schema": LearnerExportSchema},
        "text/csv": {"schema": {"type": "string", "description": "RFC 4180, with a header line."}},
        "application/x-ndjson": {
            "schema": {"type": "string", "description": "One session result per line."}
        },
    },
}
