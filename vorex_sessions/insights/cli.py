"""`flask insights …`: refresh, preview."""

from collections.abc import Iterator
from datetime import UTC, datetime
from unicodedata import category
from uuid import UUID

import click
from flask.cli import AppGroup

from vorex_sessions.cli_errors import report_database_errors
from vorex_sessions.insights import answers, formats, model_words, rules, shapes, wording
from vorex_sessions.insights.facts import Insight
from vorex_sessions.text import counted

insights = AppGroup("insights", help="Insights for learners, and their words.")
_UNSET = "INSIGHTS_MODEL_URL and INSIGHTS_MODEL are not set: templates word all insights."


@insights.command("refresh")
@click.option("--most", type=click.IntRange(1), help="How many wordings to ask for at most.")
@report_database_errors
def refresh_command(most: int | None) -> None:
    """Ask the language model for wordings. Safe to stop, to run again, and to run twice at once."""
    if not model_words.has_model():
        raise click.ClickException(_UNSET)
    from vorex_sessions.insights.refresh import refresh  # here: no worker needs what it loads

    result = refresh(most=most)
    refused = [f"{count} {reason}" for reason, count in sorted(result.outcomes.items())]
    click.echo(
        f"Asked for {counted(result.outcomes.total(), 'wording')}"
        f"{': ' if refused else ''}{', '.join(refused)}; shown to {counted(result.learners, 'learner')}."
    )
    if result.stopped:
        raise click.ClickException(f"Stopped: {result.stopped}. Run the command again later.")


@insights.command("preview")
@click.option("--learner", type=click.UUID, required=True, help="The learner's id.")
@click.option("--locale", default=formats.DEFAULT, help="The language of the words.")
@click.option("--period", type=click.Choice(["week", "month"]), default="week")
@click.option("--tone", type=click.Choice(wording.TONES), default=wording.TONES[0])
@report_database_errors
def preview_command(learner: UUID, locale: str, period: str, tone: str) -> None:
    """Show a learner's insights: facts, template, what the model writes, and the gate's verdict.

    It asks the model, if one is set, and stores nothing but the tokens.
    """
    asked = answers.read(str(learner), period=period, language=None, now=datetime.now(UTC))
    found = rules.all_of(asked) if asked else []
    if not found:
        click.echo("No rule has found anything.")
    for insight in found:
        for line in _lines(insight, locale, tone):
            click.echo(_printable(line))


def _printable(line: str) -> str:
    """The line with escapes for what would steer a terminal: learners and models write what they like."""
    return "".join(ascii(sign)[1:-1] if category(sign)[0] == "C" else sign for sign in line)


def _lines(insight: Insight, tag: str, tone: str) -> Iterator[str]:
    locale, facts = formats.locale_of(tag), insight.finding.facts
    shape = shapes.shape_of(insight.template, tone, facts, locale)
    yield f"{insight.topic} (priority {insight.priority}, group {insight.group})"
    for fact in facts:
        yield f"  fact      {fact.id} = {fact.value} {fact.unit} (n {fact.n}), {fact.source}"
    yield f"  template  {wording.fill(shape.with_phrases(shape.sentence), facts, locale)}"
    yield f"  sent      {shape.sentence}"
    if not model_words.has_model():
        return
    from vorex_sessions.insights import model_client, refresh  # here: no worker needs what it loads

    try:
        text, reason = refresh.attempt(shape)
    except (model_client.ModelAway, refresh.NoTokens) as error:
        yield f"  model     none: {error}"
        return
    yield f"  model     {text}"
    yield f"  gate      {reason or 'accepted'}"
    if text and not reason:
        yield f"  shown     {wording.fill(shape.with_phrases(text), facts, locale)}"
