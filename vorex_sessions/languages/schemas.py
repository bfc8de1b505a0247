"""Schemas of the learner's languages."""

from vorex_sessions.web import answer_fields, query_fields
from vorex_sessions.web.schemas import Schema


class LanguagesQuerySchema(Schema):
    """The time zone."""

    zone_name = query_fields.zone()


class PractisedLanguageSchema(Schema):
    """What was practised in a language."""

    language = answer_fields.text("The language, a tag of BCP 47.", "pt-BR")
    sessions = answer_fields.whole("Sessions.", 57)
    minutes = answer_fields.minutes()
    last_practiced_on = answer_fields.day("The last day with a session.")
    current_streak = answer_fields.whole(
        "The language's own streak, as `current` of GET /api/sessions/streak?language=.", 12
    )


class LanguagesSchema(Schema):
    """All languages that the learner has practised."""

    languages = answer_fields.items(
        PractisedLanguageSchema, "The languages, that of the latest session first."
    )
