"""What the endpoints of this capability take and answer."""

import marshmallow as ma

from vorex_sessions import fields, query_fields
from vorex_sessions.models import OUTCOMES, WORD_LENGTH
from vorex_sessions.progress import documented
from vorex_sessions.schemas import Schema

STATUSES = ("due", "learning", "known")
_STATUS = (
    "`due`: predicted recall below 0.9; `known`: not due, for 21 days or more; else `learning`."
)


class VocabularyQuerySchema(Schema):
    """Which words to list."""

    status = fields.Choice(STATUSES, metadata={"description": _STATUS, "example": "due"})
    q = query_fields.Phrase(
        WORD_LENGTH,
        tidied=True,
        metadata={"description": "Only words that contain this, in any case.", "example": "reserv"},
    )
    limit = query_fields.Whole(
        1,
        served=100,
        load_default=50,
        metadata={"description": "Words a page; more than 100 are served as 100.", "example": 50},
    )
    cursor = ma.fields.String(
        metadata={
            "description": "`next_cursor` of the page before, with the same filters.",
            "example": "bG9uZy1hY2Nlc3M=",
        }
    )
    zone_name = documented.zone()


class WordSchema(Schema):
    """A word, and what is known of it."""

    word = ma.fields.String(
        required=True, metadata={"description": "The word.", "example": "reservation"}
    )
    status = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(STATUSES),
        metadata={"description": _STATUS, "example": "due"},
    )
    recall = documented.recall()
    due_on = ma.fields.Date(
        required=True,
        allow_none=True,
        metadata={
            "description": "First day with a predicted recall below 0.9; null without an outcome.",
            **documented.DAY,
        },
    )
    last_outcome = ma.fields.String(
        required=True,
        allow_none=True,
        validate=ma.validate.OneOf(OUTCOMES),
        metadata={"description": "How the last exercise went, or null.", "example": "good"},
    )
    times_tested = documented.whole("Exercises with an outcome.", 4)
    times_seen = documented.whole("Sessions that named it.", 6)
    first_seen = documented.instant("When the first of them was completed; UTC.")
    last_seen = documented.instant("When the last of them was completed; UTC.")


class VocabularySchema(Schema):
    """A page of words, by name."""

    words = ma.fields.List(
        ma.fields.Nested(WordSchema),
        required=True,
        metadata={"description": "The words of this page, by code point."},
    )
    total = documented.whole("How many match in all.", 120)
    limit = documented.whole("Words a page, as served.", 50)
    has_more = ma.fields.Boolean(
        required=True, metadata={"description": "Whether another page follows.", "example": False}
    )
    next_cursor = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The `cursor` of the next page; null on the last one.",
            "example": None,
        },
    )
