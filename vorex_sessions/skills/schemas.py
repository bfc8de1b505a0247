"""What the endpoint of this capability answers."""

import marshmallow as ma

from vorex_sessions.progress import documented
from vorex_sessions.progress.schemas import FocusSkillSchema
from vorex_sessions.schemas import Schema
from vorex_sessions.skill_graph import LEVELS
from vorex_sessions.skills.choosing import STATUSES


def _text(description: str, example: str, *choices: str) -> ma.fields.String:
    return ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(choices) if choices else None,
        metadata={"description": description, "example": example},
    )


class NodeSchema(Schema):
    """A skill, and where the learner stands."""

    skill = _text("Its key; it never changes.", "past-simple")
    name = _text("Its name for learners.", "Past simple")
    domain = _text("What it is about.", "grammar")
    level = _text("The CEFR level at which it is usual.", "A2", *LEVELS)
    mastery = ma.fields.Float(
        required=True,
        allow_none=True,
        validate=ma.validate.Range(0, 1),
        metadata={
            "description": "Estimated probability that it is mastered; null without evidence.",
            "example": 0.6213,
        },
    )
    evidence = documented.whole("Sessions that told of it.", 3)
    status = _text(
        "`mastered` from 0.95, else `learning`; without evidence `ready`, where what it builds on is "
        "mastered or was passed over, else `locked`.",
        "learning",
        *STATUSES,
    )


class EdgeSchema(Schema):
    """What builds on what."""

    from_ = ma.fields.String(
        data_key="from",
        required=True,
        metadata={"description": "The skill to learn first.", "example": "present-simple"},
    )
    to = _text("The skill that builds on it.", "past-simple")


class SkillsSchema(Schema):
    """The graph of skills."""

    nodes = ma.fields.List(
        ma.fields.Nested(NodeSchema),
        required=True,
        metadata={"description": "Every skill, in the order of the graph."},
    )
    edges = ma.fields.List(
        ma.fields.Nested(EdgeSchema),
        required=True,
        metadata={"description": "What builds on what."},
    )
    next = ma.fields.List(
        ma.fields.Nested(FocusSkillSchema),
        required=True,
        validate=ma.validate.Length(max=5),
        metadata={"description": "What to work on now, the first first."},
    )
