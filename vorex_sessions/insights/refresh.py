"""Lets a language model word insights, out of band: no request waits for it, and it learns of nobody.

Safe to stop, to run again, and to run twice at once: each wording is claimed before it is asked for, and
tokens are reserved before they are spent.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from vorex_sessions.database import Transaction, run, run_transaction
from vorex_sessions.flask_config import setting
from vorex_sessions.hooks import versions
from vorex_sessions.insights import gate, model_store, prompts
from vorex_sessions.insights.model_client import ModelAway, ask
from vorex_sessions.insights.model_words import key_of, newest
from vorex_sessions.insights.shapes import Shape, all_shapes
from vorex_sessions.models import BEFORE_ALL

_ABANDONED, _AGAIN = timedelta(minutes=10), timedelta(days=7)
_MOST_FAILURES = 3  # in a row: then the server has a rest until the next run
ACCEPTED, AWAY = "accepted", "away"


class NoTokens(Exception):
    """The day's tokens are spent."""


@dataclass
class Result:
    """What a run has done; `stopped`: why it ended early, or without any answer."""

    outcomes: Counter[str] = field(default_factory=Counter)
    learners: int = 0
    stopped: str | None = None


def refresh(*, most: int | None = None) -> Result:
    """Ask for what is not worded yet, at most `most`, and show it to those who want it."""
    result, failures, reason = Result(), 0, ""
    for shape in all_shapes():
        if most is not None and sum(result.outcomes.values()) >= most:
            break
        if not _claim(shape):
            continue
        try:
            result.outcomes[_word(shape)] += 1
            failures = 0
        except (ModelAway, NoTokens) as error:
            run(model_store.RELEASE, {"key": key_of(shape)})
            failures, reason = failures + 1, str(error)
            result.outcomes.update([AWAY] * isinstance(error, ModelAway))
            if isinstance(error, NoTokens) or failures == _MOST_FAILURES:
                result.stopped = reason
                break
    # Who asks for fewer wordings than may fail in a row has to learn of it, too.
    if set(result.outcomes) == {AWAY}:
        result.stopped = reason
    result.learners = _show()
    return result


def _claim(shape: Shape) -> bool:
    now = datetime.now(UTC)
    values = {
        "key": key_of(shape),
        **{name: getattr(shape, name) for name in ("language", "template", "tone")},
        **{"now": now, "abandoned": now - _ABANDONED, "again": now - _AGAIN},
    }
    return bool(run(model_store.CLAIM, values))


def _word(shape: Shape) -> str:
    """Ask, once more where the gate refuses, and store; returns the outcome. Raises ModelAway or NoTokens."""
    text, reason = attempt(shape)
    if reason:
        text, reason = attempt(shape, reason)
    if reason:
        run(model_store.REFUSE, {"key": key_of(shape), "reason": reason})
        return reason

    def work(transaction: Transaction) -> None:
        transaction.run(model_store.LOCK, {})
        transaction.defer(model_store.ACCEPT, {"key": key_of(shape), "text": text})

    run_transaction(work)
    return ACCEPTED


def attempt(shape: Shape, refused: str | None = None) -> tuple[str | None, str | None]:
    """Ask once: the text, and why the gate refuses it, if so. Raises ModelAway or NoTokens."""
    asked, format_ = prompts.messages(shape, refused), setting("INSIGHTS_MODEL_FORMAT")
    day, tokens = datetime.now(UTC).date(), prompts.most_tokens(asked)
    budget = {"day": day, "tokens": tokens, "budget": setting("INSIGHTS_MODEL_TOKENS")}
    if tokens > budget["budget"] or not run(model_store.RESERVE, budget):
        raise NoTokens("the tokens of the day are spent")
    body = prompts.body(setting("INSIGHTS_MODEL"), asked, format_)
    try:
        reply = ask(setting("INSIGHTS_MODEL_URL"), setting("INSIGHTS_MODEL_KEY"), body)
    except ModelAway:
        run(model_store.COUNT, {"day": day, "outcome": AWAY})
        raise
    if reply.tokens is not None:
        run(model_store.RETURN, {"day": day, "tokens": tokens - reply.tokens})
    text = prompts.text_of(reply.content, format_)
    reason = gate.refusal(shape, text)
    run(model_store.COUNT, {"day": day, "outcome": reason or ACCEPTED})
    return text, reason


def _show() -> int:
    """Show the newest wordings to learners who want them, each with a new version: tags of before end."""
    at = newest()
    count, after = 0, BEFORE_ALL
    while at and (page := run(model_store.BEHIND, {"newest": at, "after": after})):
        for row in page:
            _show_to(str(row.user_id), at)
        after, count = str(page[-1].user_id), count + len(page)
    return count


def _show_to(learner_id: str, at: datetime) -> None:
    parameters = {"user_id": learner_id}

    def work(transaction: Transaction) -> None:
        transaction.defer(versions.RAISE, parameters)
        transaction.defer(model_store.SHOW, {**parameters, "newest": at})

    run_transaction(work, learner_id=learner_id)
