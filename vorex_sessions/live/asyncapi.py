"""The AsyncAPI document of the socket. What the HTTP endpoints have as well, it takes from /openapi.json.

docs/asyncapi.yaml is the same, written by `python -m tests.tools.asyncapi`; a test compares them.
"""

from typing import Any

from vorex_sessions.live.schemas import HeartbeatSchema
from vorex_sessions.live.socket_schemas import LONGEST_REF
from vorex_sessions.live.websockets import LARGEST, PROTOCOL
from vorex_sessions.version import VERSION

Node = dict[str, Any]
_ID: Node = {"type": "string", "format": "uuid", "description": "The live session's id."}
_REF: Node = {"type": "string", "minLength": 1, "maxLength": LONGEST_REF}
_SENT_REF = {"ref": {**_REF, "description": "Any text of the app's; the answer repeats it."}}
_HEARD_REF = {
    "ref": {**_REF, "description": "That of the message which this answers, if it had one."}
}


def _openapi(name: str) -> Node:
    return {"$ref": f"./openapi.json#/components/schemas/{name}"}


def _text(description: str, **more: Any) -> Node:
    return {"type": "string", "description": description, **more}


# One by one: what is sent may have no other members, so that the schema as a whole would refuse `type`.
_BEAT = {name: _openapi(f"Heartbeat/properties/{name}") for name in HeartbeatSchema().fields}
# What apps send, and what they hear: summary, members, and another schema that holds as well. Members are
# required, unless that schema says which are.
_IN: dict[str, tuple[str, Node, Node | None]] = {
    "auth": (
        "The first message, within 5 s, unless the token came with the handshake; later a new token "
        "for the same learner.",
        {"token": _text("The learner's access token.")},
        None,
    ),
    "heartbeat": (
        "Starts a live session or keeps it alive: all totals so far. Answered with `ack`.",
        {"session_result_id": _ID, **_BEAT},
        {"required": [name for name, field in HeartbeatSchema().fields.items() if field.required]},
    ),
    "finish": (
        "Saves the session, as POST /api/sessions/save does; `session_result_id` is required. "
        "Answered with `saved`.",
        {"session": _openapi("Save")},
        None,
    ),
    "cancel": (
        "Ends a live session unsaved. Answered with `ack`.",
        {"session_result_id": _ID},
        None,
    ),
    "ping": ("Asks whether the service is there. Answered with `pong`.", {}, None),
}
_OUT: dict[str, tuple[str, Node, Node | None]] = {
    "ready": ("After each `auth`: all live sessions.", {}, _openapi("LiveSessions")),
    "ack": (
        "The answer to `heartbeat` (`seq`, `session`) and to `cancel` (`session_result_id`, `cancelled`).",
        {},
        {
            "type": "object",
            "properties": {
                "seq": {"type": "integer", "description": "The newest that the service has."},
                "session": _openapi("LiveSession"),
                "session_result_id": _ID,
                "cancelled": {"type": "boolean"},
            },
        },
    ),
    "state": (
        "All live sessions again, since another device or a request has changed one. It may repeat what "
        "is known.",
        {},
        _openapi("LiveSessions"),
    ),
    "saved": (
        "The answer to `finish`.",
        {
            "session": _openapi("Saved"),
            "replayed": {"type": "boolean", "description": "Whether it was stored before."},
        },
        None,
    ),
    "unlocked": (
        "What a save has unlocked that ended a live session, on whichever device.",
        {"achievements": {"type": "array", "items": _openapi("Achievement")}},
        None,
    ),
    "expiring": (
        "The token ends in a minute; send `auth` with a new one.",
        {"expires_at": _text("When it ends; UTC.", format="date-time")},
        None,
    ),
    "problem": (
        "The message before was refused, or could not be answered; nothing was changed.",
        {"problem": _openapi("Problem")},
        None,
    ),
    "pong": ("The answer to `ping`.", {}, None),
}


def _message(name: str, told: tuple[str, Node, Node | None], ref: Node) -> Node:
    summary, members, base = told
    is_beat = members.keys() >= _BEAT.keys()
    required = ["session_result_id"] if is_beat else [*members]
    own: Node = {
        "type": "object",
        "required": ["type", *required],
        "properties": {"type": {"const": name}, **members, **ref},
    }
    return {
        "name": name,
        "summary": summary,
        "payload": {"allOf": [own, base]} if base else own,
    }


def _operation(action: str, names: dict[str, Any]) -> Node:
    messages = [{"$ref": f"#/channels/live/messages/{name}"} for name in names]
    return {"action": action, "channel": {"$ref": "#/channels/live"}, "messages": messages}


def document() -> Node:
    """The document."""
    messages = {name: _message(name, told, _SENT_REF) for name, told in _IN.items()}
    messages |= {name: _message(name, told, _HEARD_REF) for name, told in _OUT.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Vorex Sessions, live",
            "version": VERSION,
            "license": {"name": "MIT"},
            "description": "Live sessions over a WebSocket. Everything can be done over HTTP, too; "
            f"docs/api.md has limits and close codes. A message has at most {LARGEST} bytes of text.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "live": {
                "address": "/api/sessions/live/socket",
                "description": f"Subprotocols: `{PROTOCOL}`, and `bearer.` with the learner's access token, "
                "unless `auth` brings it.",
                "messages": messages,
                "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
            }
        },
        "operations": {
            "hear": _operation("receive", _IN),
            "tell": _operation("send", _OUT),
        },
    }
