"""Schemas that all capabilities share: the base schema and the problem."""

import marshmallow as ma

from vorex_sessions.problems.validation import UNKNOWN
from vorex_sessions.web import answer_fields


class Schema(ma.Schema):
    """The base schema: refuses unknown fields. Messages follow the field's name."""

    error_messages = {"unknown": UNKNOWN, "type": "must be a JSON object"}

    class Meta:
        unknown = ma.RAISE


class PlaceSchema(Schema):
    """An invalid value: the rule and the place."""

    detail = answer_fields.text("The rule as a sentence.", "duration_seconds is required.")
    pointer = answer_fields.text(
        "The place in the body: a JSON Pointer as URI fragment.",
        "#/duration_seconds",
        required=False,
    )
    parameter = answer_fields.text("The query parameter.", "limit", required=False)
    header = answer_fields.text("The header.", "Idempotency-Key", required=False)


class ProblemSchema(Schema):
    """Problem details (RFC 9457)."""

    type = answer_fields.text(
        "A stable URI reference that identifies the problem type.", "/problems/invalid"
    )
    title = answer_fields.text("The name of the problem type.", "Invalid request")
    status = ma.fields.Integer(
        required=True, metadata={"description": "The HTTP status.", "example": 422}
    )
    detail = answer_fields.text(
        "One sentence that a person can act on.", "duration_seconds is required."
    )
    errors = ma.fields.List(
        ma.fields.Nested(PlaceSchema),
        metadata={
            "description": "All invalid values, where a value is the problem.",
            "example": [
                {"detail": "duration_seconds is required.", "pointer": "#/duration_seconds"}
            ],
        },
    )
    violated_policies = answer_fields.texts(
        "The rate limits that were exceeded, where the status is 429.",
        "writes",
        data_key="violated-policies",
        required=False,
    )
