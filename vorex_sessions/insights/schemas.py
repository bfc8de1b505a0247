"""Schemas of insights."""

from typing import Any

import marshmallow as ma

from vorex_sessions.insights.facts import ACTIONS, PERIODS, UNITS
from vorex_sessions.insights.formats import DEFAULT, LOCALES
from vorex_sessions.insights.rules import KINDS, MOST
from vorex_sessions.insights.service import DEFAULTS, ID_PATTERN, STATUSES, VERDICTS, topic_of
from vorex_sessions.insights.wording import TONES
from vorex_sessions.problems.kinds import NotFound
from vorex_sessions.web import answer_fields, body_fields, query_fields
from vorex_sessions.web.schemas import Schema

COMPARED = ("week", "month")
WORDINGS = ("template", "model")
EXAMPLE_ID = "words_due.all~3f0c9f6e7a"
_TONE = "How insights are worded: to the point, or warmly."


class InsightsQuerySchema(Schema):
    """The period of comparisons, the language of the words, and the language that they are about."""

    period = body_fields.Choice(
        COMPARED,
        load_default="week",
        description="What the last time is compared with: the last 7 days with those before, or the last 30.",
        example="week",
    )
    locale = body_fields.Language(
        load_default=DEFAULT,
        description=f"The language of the words, a tag of BCP 47: {', '.join(LOCALES)}, with a region for "
        f"its formats (`de-CH`). Another one is answered in `{DEFAULT}`.",
        example="de",
    )
    language = query_fields.language("words, scores and skills")


class InsightFactSchema(Schema):
    """A value that an insight rests on."""

    id = answer_fields.text("Its name within the insight.", "words")
    value = ma.fields.Raw(
        required=True,
        metadata={
            "description": "The value, as the source has it or computed from it.",
            "oneOf": [{"type": "number"}, {"type": "string"}],
            "example": 12,
        },
    )
    unit = answer_fields.text(
        "What it counts. `share`: 0 to 1; `hour`: of the day; `score` and `language`: the name of one.",
        "words",
        UNITS,
    )
    period = answer_fields.text("The time that it is about.", "all", PERIODS)
    n = answer_fields.whole("How many sessions, days or words it rests on.", 12, allow_none=True)
    source = answer_fields.text(
        "The request that answers the same, with a JSON Pointer to the value or to what it is computed from.",
        "/api/sessions/vocabulary?status=due&limit=1#/total",
    )


class SuggestedActionSchema(Schema):
    """What the learner can do about it."""

    kind = answer_fields.text("What to do.", "review", ACTIONS)
    ref = answer_fields.text(
        "`practise`, `review` and `trends`: a language, or null for all; `skill`: its key; `remind`: the "
        "time of day.",
        "en",
        allow_none=True,
    )


class InsightSchema(Schema):
    """Something worth saying."""

    id = answer_fields.text(
        "Its id; the same while its facts are the same. Before the `~` stands what it is about.",
        EXAMPLE_ID,
    )
    kind = answer_fields.text("The rule that found it.", "words_due", KINDS)
    priority = answer_fields.whole("How urgent it is, 1 to 100.", 70, 100, least=1)
    headline = answer_fields.text("Its headline.", "Words to review")
    body = answer_fields.text(
        "One to three sentences.",
        "12 words are due for review. If you go over them now, you will remember them longer.",
    )
    action = answer_fields.nested(SuggestedActionSchema, "What the learner can do about it.")
    facts = answer_fields.items(InsightFactSchema, "The values in the body.")
    wording = answer_fields.text("Who has worded the body.", "template", WORDINGS)


class ChosenInsightsSchema(Schema):
    """What the learner has set for insights."""

    model = answer_fields.flag("Whether a language model may word insights.")
    tone = answer_fields.text(_TONE, "plain", TONES)


class InsightsSchema(Schema):
    """The insights, the most urgent first."""

    insights = answer_fields.items(InsightSchema, "The insights.", most=MOST)
    status = answer_fields.text(
        "`ready`: there are some. `too_early`: nothing is practised yet. `nothing_new`: nothing is certain "
        "enough to be said.",
        "ready",
        STATUSES,
    )
    locale = answer_fields.text("The locale that was used.", "de")
    preferences = answer_fields.nested(
        ChosenInsightsSchema, "What the learner has set for insights."
    )
    generated_at = answer_fields.instant("When this was answered; UTC.")


class InsightPreferencesSchema(Schema):
    """What the learner sets for insights. What is left out is set to its default."""

    model = body_fields.Flag(
        load_default=DEFAULTS["model"],
        description="Whether a language model may word insights, if the service has one. It never learns "
        "anything about the learner.",
        example=True,
    )
    tone = body_fields.Choice(
        TONES, load_default=DEFAULTS["tone"], description=_TONE, example="friendly"
    )


class InsightFeedbackSchema(Schema):
    """What the learner says of an insight."""

    verdict = body_fields.Choice(
        VERDICTS,
        required=True,
        description="`hide`: never show what is about the same again, until another verdict on it. `wrong`: "
        "do not show it again with the same values.",
        example="hide",
    )


class GivenInsightFeedbackSchema(Schema):
    """What the learner has said of an insight."""

    id = answer_fields.text("The insight's id.", EXAMPLE_ID)
    verdict = answer_fields.text("The verdict.", "hide", VERDICTS)


class InsightPreferencesRowSchema(ChosenInsightsSchema):
    """What the learner has set for insights, as the export shows it."""

    set_at = answer_fields.instant("When it was last set.")


class KeptInsightPreferencesSchema(InsightPreferencesSchema):
    """The same, as an import takes it back."""

    set_at = body_fields.Instant(
        required=True, description="When it was last set.", example=answer_fields.STAMP
    )

    @ma.post_load
    def _show_what_was_there(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return {**data, "wordings_at": data["set_at"]}


class FeedbackRowSchema(Schema):
    """What the learner has said of an insight, as the export shows it."""

    insight_id = answer_fields.text("The insight's id.", EXAMPLE_ID)
    verdict = answer_fields.text("The verdict.", "hide", VERDICTS)
    given_at = answer_fields.instant("When it was given.")


def _must_be_an_id(value: str) -> None:
    try:
        topic_of(value)
    except NotFound:
        raise ma.ValidationError("must be the id of an insight") from None


class KeptFeedbackSchema(InsightFeedbackSchema):
    """The same, as an import takes it back."""

    insight_id = ma.fields.String(
        required=True,
        validate=_must_be_an_id,
        error_messages={**body_fields.COMMON, "invalid": "must be the id of an insight"},
        metadata={"description": "The insight's id.", "pattern": ID_PATTERN, "example": EXAMPLE_ID},
    )
    given_at = body_fields.Instant(
        required=True, description="When it was given.", example=answer_fields.STAMP
    )

    @ma.post_load
    def _add_topic(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return {**data, "topic": data["insight_id"].partition("~")[0]}
