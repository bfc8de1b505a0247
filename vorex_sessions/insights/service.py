"""A learner's insights, what the learner sets for them, and what the learner says of them."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from vorex_sessions import metrics
from vorex_sessions.database import Transaction, run, run_transaction
from vorex_sessions.database.one_snapshot import current_snapshot
from vorex_sessions.hooks import versions
from vorex_sessions.hooks.rebuild import in_current_snapshot
from vorex_sessions.insights import answers, model_words, rules, store, wording
from vorex_sessions.insights.facts import Insight
from vorex_sessions.insights.formats import locale_of
from vorex_sessions.insights.shapes import Shape, shape_of
from vorex_sessions.periods import stamp
from vorex_sessions.problems.kinds import Gone, NotFound

if TYPE_CHECKING:
    from babel import Locale  # formats.py says why not before it is needed

VERDICTS = ("helpful", "wrong", "hide")
STATUSES = ("ready", "too_early", "nothing_new")
DEFAULTS: Mapping[str, Any] = {"model": False, "tone": wording.TONES[0]}
ID_PATTERN = r"^[a-z_]{1,30}\.[A-Za-z0-9-]{1,60}~[0-9a-f]{10}$"
_ID = re.compile(ID_PATTERN)
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


def show_insights(
    learner_id: str, *, period: str, locale: str, language: str | None = None, now: datetime
) -> dict[str, Any]:
    """At most three things worth saying, with the facts that they rest on; all of one moment."""

    def read() -> dict[str, Any]:
        return _insights(learner_id, period, locale_of(locale), language, now)

    # Within an overview its snapshot is the moment.
    return read() if current_snapshot() else in_current_snapshot(learner_id, read)


def _insights(
    learner_id: str, period: str, locale: "Locale", language: str | None, now: datetime
) -> dict[str, Any]:
    (chosen,) = run(store.SET, {"user_id": learner_id})
    preferences = DEFAULTS if chosen.tone is None else {"model": chosen.model, "tone": chosen.tone}
    asked = answers.read(learner_id, period=period, language=language, now=now)
    hidden = _hidden(learner_id, chosen.feedback or {})
    insights = rules.choose(asked, hidden) if asked else []
    shapes = [
        shape_of(one.template, preferences["tone"], one.finding.facts, locale) for one in insights
    ]
    texts = model_words.written(shapes, chosen.wordings_at) if preferences["model"] else {}
    return {
        "insights": [
            _shown(learner_id, one, locale, shape, texts.get(shape))
            for one, shape in zip(insights, shapes, strict=True)
        ],
        "status": _status(asked is not None, bool(insights)),
        "locale": str(locale).replace("_", "-"),
        "preferences": preferences,
        "generated_at": stamp(now),
    }


def _status(has_practised: bool, has_insights: bool) -> str:
    if has_insights:
        return "ready"
    return "nothing_new" if has_practised else "too_early"


def _hidden(learner_id: str, feedback: Mapping[str, Any]) -> Callable[[Insight], bool]:
    """Whether an insight is not shown: its topic was hidden, or was wrong with just these values."""

    def is_hidden(insight: Insight) -> bool:
        insight_id, verdict = feedback.get(insight.topic, (None, None))
        is_same = insight_id == insight.id_for(learner_id)
        return bool(verdict == "hide" or (verdict == "wrong" and is_same))

    return is_hidden


def _shown(
    learner_id: str, insight: Insight, locale: "Locale", shape: Shape, written: str | None
) -> dict[str, Any]:
    facts = insight.finding.facts
    sentence = shape.with_phrases(written or shape.sentence)
    return {
        "id": insight.id_for(learner_id),
        "kind": insight.kind,
        "priority": insight.priority,
        "headline": wording.headline(insight.template, locale),
        "body": wording.fill(sentence, facts, locale),
        "action": {"kind": insight.finding.action, "ref": insight.finding.ref},
        "facts": [fact._asdict() for fact in facts],
        "wording": "model" if written else "template",
    }


def set_preferences(learner_id: str, values: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Replace what the learner has set for insights. Raises Gone."""
    newest = model_words.newest() or _NEVER
    _write(learner_id, store.PUT_PREFERENCES, {**values, "set_at": now, "wordings_at": newest})
    return dict(values)


def give_feedback(
    learner_id: str, insight_id: str, *, verdict: str, now: datetime
) -> dict[str, Any]:
    """Keep what the learner says of an insight, as the last word on its topic. Raises NotFound or Gone.

    The insight need not be shown any more: an app may have been offline.
    """
    topic = topic_of(insight_id)
    values = {"topic": topic, "insight_id": insight_id, "verdict": verdict, "given_at": now}
    _write(learner_id, store.PUT_FEEDBACK, values, then=store.FORGET_OLDEST)
    metrics.FEEDBACK.labels(topic.partition(".")[0], verdict).inc()
    return {"id": insight_id, "verdict": verdict}


def topic_of(insight_id: str) -> str:
    """The topic of an insight. Raises NotFound for what is no id."""
    topic = insight_id.partition("~")[0]
    if not _ID.fullmatch(insight_id) or topic.partition(".")[0] not in rules.KINDS:
        raise NotFound("There is no insight with this id.")
    return topic


def _write(
    learner_id: str,
    statement: sa.Executable,
    values: Mapping[str, Any],
    then: sa.Executable | None = None,
) -> None:
    parameters = {"user_id": learner_id}

    def work(transaction: Transaction) -> None:
        if transaction.run(store.IS_CLOSED, parameters)[0].closed:
            raise Gone("This learner's account is closed; nothing more can be set.")
        transaction.defer(versions.RAISE, parameters)
        transaction.defer(statement, {**parameters, **values})
        if then is not None:
            transaction.defer(then, parameters)

    run_transaction(work, learner_id=learner_id)
