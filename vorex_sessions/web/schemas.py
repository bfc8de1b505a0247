"""Schemas that all capabilities share: the base schema and the problem."""

import marshmallow as ma

from vorex_sessions.problems.validation import UNKNOWN


class Schema(ma.Schema):
    """The base schema: refuses unknown fields. Messages follow the field's name."""

    error_messages = {
        "unknown": UNKNOWN,
        "type": "must be a JSON object",
    }

    class Meta:
        unknown = ma.RAISE


class PlaceSchema(Schema):
    """An invalid value: the rule and the place."""

    detail = ma.fields.String(
        required=True,
        metadata={
            "description": "The rule as a sentence.",
            "example": "duration_seconds is required.",
        },
    )
    pointer = ma.fields.String(
        metadata={
            "description": "The place in the body: a JSON Pointer as URI fragment.",
            "example": "#/duration_seconds",
        }
    )
    parameter = ma.fields.String(
        metadata={"description": "The query parameter.", "example": "limit"}
    )
    header = ma.fields.String(metadata={"description": "The header.", "example": "Idempotency-Key"})


class ProblemSchema(Schema):
    """Problem details (RFC 9457)."""

    type = ma.fields.String(
        required=True,
        metadata={
            "description": "A stable URI reference that identifies the problem type.",
            "example": "/problems/invalid",
        },
    )
    title = ma.fields.String(
        required=True,
        metadata={
            "description": "The name of the problem type.",
            "example": "Invalid request",
        },
    )
    status = ma.fields.Integer(
        required=True, metadata={"description": "The HTTP status.", "example": 422}
    )
    detail = ma.fields.String(
        required=True,
        metadata={
            "description": "One sentence that a person can act on.",
            "example": "duration_seconds is required.",
        },
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
    violated_policies = ma.fields.List(
        ma.fields.String(),
        data_key="violated-policies",
        metadata={
            "description": "The rate limits that were exceeded, where the status is 429.",
            "example": ["writes"],
        },
    )
