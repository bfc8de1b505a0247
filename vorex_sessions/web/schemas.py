"""What the schemas of all capabilities share: our base schema and the shape of a problem."""

import marshmallow as ma

from vorex_sessions.problems.validation import UNKNOWN


class Schema(ma.Schema):
    """A schema that refuses what it does not know; rules are worded to follow the field's name."""

    error_messages = {
        "unknown": UNKNOWN,
        "type": "must be a JSON object",
    }

    class Meta:
        unknown = ma.RAISE


class PlaceSchema(Schema):
    """One broken rule and where it was broken."""

    detail = ma.fields.String(
        required=True,
        metadata={
            "description": "The rule, as a sentence.",
            "example": "duration_seconds is required.",
        },
    )
    pointer = ma.fields.String(
        metadata={
            "description": "Where in the body: a JSON Pointer as URI fragment.",
            "example": "#/duration_seconds",
        }
    )
    parameter = ma.fields.String(
        metadata={"description": "Which query parameter.", "example": "limit"}
    )
    header = ma.fields.String(
        metadata={"description": "Which header.", "example": "Idempotency-Key"}
    )


class ProblemSchema(Schema):
    """Problem details (RFC 9457)."""

    type = ma.fields.String(
        required=True,
        metadata={
            "description": "A stable URI reference that names the kind of problem.",
            "example": "/problems/invalid",
        },
    )
    title = ma.fields.String(
        required=True,
        metadata={
            "description": "The kind of problem in words.",
            "example": "A value breaks a rule",
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
            "description": "Every broken rule, where the problem is a value.",
            "example": [
                {"detail": "duration_seconds is required.", "pointer": "#/duration_seconds"}
            ],
        },
    )
    violated_policies = ma.fields.List(
        ma.fields.String(),
        data_key="violated-policies",
        metadata={
            "description": "Which quotas of fair use were exceeded, where the status is 429.",
            "example": ["writes"],
        },
    )
