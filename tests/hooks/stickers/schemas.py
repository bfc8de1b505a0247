"""What the endpoint answers, and what is added to other answers."""

from vorex_sessions.web import answer_fields
from vorex_sessions.web.schemas import Schema


class SaveExtrasSchema(Schema):
    """Added to the answer to a save."""

    new_stickers = answer_fields.texts("Topics that were new.", "travel")


class WarmupExtrasSchema(Schema):
    """Added to the warm-up."""

    favourite_topic = answer_fields.text("The most frequent topic.", "travel", allow_none=True)


class StickersSchema(Schema):
    """All stickers."""

    total = answer_fields.whole("How many.", 3)
