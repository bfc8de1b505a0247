"""The marshmallow fields of `vocabulary_results` and `skills`."""

from collections.abc import Callable
from itertools import islice
from typing import Any

import marshmallow as ma

from vorex_sessions import text
from vorex_sessions.models import limits
from vorex_sessions.problems.validation import MOST_ERRORS, UNKNOWN
from vorex_sessions.skill_graph import KEYS
from vorex_sessions.web.body_fields import COMMON, Choice, Validated, documented
from vorex_sessions.web.schemas import Schema

_OUTCOME_RULE = f"must be one of {', '.join(limits.OUTCOMES)}"
_WORD_RULE = f"must be 1 to {limits.WORD_LENGTH} characters long"
_SKILL_RULE = "must be a skill of GET /api/sessions/skills"
_KEYS = frozenset(KEYS)
_SCORE_RULE = "must be a number from 0 to 100"


class OutcomeSchema(Schema):
    """The outcome of an exercise with a word."""

    word = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, limits.WORD_LENGTH),
        metadata={
            "description": "The word, as in `vocabulary_learned`; white space is normalised.",
            "example": "reservation",
        },
    )
    outcome = Choice(
        limits.OUTCOMES,
        required=True,
        description="`again`: forgotten. `hard`, `good`, `easy`: with effort, well, at once.",
        example="good",
    )


class SkillScoreSchema(Schema):
    """The score of a skill."""

    skill = Choice(KEYS, required=True, description="The skill's key.", example="past-simple")
    score = ma.fields.Float(
        required=True,
        validate=ma.validate.Range(0, 100),
        metadata={"description": "0 to 100 points.", "example": 72.5},
    )


class _Objects(Validated, ma.fields.List[dict[str, Any]]):
    """A list of objects with two required members each, validated by hand: there may be hundreds."""

    def __init__(
        self,
        schema: type[Schema],
        most: int,
        validated: Callable[[dict[str, Any]], tuple[dict[str, Any], dict[str, list[str]]]],
        **options: Any,
    ) -> None:
        self.most, self.validated = most, validated
        self.members = tuple(schema().fields)
        rule = f"must be a list of at most {most} objects"
        super().__init__(
            ma.fields.Nested(schema),
            validate=ma.validate.Length(max=most, error=rule),
            error_messages={**COMMON, "invalid": rule},
            **documented(options),
        )

    def _deserialize(  # type: ignore[override]  # no entry is ever None here
        self, value: Any, attr: Any, data: Any, **kwargs: Any
    ) -> list[dict[str, Any]]:
        if not isinstance(value, list) or len(value) > self.most:
            raise self.make_error("invalid")
        entries: list[dict[str, Any]] = []
        errors: dict[int, Any] = {}
        for index, entry in enumerate(value):
            entry_errors = self._shape_errors(entry)
            if not entry_errors:
                entry, entry_errors = self.validated(entry)
            if entry_errors:
                errors[index] = entry_errors
            entries.append(entry)
        errors = errors or self._errors_between(entries)
        if errors:
            raise ma.ValidationError(errors)
        return entries

    def _errors_between(self, entries: list[dict[str, Any]]) -> dict[int, Any]:
        """The errors between entries that are valid by themselves."""
        return {}

    def _shape_errors(self, entry: Any) -> Any:
        if not isinstance(entry, dict):
            return ["must be a JSON object"]
        missing = {name: ["is required"] for name in self.members if name not in entry}
        unknown = (name for name in entry if name not in self.members)
        return missing | {name: [UNKNOWN] for name in islice(unknown, MOST_ERRORS + 1)}


class Outcomes(_Objects):
    """Outcomes of exercises with words, in order; a word may occur several times."""

    def __init__(self, **options: Any) -> None:
        super().__init__(OutcomeSchema, limits.MOST_VOCABULARY, _validated_outcome, **options)


def _validated_outcome(entry: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    errors = {}
    word, outcome = entry["word"], entry["outcome"]
    try:
        word = text.tidy(word, limits.WORD_LENGTH) if isinstance(word, str) else None
        if not word:
            errors["word"] = ["must be a text"] if word is None else [_WORD_RULE]
    except ValueError as error:
        errors["word"] = [str(error)]
    if not isinstance(outcome, str) or outcome not in limits.OUTCOMES:
        errors["outcome"] = [_OUTCOME_RULE]
    return {"word": word, "outcome": outcome}, errors


class SkillScores(_Objects):
    """Scores of skills, each skill once."""

    def __init__(self, **options: Any) -> None:
        super().__init__(SkillScoreSchema, limits.MOST_SKILLS, _validated_score, **options)

    def _errors_between(self, entries: list[dict[str, Any]]) -> dict[int, Any]:
        seen: set[str] = set()
        errors = {}
        for index, entry in enumerate(entries):
            if entry["skill"] in seen:
                errors[index] = {"skill": ["must not be named twice"]}
            seen.add(entry["skill"])
        return errors


def _validated_score(entry: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    errors = {}
    skill, score = entry["skill"], entry["score"]
    if not isinstance(skill, str) or skill not in _KEYS:
        errors["skill"] = [_SKILL_RULE]
    if type(score) not in (int, float) or not 0 <= score <= 100:
        errors["score"] = [_SCORE_RULE]
        score = 0
    return {"skill": skill, "score": abs(float(score))}, errors
