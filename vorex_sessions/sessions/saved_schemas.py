"""What the answers to saves add to a session result; capabilities add more (hooks/registry.py)."""

import marshmallow as ma

from vorex_sessions.sessions.schemas import SessionResultSchema
from vorex_sessions.web.answer_fields import text, whole
from vorex_sessions.web.schemas import ProblemSchema, Schema


class SavedSchema(SessionResultSchema):
    """A session result that was saved, with what it brought."""


class SavedItemSchema(Schema):
    """What became of one item of a batch."""

    index = whole("Its place in the batch, from 0.", 1)
    status = text(
        "`created` now, stored before (`replayed`), or `rejected`.",
        "created",
        ("created", "replayed", "rejected"),
    )
    session = ma.fields.Nested(
        SessionResultSchema, metadata={"description": "The stored result, unless rejected."}
    )
    problem = ma.fields.Nested(
        ProblemSchema, metadata={"description": "Why it was rejected; nothing of it was stored."}
    )


class SavedBatchSchema(Schema):
    """What became of a batch."""

    results = ma.fields.List(
        ma.fields.Nested(SavedItemSchema),
        required=True,
        metadata={"description": "An answer for each item, in the order they were sent."},
    )
    created = whole("How many were stored now.", 1)
    replayed = whole("How many had been stored before.", 1)
    rejected = whole("How many were not stored.", 1)
