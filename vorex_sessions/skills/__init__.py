"""What to work on: a graph of skills, and how well each is mastered."""

from vorex_sessions.hooks.personal_data import export_of
from vorex_sessions.hooks.registry import Capability
from vorex_sessions.models import learner_skills
from vorex_sessions.skill_graph import LEVELS
from vorex_sessions.skills.choosing import REASONS, STATUSES
from vorex_sessions.skills.projection import SkillsProjection
from vorex_sessions.skills.routes import blueprint
from vorex_sessions.skills.schemas import SkillRowSchema, WarmupExtrasSchema
from vorex_sessions.skills.service import SkillsSection

CAPABILITY = Capability(
    blueprints=(blueprint,),
    learner_tables=(learner_skills,),
    projections=(SkillsProjection(),),
    warmup_sections=(SkillsSection(),),
    exports=[
        export_of(
            learner_skills,
            "skills",
            "How well each skill with evidence is mastered.",
            [],
            *(learner_skills.c.language, learner_skills.c.skill),
            row=SkillRowSchema,
        )
    ],
    enumerations={"SkillLevel": LEVELS, "SkillStatus": STATUSES, "FocusReason": tuple(REASONS)},
    answer_schemas={"Warmup": WarmupExtrasSchema},
)
