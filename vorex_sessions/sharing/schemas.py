"""Schemas of share cards."""

from typing import Any

import marshmallow as ma

from vorex_sessions.charts.chart import THEMES
from vorex_sessions.charts.words import LANGUAGES
from vorex_sessions.sharing.figures import FIGURES
from vorex_sessions.sharing.service import MOST
from vorex_sessions.web import answer_fields, body_fields
from vorex_sessions.web.body_fields import COMMON
from vorex_sessions.web.schemas import Schema

MOST_FIGURES = 4
EXAMPLE_ID = "q3BTPZ0cS4yqN1Zr3vYx2A"
_RULE = f"must be a list of 1 to {MOST_FIGURES} different names of {', '.join(FIGURES)}"


class Figures(ma.fields.List[str]):
    """Names of figures, each once."""

    def __init__(self) -> None:
        names = ma.fields.String(validate=ma.validate.OneOf(FIGURES))
        super().__init__(
            names,
            data_key="figures",
            required=True,
            validate=ma.validate.Length(1, MOST_FIGURES, error=_RULE),
            error_messages={**COMMON, "invalid": _RULE},
            metadata={
                "description": "What the card shows, and nothing else.",
                "example": ["streak_days", "words_met"],
                "uniqueItems": True,
            },
        )

    def _deserialize(  # type: ignore[override]  # no entry is ever None here
        self, value: Any, attr: Any, data: Any, **kwargs: Any
    ) -> list[str]:
        if not isinstance(value, list) or not all(one in FIGURES for one in value):
            raise self.make_error("invalid")
        if len(set(value)) < len(value):
            raise self.make_error("invalid")
        return value


class ShareCardBodySchema(Schema):
    """What a card shows, and how."""

    names = Figures()
    locale = body_fields.Language(
        load_default=LANGUAGES[0],
        description=f"The language of the labels: {', '.join(LANGUAGES)}. Another one is `{LANGUAGES[0]}`.",
        example="de",
    )
    theme = body_fields.Choice(
        THEMES, load_default=THEMES[0], description="Its colours.", example="light"
    )


class SharedFigureSchema(Schema):
    """A figure of a card."""

    name = answer_fields.text("What it counts.", "streak_days", FIGURES)
    value = answer_fields.whole("Its value when the card was made.", 12)


class ShareCardRowSchema(Schema):
    """A card, as the export shows it."""

    card_id = answer_fields.text("The card's id.", EXAMPLE_ID)
    figures = answer_fields.items(SharedFigureSchema, "What it shows, as of `created_at`.")
    locale = answer_fields.text("The language of its labels.", "de")
    theme = answer_fields.text("Its colours.", "light", THEMES)
    created_at = answer_fields.instant("When it was made.")


class ShareCardSchema(ShareCardRowSchema):
    """A card that is shared."""

    path = answer_fields.text(
        "Its address below that of the service, an SVG image for whoever has it.",
        f"/cards/{EXAMPLE_ID}.svg",
    )


class ShareCardsSchema(Schema):
    """What the learner shares."""

    share_cards = answer_fields.items(
        ShareCardSchema, "The cards, the newest first; empty unless some were made.", most=MOST
    )
