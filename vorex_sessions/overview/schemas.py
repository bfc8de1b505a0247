"""What an overview is asked for. Its parts, and their parameters, are those of the registry.

web/openapi_overview.py documents them.
"""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from vorex_sessions.hooks.registry import registry
from vorex_sessions.problems.validation import UNKNOWN
from vorex_sessions.web.body_fields import COMMON
from vorex_sessions.web.openapi_overview import EXAMPLE, MOST_PARTS
from vorex_sessions.web.schemas import Schema


class Names(ma.fields.Field[list[str]]):
    """Names of answers, separated by commas."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[str]:
        names: list[str] = value.split(",")
        known = registry().answers
        if not known.keys() >= set(names):
            raise ma.ValidationError(f"must be names of {', '.join(sorted(known))}")
        if len(set(names)) < len(names):
            raise ma.ValidationError("may have each name only once")
        if len(names) > MOST_PARTS:
            raise ma.ValidationError(f"may have at most {MOST_PARTS} names")
        return names


class OverviewQuerySchema(Schema):
    """The names of the answers; a parameter of an answer is named `stats.period`."""

    include = Names(
        required=True,
        error_messages={**COMMON},
        metadata={
            "description": "What to answer: names of other endpoints, separated by commas, each once; at "
            f"most {MOST_PARTS}.",
            "example": EXAMPLE,
        },
    )

    def load(self, data: Any, **options: Any) -> Any:
        """Load the parameters of each part with the schema of its endpoint: `{"parts": {name: query}}`."""
        own = {name: value for name, value in data.items() if "." not in name}
        of_parts = {name: value for name, value in data.items() if "." in name}
        messages: dict[str, Any] = {}
        names: list[str] = []
        try:
            names = super().load(own, **options)["include"]
        except ma.ValidationError as error:
            messages |= error.messages_dict
        parts = {}
        for name in names:
            given = {
                parameter.removeprefix(f"{name}."): of_parts.pop(parameter)
                for parameter in list(of_parts)
                if parameter.startswith(f"{name}.")
            }
            try:
                parts[name] = _load(name, given)
            except ma.ValidationError as error:
                messages |= {f"{name}.{key}": text for key, text in error.messages_dict.items()}
        messages |= {name: [_why_not(name)] for name in of_parts if names}
        if messages:
            raise ma.ValidationError(messages)
        return {"parts": parts}


def _load(name: str, given: Mapping[str, str]) -> Any:
    schema = registry().answers[name].query
    if schema is None:
        if given:
            raise ma.ValidationError({parameter: [UNKNOWN] for parameter in given})
        return {}
    return schema.load(given)


def _why_not(parameter: str) -> str:
    part = parameter.partition(".")[0]
    if part in registry().answers:
        return f"needs {part} in include"
    return UNKNOWN


class OverviewSchema(Schema):
    """The answers that were asked for, each as its endpoint gives it."""
