"""Write the types of clients/python from openapi.json: `python -m tests.tools.python_types FILE`."""

import json
import keyword
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.tools.openapi import document

SESSIONS = "/api/sessions"
# What the client's own code names; the names of other types are the document's and may change.
BODIES = {
    "NewSession": ("post", f"{SESSIONS}/save"),
    "Correction": ("patch", f"{SESSIONS}/{{session_result_id}}"),
    "Heartbeat": ("put", f"{SESSIONS}/live/{{session_result_id}}"),
}
ANSWERS = {
    "SavedSession": ("post", f"{SESSIONS}/save", "201"),
    "BatchAnswer": ("post", f"{SESSIONS}/batch", "200"),
    "CorrectedSession": ("patch", f"{SESSIONS}/{{session_result_id}}", "200"),
    "HistoryPage": ("get", f"{SESSIONS}/history", "200"),
    "LiveSessions": ("get", f"{SESSIONS}/live", "200"),
    "Stats": ("get", f"{SESSIONS}/stats", "200"),
    "Warmup": ("get", f"{SESSIONS}/warmup", "200"),
}
QUERIES = {
    "HistoryQuery": f"{SESSIONS}/history",
    "StatsQuery": f"{SESSIONS}/stats",
    "WarmupQuery": f"{SESSIONS}/warmup",
}
SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
HEADER = '''"""The requests and answers of the service. Generated from openapi.json: `make client-types`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict
'''


class Types:
    """Collects the definitions that the named types need, each after those that it needs."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.components = spec["components"]["schemas"]
        self.definitions: dict[str, str] = {}

    def of(self, schema: dict[str, Any], name: str) -> str:
        """Return the annotation of a schema; `name` is for an object that has none."""
        if reference := schema.get("$ref"):
            name = reference.rpartition("/")[2]
            if name not in self.definitions:
                self.definitions[name] = ""  # a type may contain itself
                self.definitions[name] = self._component(name)
            return name
        if choices := schema.get("oneOf") or schema.get("anyOf"):
            return _union(self.of(choice, f"{name}{index}") for index, choice in enumerate(choices))
        if len(schema.get("allOf", [])) == 1:
            return self.of(schema["allOf"][0], name)
        if "enum" in schema:
            return f"Literal[{', '.join(repr(value) for value in schema['enum'])}]"
        if "const" in schema:
            return f"Literal[{schema['const']!r}]"
        kinds = schema.get("type", [])
        return _union(self._simple(schema, kind, name) for kind in _listed(kinds)) or "Any"

    def _simple(self, schema: dict[str, Any], kind: str, name: str) -> str:
        if kind == "array":
            return f"list[{self.of(schema.get('items', {}), f'{name}Item')}]"
        if kind != "object":
            return SIMPLE[kind]
        if "properties" in schema:
            self.define(name, schema)
            return name
        values = schema.get("additionalProperties")
        inner = self.of(values, f"{name}Value") if isinstance(values, dict) else "Any"
        return f"dict[str, {inner}]"

    def _component(self, name: str) -> str:
        schema = self.components[name]
        if "properties" in schema or len(schema.get("allOf", [])) > 1:
            return self._typed_dict(name, schema)
        return f"{name}: TypeAlias = {self.of(schema, name)!r}"

    def define(self, name: str, schema: dict[str, Any]) -> None:
        """Add a type by a name of our own: an object, or another name of something."""
        if "properties" in schema:
            self.definitions[name] = self._typed_dict(name, schema)
        elif (annotation := self.of(schema, name)) != name:
            self.definitions[name] = f"{name}: TypeAlias = {annotation!r}"

    def _typed_dict(self, name: str, schema: dict[str, Any]) -> str:
        properties, required = self._members(schema)
        fields = {}
        for member, described in properties.items():
            inner = self.of(described, name + member.title().replace("_", ""))
            fields[member] = inner if member in required else f"NotRequired[{inner}]"
        if any(keyword.iskeyword(member) or not member.isidentifier() for member in fields):
            listed = ", ".join(f"{member!r}: {inner!r}" for member, inner in fields.items())
            return f"{name} = TypedDict({name!r}, {{{listed}}})"
        lines = [f"    {member}: {inner}" for member, inner in fields.items()] or ["    pass"]
        text = " ".join(
            schema.get("description", f"Generated: {name}.").split("\n")[0].split()[:12]
        )
        return f'class {name}(TypedDict):\n    """{text.rstrip(".")}."""\n\n' + "\n".join(lines)

    def _members(self, schema: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
        """Return the members of an object and of all that it is composed of."""
        if reference := schema.get("$ref"):
            return self._members(self.components[reference.rpartition("/")[2]])
        properties, required = dict(schema.get("properties", {})), set(schema.get("required", []))
        for part in schema.get("allOf", []):
            more, also = self._members(part)
            properties |= more
            required |= also
        return properties, required


def _listed(kinds: str | list[str]) -> list[str]:
    return [kinds] if isinstance(kinds, str) else kinds


def _union(annotations: Any) -> str:
    return " | ".join(dict.fromkeys(annotations))


def _json(described: dict[str, Any]) -> dict[str, Any]:
    return described["content"]["application/json"]["schema"]


def source(spec: dict[str, Any]) -> str:
    """Return the module."""
    types = Types(spec)
    for name, (method, path) in BODIES.items():
        types.define(name, _json(spec["paths"][path][method]["requestBody"]))
    for name, (method, path, status) in ANSWERS.items():
        types.define(name, _json(spec["paths"][path][method]["responses"][status]))
    for name, path in QUERIES.items():
        parameters = spec["paths"][path]["get"]["parameters"]
        asked = [_resolved(spec, parameter) for parameter in parameters]
        properties = {one["name"]: one["schema"] for one in asked if one["in"] == "query"}
        types.define(name, {"properties": properties})
    sessions = types._members(
        _json(spec["paths"][f"{SESSIONS}/history"]["get"]["responses"]["200"])
    )
    types.define("SessionResult", sessions[0]["sessions"]["items"])
    items = types._members(_json(spec["paths"][f"{SESSIONS}/batch"]["post"]["responses"]["200"]))
    types.define("BatchItem", items[0]["results"]["items"])
    return HEADER + "\n\n" + "\n\n\n".join(types.definitions.values()) + "\n"


def _resolved(spec: dict[str, Any], parameter: dict[str, Any]) -> dict[str, Any]:
    reference = parameter.get("$ref")
    return (
        spec["components"]["parameters"][reference.rpartition("/")[2]] if reference else parameter
    )


def formatted(text: str) -> str:
    """Return the module as the formatter leaves it."""
    ruff = Path(sys.executable).parent / "ruff"
    command = [ruff, "format", "--stdin-filename", "clients/python/types.py", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(formatted(source(json.loads(document()))))
