"""Schemas that all capabilities share: the base schema and the problem."""

from itertools import islice
from typing import Any

import marshmallow as ma

from vorex_sessions.problems.validation import MOST_ERRORS, UNKNOWN
from vorex_sessions.web import answer_fields


class Schema(ma.Schema):
    """The base schema: refuses unknown fields. Messages follow the field's name."""

    error_messages = {"unknown": UNKNOWN, "type": "must be a JSON object"}

    class Meta:
        unknown = ma.RAISE

    @ma.pre_load
    def _drop_surplus(self, data: Any, **kwargs: Any) -> Any:
        """Drop unknown fields beyond those that a problem names: marshmallow takes 4 µs for each."""
        if not isinstance(data, dict) or len(data) <= len(self.fields) + MOST_ERRORS:
            return data
        known = {field.data_key or name for name, field in self.fields.items()}
        unknown = islice((name for name in data if name not in known), MOST_ERRORS + 1)
        kept = known.union(unknown)
        return {name: value for name, value in data.items() if name in kept}


class NullableSchema(Schema):
    """A schema whose optional fields take null, as serialisers write a value that is not there."""

    def on_bind_field(self, field_name: str, field_obj: ma.fields.Field[Any]) -> None:
        """Let an optional field take null; it becomes None."""
        if not field_obj.required:
            field_obj.allow_none = True


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
            "description": "The invalid values, where a value is the problem: the first "
            f"{MOST_ERRORS}. Long names are shortened.",
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
