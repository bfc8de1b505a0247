"""Sessions of every shape, and what xAPI 1.0.3 asks of the statements on them."""

from typing import Any

from jsonschema_rs import Draft202012Validator

SCORES = {"pronunciation_score": 85.5, "fluency_score": 78.0, "grammar_score": 91.0}
SHAPES: dict[str, dict[str, Any]] = {
    "the smallest": {},
    "no time at all": {"duration_seconds": 0},
    "a whole day": {"duration_seconds": 86_400, "words_spoken": 100_000},
    "every score": SCORES,
    "one score": {"grammar_score": 33.333333333333336},
    "the lowest scores": dict.fromkeys(SCORES, 0),
    "the highest scores": dict.fromkeys(SCORES, 100),
    "the largest": {
        **SCORES,
        "topics": [f"{number:<199}ü" for number in range(50)],
        "areas_to_improve": [f"{number} " + "💬" * 190 for number in range(50)],
        "vocabulary_learned": [f"{number} " + "漢" * 90 for number in range(500)],
        "vocabulary_results": [{"word": "w" * 100, "outcome": "again"}] * 500,
        "metadata": {"note": "ä" * 8000},
    },
    "all lists": {
        "topics": ["travel"],
        "vocabulary_learned": ["c'est ça", '"'],
        "vocabulary_results": [{"word": "essen", "outcome": "good"}],
        "skills": [{"skill": "past-simple", "score": 72.5}],
        "areas_to_improve": ["prepositions"],
    },
    "metadata of every kind": {
        "metadata": {
            "": None,
            "a.b": [1e300, -0.5, 2**63 - 1, True, None],
            "$ü\u2028": {"objectType": "Agent", "id": "no IRI"},
        }
    },
    "a role-play": {
        "session_type": "roleplay",
        "metadata": {"scenario_id": "café/№ 5?#%", "user_level": "B1"},
    },
    "a scenario by number": {"session_type": "roleplay", "metadata": {"scenario_id": 5}},
    "a scenario without a name": {"session_type": "roleplay", "metadata": {"scenario_id": ""}},
    "an endless scenario": {"session_type": "roleplay", "metadata": {"scenario_id": "s" * 5000}},
    "pronunciation": {"session_type": "pronunciation", "pronunciation_score": 85.5},
    **{f"in {tag}": {"language": tag} for tag in ("pt-BR", "zh-Hant-TW", "x-klingon", "es-419")},
    "in an older spelling": {"language": "de-CH-1901"},
    "in a private dialect": {"language": "en-x-a"},
    **{
        f"in {zone}": {"completed_at": "2026-03-01T18:30:00.5Z", "timezone": zone}
        for zone in ("Asia/Kathmandu", "Pacific/Kiritimati", "UTC-00:30", "UTC+23:59", "UTC-23:59")
    },
    "long ago": {"completed_at": "2000-01-01T00:00:00Z", "timezone": "America/St_Johns"},
    "an id that is no random UUID": {"session_result_id": "00000000-0000-0000-0000-000000000000"},
}

_IRI = {"type": "string", "pattern": "^https?://[!-;=?-\\[\\]_a-z~]+$"}
_UUID = {
    "type": "string",
    "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
}
_LANGUAGE = "[a-zA-Z]{2,3}|x(-[a-z0-9]{1,8})+"
_LANGUAGE_MAP = {
    "type": "object",
    "propertyNames": {"pattern": "^en(-US)?$"},
    "additionalProperties": {"type": "string", "minLength": 1},
    "minProperties": 1,
}
_EXTENSIONS = {"type": "object", "propertyNames": _IRI, "minProperties": 1}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


_ACTIVITY = _object(
    {"objectType": {"const": "Activity"}, "id": _IRI},
    {"definition": _object({"name": _LANGUAGE_MAP, "type": _IRI})},
)
_STATEMENT = _object(
    {
        "id": _UUID,
        "actor": _object(
            {
                "objectType": {"const": "Agent"},
                "account": _object({"homePage": _IRI, "name": {"type": "string", "minLength": 1}}),
            }
        ),
        "verb": _object({"id": _IRI, "display": _LANGUAGE_MAP}),
        "object": {
            "oneOf": [_ACTIVITY, _object({"objectType": {"const": "StatementRef"}, "id": _UUID})]
        },
        "timestamp": {
            "type": "string",
            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|\+\d\d:\d\d|-(?!00)\d\d:\d\d)$",
        },
    },
    {
        "result": _object(
            {
                "completion": {"const": True},
                "duration": {"type": "string", "pattern": r"^PT\d+S$"},
                "extensions": _EXTENSIONS,
            },
            {
                "score": _object(
                    {
                        "scaled": {"type": "number", "minimum": 0, "maximum": 1},
                        "raw": {"type": "number", "minimum": 0, "maximum": 100},
                        "min": {"const": 0},
                        "max": {"const": 100},
                    }
                )
            },
        ),
        "context": _object(
            {
                "registration": _UUID,
                "platform": {"type": "string", "minLength": 1},
                "language": {
                    "type": "string",
                    "pattern": f"^({_LANGUAGE})(-[a-zA-Z0-9]{{1,8}})*$",
                },
                "extensions": _EXTENSIONS,
            },
            {"contextActivities": _object({"grouping": {"type": "array", "items": _ACTIVITY}})},
        ),
    },
)
# The members that xAPI 1.0.3 knows, of those that we send, and the forms of their values.
STATEMENT = Draft202012Validator(_STATEMENT)
