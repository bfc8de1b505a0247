"""`flask events …`: deliver, status, redeliver, test, enable."""

import logging.config
import signal
import threading
from datetime import UTC, datetime
from uuid import UUID, uuid4

import click
from flask.cli import AppGroup

from logs import logging_config
from vorex_sessions.cli_errors import report_database_errors
from vorex_sessions.current import current_flask
from vorex_sessions.events import deliverer, housekeeping, resending, status
from vorex_sessions.events.posting import NoReply
from vorex_sessions.events.webhook import Webhook
from vorex_sessions.flask_config import setting
from vorex_sessions.hooks.destinations import Destination, Event
from vorex_sessions.text import counted

events = AppGroup(
    "events", help="Events for the app's back end: deliver, status, redeliver, test, enable."
)


_destination = click.option(
    "--destination", "name", default="webhook", show_default=True, help="Its name."
)


def _named(name: str) -> Destination:
    known = {one.name: one for one in deliverer.configured()}
    if name not in known:
        raise click.ClickException(
            f"{name} is not configured; configured: {', '.join(known) or 'nothing'}."
        )
    return known[name]


@events.command("deliver")
@click.option("--once", is_flag=True, help="Deliver what is due, and end.")
@report_database_errors
def deliver_command(once: bool) -> None:
    """Deliver events until stopped, write warnings of streaks, and remove old events.

    Any number may run. SIGTERM ends it after what is being sent. Safe to kill: what was sent and not noted is
    sent again.
    """
    app = current_flask()
    stopping = threading.Event()
    failed = housekeeping.attempt(datetime.now(UTC)) if once else None
    if not once:
        logging.config.dictConfig(logging_config(setting("LOG_LEVEL")))
        _stop_on_signals(stopping)
        housekeeping.start(app.app_context, stopping)
    count = deliverer.Deliverer(app.app_context, stopping, once=once).run()
    click.echo(
        f"Delivered {counted(count.delivered, 'event')}; {counted(count.failed, 'attempt')} failed."
    )
    if failed:
        raise failed


def _stop_on_signals(stopping: threading.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())


@events.command("status")
@report_database_errors
def status_command() -> None:
    """Say what waits for each destination."""
    destinations = deliverer.configured()
    if not destinations:
        click.echo("No destination is configured; set WEBHOOK_URL or XAPI_URL.")
    for destination in destinations:
        now = status.status(destination)
        state = "open"
        if now.disabled_at:
            state = (
                f"disabled since {now.disabled_at:%Y-%m-%d %H:%M} UTC; run `flask events enable`"
            )
        elif now.paused_until:
            state = f"paused until {now.paused_until:%Y-%m-%d %H:%M:%S} UTC"
        click.echo(f"{destination.name}: {state}")
        click.echo(
            f"  events of {counted(now.learners, 'learner')} wait, the longest for {now.oldest:.0f} s; "
            f"{now.failing} failing, last answer: {now.last_answer or 'none'}"
        )
        click.echo(f"  {counted(now.given_up, 'event')} given up")


@events.command("redeliver")
@_destination
@click.option("--since", type=click.DateTime(), help="What happened since then (UTC).")
@click.option("--id", "event_id", type=click.UUID, help="One event.")
@click.option("--given-up", is_flag=True, help="What was given up.")
@report_database_errors
def redeliver_command(
    name: str, since: datetime | None, event_id: UUID | None, given_up: bool
) -> None:
    """Send events again, and for each learner what followed, so that the order stays.

    Receivers know them by the same `webhook-id`.
    """
    if sum(map(bool, (since, event_id, given_up))) != 1:
        raise click.UsageError("Give one of --since, --id and --given-up.")
    count = resending.redeliver(
        _named(name),
        since=since and since.replace(tzinfo=UTC),
        event_id=str(event_id) if event_id else None,
        given_up=given_up,
    )
    click.echo(f"Events of {counted(count, 'learner')} will be sent again.")


@events.command("test")
def test_command() -> None:
    """Send an event of type `test` to WEBHOOK_URL now, and print the answer."""
    webhook = Webhook()
    if not webhook.is_configured():
        raise click.ClickException("WEBHOOK_URL is not set.")
    event = Event(str(uuid4()), "", "test", datetime.now(UTC))
    try:
        reply = webhook.post(event, keep=500)
    except NoReply as reason:
        raise click.ClickException(f"No answer: {reason}.") from None
    click.echo(f"HTTP {reply.status}\n{reply.text}".rstrip())
    if not 200 <= reply.status < 300:
        raise click.ClickException("The receiver did not take the event.")


@events.command("enable")
@_destination
@report_database_errors
def enable_command(name: str) -> None:
    """Send to a destination again that was disabled (410) or paused; what waits is due now."""
    resending.enable(_named(name), now=datetime.now(UTC))
    click.echo(f"{name} is open; what waits for it is due now.")
