"""Schemas of the messages that a socket takes. Their fields are those of the HTTP endpoints."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from vorex_sessions.live.schemas import HeartbeatSchema
from vorex_sessions.problems.validation import validation_problem
from vorex_sessions.sessions.schemas import SaveSchema
from vorex_sessions.web import answer_fields, body_fields
from vorex_sessions.web.json_bodies import parse
from vorex_sessions.web.schemas import Schema

LONGEST_REF = 64  # characters


class _MessageSchema(Schema):
    """A message."""

    type = ma.fields.String(required=True)
    ref = ma.fields.String(
        validate=ma.validate.Length(
            1, LONGEST_REF, error=f"must be a text of 1 to {LONGEST_REF} characters"
        ),
        metadata={"description": "Any text of the app's; the answer repeats it.", "example": "42"},
    )


class AuthSchema(_MessageSchema):
    """The first message, or a new token for the same learner."""

    token = ma.fields.String(
        required=True,
        error_messages={**body_fields.COMMON},
        metadata={"description": "The learner's access token."},
    )


class BeatSchema(_MessageSchema, HeartbeatSchema):
    """A heartbeat of a live session."""

    class Meta(HeartbeatSchema.Meta):
        pass

    session_result_id = body_fields.Id(
        required=True, description="The live session's id.", example=answer_fields.SESSION_ID
    )


class _FinishedSchema(SaveSchema):
    session_result_id = body_fields.Id(
        required=True, description="The live session's id.", example=answer_fields.SESSION_ID
    )


class FinishSchema(_MessageSchema):
    """The ordinary save of a session."""

    session = ma.fields.Nested(
        _FinishedSchema, required=True, error_messages={**body_fields.COMMON}
    )


class CancelSchema(_MessageSchema):
    """The end of a live session that is not saved."""

    session_result_id = body_fields.Id(
        required=True, description="The live session's id.", example=answer_fields.SESSION_ID
    )


class PingSchema(_MessageSchema):
    """A question whether the service is there."""


SCHEMAS: Mapping[str, ma.Schema] = {
    "auth": AuthSchema(),
    "heartbeat": BeatSchema(),
    "finish": FinishSchema(),
    "cancel": CancelSchema(),
    "ping": PingSchema(),
}


def read(text: str) -> dict[str, Any]:
    """The message in a text, unchecked. Raises Unreadable or Invalid."""
    message = parse(text.encode())
    if not isinstance(message, dict):
        raise validation_problem({"_schema": ["must be a JSON object"]})
    return message


def load(message: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The type of a message, and what it says. Raises Invalid."""
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in SCHEMAS:
        raise validation_problem({"type": [f"must be one of {', '.join(SCHEMAS)}"]})
    try:
        loaded: dict[str, Any] = SCHEMAS[kind].load(message)
    except ma.ValidationError as error:
        raise validation_problem(error.messages_dict) from None
    return kind, {name: value for name, value in loaded.items() if name not in ("type", "ref")}


def ref_of(message: Mapping[str, Any]) -> dict[str, str]:
    """What the answer to a message repeats."""
    ref = message.get("ref")
    return {"ref": ref} if isinstance(ref, str) and 0 < len(ref) <= LONGEST_REF else {}
