"""A throw-away capability: a sticker for each topic. docs/development.md shows it as the example."""

from tests.hooks.stickers.projection import StickerProjection, StickerSection
from tests.hooks.stickers.routes import blueprint
from tests.hooks.stickers.schemas import SaveExtrasSchema, WarmupExtrasSchema
from tests.hooks.stickers.table import learner_stickers
from vorex_sessions.hooks.personal_data import export_of
from vorex_sessions.hooks.registry import Capability

CAPABILITY = Capability(
    blueprints=(blueprint,),
    learner_tables=(learner_stickers,),
    projections=(StickerProjection(),),
    warmup_sections=(StickerSection(),),
    exports=(
        export_of(
            learner_stickers,
            "stickers",
            "A sticker for each topic.",
            [{"topic": "travel", "sessions": 3}],
            learner_stickers.c.topic,
        ),
    ),
    answer_schemas={"Saved": SaveExtrasSchema, "Warmup": WarmupExtrasSchema},
)
