"""Schemas of the skills, and of the members that this capability adds to the warm-up."""

from vorex_sessions.skill_graph import LEVELS
from vorex_sessions.skills.choosing import REASONS, STATUSES
from vorex_sessions.web import answer_fields, query_fields
from vorex_sessions.web.schemas import Schema


class FocusSkillSchema(Schema):
    """A skill to work on, and why."""

    skill = answer_fields.text("Its key.", "past-simple")
    name = answer_fields.text("Its name.", "Past simple")
    reason = answer_fields.text("The reason, for programs.", "named", tuple(REASONS))
    explanation = answer_fields.text("The reason as a sentence.", REASONS["named"])


class WarmupExtrasSchema(Schema):
    """Added to the warm-up."""

    focus_skills = answer_fields.items(
        FocusSkillSchema, "Skills to work on; empty while no skill has evidence.", most=5
    )


class NodeSchema(Schema):
    """A skill, and how well the learner masters it."""

    skill = answer_fields.text("Its key; it never changes.", "past-simple")
    name = answer_fields.text("Its name, for learners.", "Past simple")
    domain = answer_fields.text("Its domain.", "grammar")
    level = answer_fields.text("The CEFR level at which it is usual.", "A2", LEVELS)
    mastery = answer_fields.number(
        "Estimated probability that it is mastered; null without evidence.",
        0.6213,
        1,
        allow_none=True,
    )
    evidence = answer_fields.whole("How many sessions had evidence of it.", 3)
    status = answer_fields.text(
        "With evidence: `mastered` from 0.95, else `learning`. Without: `ready` where each skill that it "
        "builds on is mastered or implied by a practised one, else `locked`.",
        "learning",
        STATUSES,
    )


class EdgeSchema(Schema):
    """A skill, and one that builds on it."""

    from_ = answer_fields.text("The skill to learn first.", "present-simple", data_key="from")
    to = answer_fields.text("The skill that builds on it.", "past-simple")


class SkillsQuerySchema(Schema):
    """The language."""

    language = query_fields.one_language()


class SkillsSchema(Schema):
    """The graph of skills of a language."""

    language = answer_fields.language("The language that it is about.")
    nodes = answer_fields.items(
        NodeSchema, "Every skill, in the order of the graph; empty in a language without a graph."
    )
    edges = answer_fields.items(EdgeSchema, "Which skill builds on which.")
    next = answer_fields.items(FocusSkillSchema, "Skills to work on now, by priority.", most=5)


class SkillRowSchema(Schema):
    """How well the learner masters a skill, as the export shows it."""

    language = answer_fields.language("Its language.")
    skill = answer_fields.text("Its key.", "past-simple")
    mastery = answer_fields.number("Estimated probability that it is mastered.", 0.6213, 1)
    evidence = answer_fields.whole("How many sessions had evidence of it.", 3)
    flagged = answer_fields.whole("How many sessions named it as an area to improve.", 1)
    last_at = answer_fields.instant("When the last of these sessions was completed.")
