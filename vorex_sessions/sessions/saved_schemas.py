"""Schemas of the answers to saves; capabilities add members (hooks/registry.py)."""

import marshmallow as ma

from vorex_sessions.sessions.schemas import SessionResultSchema
from vorex_sessions.web.answer_fields import text, whole
from vorex_sessions.web.schemas import ProblemSchema, Schema

STATUSES = ("created", "replayed", "rejected")


class SavedSchema(SessionResultSchema):
    """A saved session result, with the members that capabilities add."""


class CorrectedSchema(SessionResultSchema):
    """A corrected session result, with the members that capabilities add."""


class SavedItemSchema(Schema):
    """The result of one item of a batch."""

    index = whole("The item's index in the batch, from 0.", 1)
    status = text(
        "`created`: stored now; `replayed`: stored before; `rejected`: not stored.",
        "created",
        STATUSES,
    )
    session = ma.fields.Nested(
        SessionResultSchema, metadata={"description": "The stored result, unless rejected."}
    )
    problem = ma.fields.Nested(
        ProblemSchema, metadata={"description": "Why it was rejected; nothing of it was stored."}
    )


class SavedBatchSchema(Schema):
    """The results of a batch."""

    results = ma.fields.List(
        ma.fields.Nested(SavedItemSchema),
        required=True,
        metadata={"description": "A result for each item, in the order sent."},
    )
    created = whole("How many items were stored now.", 1)
    replayed = whole("How many items had been stored before.", 1)
    rejected = whole("How many items were not stored.", 1)
