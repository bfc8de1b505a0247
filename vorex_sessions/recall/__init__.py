"""Which words to review: how well each is remembered, predicted from the outcomes of exercises."""

from vorex_sessions.hooks.personal_data import export_of
from vorex_sessions.hooks.registry import Capability
from vorex_sessions.models import learner_memories
from vorex_sessions.recall.projection import RecallProjection
from vorex_sessions.recall.routes import blueprint
from vorex_sessions.recall.schemas import REASONS, STATUSES, MemoryRowSchema, WarmupExtrasSchema
from vorex_sessions.recall.warmup_words import WordsSection

CAPABILITY = Capability(
    blueprints=(blueprint,),
    learner_tables=(learner_memories,),
    projections=(RecallProjection(),),
    warmup_sections=(WordsSection(),),
    exports=[
        export_of(
            learner_memories,
            "memories",
            "How well each word with an outcome is remembered.",
            [],
            *(learner_memories.c.word, learner_memories.c.language),
            row=MemoryRowSchema,
        )
    ],
    enumerations={"WordStatus": STATUSES, "ReviewReason": REASONS},
    answer_schemas={"Warmup": WarmupExtrasSchema},
)
