"""Schemas of session results; those of the history are in history_schemas.py."""

from typing import Any

import marshmallow as ma

from vorex_sessions import text
from vorex_sessions.models import limits
from vorex_sessions.sessions import metadata_field, result_fields
from vorex_sessions.web import answer_fields, body_fields
from vorex_sessions.web.schemas import NullableSchema, Schema

# The example in /docs. It has no id, so that it can be sent again.
SAVE_EXAMPLE = {
    "session_type": "conversation",
    "duration_seconds": 300,
    "words_spoken": 120,
    "pronunciation_score": 85.5,
    "fluency_score": 78.0,
    "grammar_score": None,
    "topics": ["travel", "hotels"],
    "vocabulary_learned": ["reservation", "available"],
    "areas_to_improve": ["past tense", "prepositions"],
    "vocabulary_results": [{"word": "reservation", "outcome": "good"}],
    "skills": [{"skill": "past-simple", "score": 72.5}],
    "metadata": {"scenario_id": "hotel-check-in", "user_level": "B1"},
    "completed_at": "2026-03-01T18:30:00+01:00",
    "timezone": "Europe/Berlin",
}


def _score(name: str) -> body_fields.Score:
    return body_fields.Score(
        description=f"{name} score, 0 to 100 points; null where it was not measured.", example=85.5
    )


def _texts(
    most: int, length: int, about: str, example: list[str], *, fold: bool
) -> body_fields.Texts:
    repeats = "differ only in case" if fold else "are spelt the same"
    return body_fields.Texts(
        most,
        length,
        text.fold if fold else str,
        description=f"{about} At most {most} texts of at most {length} characters. White space is "
        "normalised, invisible format characters are removed. Empty texts and repeats are dropped; "
        f"repeats {repeats}.",
        example=example,
    )


class SessionContentSchema(Schema):
    """The fields of a session result that can be saved, and corrected later."""

    session_type = body_fields.Choice(
        limits.SESSION_TYPES,
        required=True,
        description="What was practised.",
        example="conversation",
    )
    duration_seconds = body_fields.Whole(
        0,
        limits.LARGEST_DURATION,
        required=True,
        description="How long it took, in seconds.",
        example=300,
    )
    words_spoken = body_fields.Whole(
        0,
        limits.LARGEST_WORDS,
        description="How many words the learner spoke; 0 by default.",
        example=120,
    )
    pronunciation_score = _score("Pronunciation")
    fluency_score = _score("Fluency")
    grammar_score = _score("Grammar")
    topics = _texts(
        limits.MOST_TOPICS,
        limits.TOPIC_LENGTH,
        "What it was about.",
        ["travel", "hotels"],
        fold=True,
    )
    vocabulary_learned = _texts(
        limits.MOST_VOCABULARY,
        limits.WORD_LENGTH,
        "Words the learner met.",
        ["reservation", "available"],
        fold=False,
    )
    areas_to_improve = _texts(
        limits.MOST_TOPICS,
        limits.TOPIC_LENGTH,
        "What the learner should work on.",
        ["past tense", "prepositions"],
        fold=True,
    )
    vocabulary_results = result_fields.Outcomes(
        description="The outcomes of exercises with single words, in order. A word may occur several "
        "times. It counts as met even if `vocabulary_learned` does not have it. At most "
        f"{limits.MOST_VOCABULARY}.",
        example=[{"word": "reservation", "outcome": "good"}],
    )
    skills = result_fields.SkillScores(
        description=f"Scores of single skills, each skill once. At most {limits.MOST_SKILLS}. Only in a "
        "language that has a graph of skills.",
        example=[{"skill": "past-simple", "score": 72.5}],
    )
    metadata = metadata_field.Metadata(
        description="Any other data of the app, kept by value: at most 16 KiB as compact JSON without "
        "exponents (1e20 counts 21 bytes), at most 8 levels deep, integers within 64 bits.",
        example={"scenario_id": "hotel-check-in", "user_level": "B1"},
    )
    completed_at = body_fields.Instant(
        description="When the session ended, with the offset of the phone's clock, as in RFC 3339. Not "
        "before 2000, and at most 5 minutes ahead of the server. By default the current time.",
        example="2026-03-01T18:30:00+01:00",
    )
    timezone = body_fields.Zone(
        description="The learner's time zone, which decides the calendar day: an IANA name or "
        "`UTC±HH:MM`. By default the offset of `completed_at`, else UTC.",
        example="Europe/Berlin",
        minLength=2,
        maxLength=64,
    )
    language = body_fields.Language(
        description="The language practised, as a tag of BCP 47: `es`, `pt-BR`. Any case is taken; answers "
        "have the usual one. By default the service's `DEFAULT_LANGUAGE`, which is `en` unless the operator "
        "has set another.",
        example="pt-BR",
    )


class SaveSchema(NullableSchema, SessionContentSchema):
    """A session result to save. `null` for an optional field means the same as leaving it out."""

    session_result_id = body_fields.Id(
        description="A random UUID that the app chooses. The same save sent again stores nothing twice. "
        "By default the service generates one.",
        example=answer_fields.SESSION_ID,
    )

    @ma.post_load
    def _drop_nulls(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if value is not None}


class CorrectionSchema(NullableSchema, SessionContentSchema):
    """The fields to change; the others stay. Lists and metadata are replaced as a whole.

    `null` resets a field to its default: `completed_at` to the time of the first save, `timezone` to the
    offset of the `completed_at` that is sent with it, else to UTC.
    """

    @ma.validates_schema
    def _require_a_field(self, data: dict[str, Any], **kwargs: Any) -> None:
        if not data:
            raise ma.ValidationError("must name at least one field to change")


class SessionResultSchema(SessionContentSchema):
    """A session result as it is stored; every member is always sent."""

    def on_bind_field(self, field_name: str, field_obj: ma.fields.Field[Any]) -> None:
        """Document what a save may leave out as required: it is stored with its default."""
        field_obj.required = True

    session_result_id = body_fields.Id(
        required=True,
        description="The session result's id, unique for its learner.",
        example=answer_fields.SESSION_ID,
    )
    user_id = body_fields.Id(
        required=True,
        description="The learner it belongs to.",
        example="9b2f4f0e-52b0-4b1c-8b54-0d6c2a1e6a11",
    )
    completed_at = body_fields.Instant(
        required=True, description="When the session ended; UTC.", example=answer_fields.STAMP
    )
    practiced_on = answer_fields.day("The calendar day of `completed_at` in `timezone`.")
    created_at = answer_fields.instant("When it was first stored; UTC.")
    updated_at = answer_fields.instant("When it was last changed; UTC.")
    version = answer_fields.whole(
        "Grows with each change of any of the learner's sessions; that of this one's last change. `ETag` and "
        "`If-Match` carry it in quotes. 0 where it was stored before there were versions.",
        17,
        least=-1,
    )


class BatchSchema(Schema):
    """Several session results to save at once."""

    sessions = body_fields.Items(
        SaveSchema(), 100, required=True, description="The session results, 1 to 100."
    )
