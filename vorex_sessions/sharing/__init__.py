"""Share cards: figures that a learner shows to others, on purpose and until revoked."""

from vorex_sessions.hooks.personal_data import export_of
from vorex_sessions.hooks.registry import Capability
from vorex_sessions.models import share_cards
from vorex_sessions.sharing import store
from vorex_sessions.sharing.figures import FIGURES
from vorex_sessions.sharing.routes import blueprint, cards
from vorex_sessions.sharing.schemas import ShareCardRowSchema

# An import takes no cards back: what was revoked since would be public again.
CAPABILITY = Capability(
    blueprints=(blueprint,),
    pages=(cards,),
    learner_tables=(share_cards,),
    exports=(
        export_of(
            share_cards,
            "share_cards",
            "What the learner shares, with whoever has the address.",
            [],
            *(share_cards.c.created_at, share_cards.c.card_id),
            row=ShareCardRowSchema,
        ),
    ),
    after_restore=(store.REMOVE_ALL_LEARNERS,),
    enumerations={"FigureName": FIGURES},
)
