"""Schemas of the vocabulary, and of the members that this capability adds to the warm-up."""

from vorex_sessions.models.limits import OUTCOMES, WORD_LENGTH
from vorex_sessions.web import answer_fields, body_fields, query_fields
from vorex_sessions.web.schemas import Schema

STATUSES = ("due", "learning", "known")
REASONS = ("due", "forgotten", "new", "rarely met")
_STATUS = (
    "`due`: predicted recall below 0.9. `known`: 0.9 or more for at least 21 days after the last "
    "exercise, and not due. Else `learning`."
)


class VocabularyQuerySchema(Schema):
    """Filters and paging of words."""

    status = body_fields.Choice(STATUSES, description=_STATUS, example="due")
    language = query_fields.language("words")
    q = query_fields.Phrase(
        WORD_LENGTH,
        tidied=True,
        description="Only words that contain this, in any case, whatever their accents.",
        example="reserv",
    )
    limit = query_fields.limit("Words", 50)
    cursor = query_fields.cursor("bG9uZy1hY2Nlc3M=")
    zone_name = query_fields.zone()


class WordSchema(Schema):
    """A word, and how well the learner remembers it."""

    language = answer_fields.language("Its language, a tag of BCP 47.")
    word = answer_fields.text("The word.", "reservation")
    status = answer_fields.text(_STATUS, "due", STATUSES)
    recall = answer_fields.recall()
    due_on = answer_fields.day(
        "First day with a predicted recall below 0.9; null without an outcome.", allow_none=True
    )
    last_outcome = answer_fields.text(
        "How the last exercise went, or null.", "good", OUTCOMES, allow_none=True
    )
    times_tested = answer_fields.whole("How many exercises had an outcome.", 4)
    times_seen = answer_fields.whole("How many sessions named it.", 6)
    first_seen = answer_fields.instant("When the first of these sessions was completed; UTC.")
    last_seen = answer_fields.instant("When the last of these sessions was completed; UTC.")


class VocabularySchema(Schema):
    """A page of words."""

    words = answer_fields.items(
        WordSchema, "The words of this page, ordered by code point, then by language."
    )
    total = answer_fields.whole("How many words match, on all pages.", 120)
    limit = answer_fields.whole("Words per page, as served.", 50)
    has_more = answer_fields.has_more()
    next_cursor = answer_fields.next_cursor(None)


class ReviewSchema(Schema):
    """Why to review a word."""

    word = answer_fields.text("The word.", "reservation")
    reason = answer_fields.text(
        "With outcomes: `forgotten` the last time, or `due`. Without: `new` (met once) or `rarely met`.",
        "due",
        REASONS,
    )
    recall = answer_fields.recall()
    last_seen = answer_fields.instant("When the last session that named it was completed; UTC.")
    times_seen = answer_fields.whole("How many sessions named it.", 3)


class WarmupExtrasSchema(Schema):
    """Added to the warm-up."""

    vocabulary_review = answer_fields.texts(
        "Words with outcomes whose predicted recall is below 0.9, lowest first. Then words without, "
        "least often met first; ties: longest ago first, then by name.",
        "reservation",
        10,
    )
    vocabulary_details = answer_fields.items(
        ReviewSchema, "The reason for each of these words, in the same order.", most=10
    )


class MemoryRowSchema(Schema):
    """How well the learner remembers a word, as the export shows it."""

    language = answer_fields.language("Its language.")
    word = answer_fields.text("The word.", "reservation")
    times_tested = answer_fields.whole("How many exercises had an outcome.", 4)
    last_outcome = answer_fields.text("How the last exercise went.", "good", OUTCOMES)
    tested_at = answer_fields.instant("When it was last tested.")
    tested_on = answer_fields.day("The learner's day of that.")
    stability = answer_fields.number("Days until the predicted recall falls to 0.9.", 12.4)
    difficulty = answer_fields.number("How hard the word is, 1 to 10.", 5.1)
    due_on = answer_fields.day("First day with a predicted recall below 0.9.")
