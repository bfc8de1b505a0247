"""The app's back end as a destination: Standard Webhooks 1.0.0."""

import hashlib
import hmac
import time
from base64 import b64encode
from collections.abc import Sequence

import orjson

from vorex_sessions.events.payload import payload
from vorex_sessions.events.posting import NoReply, Reply, meaning, post
from vorex_sessions.flask_config import setting
from vorex_sessions.hooks.destinations import Answer, Destination, Event, Outcome


class Webhook(Destination):
    """Sends each event alone to WEBHOOK_URL, signed with every one of WEBHOOK_SECRETS."""

    name = "webhook"
    address = "WEBHOOK_URL"

    def send(self, events: Sequence[Event]) -> Answer:
        """Send one event."""
        (event,) = events
        try:
            return meaning(self.post(event))
        except NoReply as reason:
            return Answer(Outcome.FAILED, str(reason))

    def post(self, event: Event, keep: int = 0) -> Reply:
        """Send one event; returns the answer with the beginning of its body. Raises NoReply."""
        body = orjson.dumps(payload(event))
        headers = {"Content-Type": "application/json", **signed(event.event_id, body)}
        return post(setting("WEBHOOK_URL"), body, headers, keep=keep)


def signed(event_id: str, body: bytes) -> dict[str, str]:
    """The headers that identify a body and prove where it comes from, as of now."""
    stamp = str(int(time.time()))
    content = b".".join((event_id.encode(), stamp.encode(), body))
    digests = (hmac.digest(key, content, hashlib.sha256) for key in setting("WEBHOOK_SECRETS"))
    return {
        "webhook-id": event_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{b64encode(one).decode()}" for one in digests),
    }
