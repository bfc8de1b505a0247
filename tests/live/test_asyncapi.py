"""The AsyncAPI document: what is served is what the repository has, and what is said."""

import json
from typing import Any

import jsonschema_rs
from flask import Flask

from tests.contract import document as openapi
from tests.tools.asyncapi import PAGE, written
from vorex_sessions.live.schemas import EXAMPLE
from vorex_sessions.live.socket_schemas import SCHEMAS, load
from vorex_sessions.sessions.schemas import SAVE_EXAMPLE
from vorex_sessions.web import answer_fields

ID = {"session_result_id": answer_fields.SESSION_ID}
EXAMPLES: dict[str, dict[str, Any]] = {
    "auth": {"token": "x"},
    "heartbeat": {**EXAMPLE, **ID},
    "finish": {"session": {**SAVE_EXAMPLE, **ID}},
    "cancel": ID,
    "ping": {"ref": "1"},
}
CURE = "run `python -m tests.tools.asyncapi` and commit the result"


def served(app: Flask) -> Any:
    return json.loads(app.test_client().get("/asyncapi.json").data)


def refs(node: Any) -> list[str]:
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = [node["$ref"]] if isinstance(node, dict) and "$ref" in node else []
    return own + [ref for one in inner for ref in refs(one)]


def test_the_file_is_current() -> None:
    assert PAGE.read_text() == written(), CURE


def test_every_reference_leads_somewhere(app: Flask) -> None:
    live, http = served(app), openapi(app)
    found = refs(live)
    assert len(found) > 15
    for ref in found:
        file, _, path = ref.partition("#/")
        node: Any = {"": live, "./openapi.json": http}[file]
        for step in path.split("/"):
            node = node[step]


def test_it_has_the_messages_that_are_taken_with_their_members(app: Flask) -> None:
    live = served(app)
    heard = {one["$ref"].rpartition("/")[2] for one in live["operations"]["hear"]["messages"]}
    assert heard == SCHEMAS.keys()
    for name, schema in SCHEMAS.items():
        payload = live["channels"]["live"]["messages"][name]["payload"]
        own = payload["allOf"][0] if "allOf" in payload else payload
        members = own["properties"].keys()
        assert members == {field.data_key or key for key, field in schema.fields.items()}
        sent = {"type": name, **EXAMPLES[name]}
        jsonschema_rs.validator_for(inlined(payload, openapi(app))).validate(sent)
        assert load(sent)[0] == name


def inlined(node: Any, http: Any) -> Any:
    """The schema with what it takes from the OpenAPI document."""
    if isinstance(node, list):
        return [inlined(one, http) for one in node]
    if not isinstance(node, dict):
        return node
    if ref := node.get("$ref"):
        target: Any = http
        for step in ref.rpartition("#/")[2].split("/"):
            target = target[step]
        return inlined(target, http)
    return {name: inlined(one, http) for name, one in node.items()}
