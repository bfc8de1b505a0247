"""What is sent is signed as Standard Webhooks 1.0.0 has it: checked by its own library, and as documented."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

import config
import required_settings
from tests.events.conftest import KEYS, SECRETS
from tests.events.delivering import deliver, make_due
from tests.events.receiver import Receiver, Script, status
from tests.factories import SECRET, Learner

PAGE = Path(__file__).parent.parent.parent / "docs" / "events.md"


def documented() -> dict[str, Any]:
    """What the snippet for receivers in docs/events.md defines."""
    (snippet,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    defined: dict[str, Any] = {}
    exec(snippet, defined)
    return defined


@pytest.mark.parametrize("secret", SECRETS, ids=["new", "old"])
def test_the_library_of_the_standard_accepts_what_is_sent_with_either_secret(
    pushing: Flask, receiver: Receiver, secret: str
) -> None:
    Learner(pushing).save()
    deliver(pushing)
    for one in receiver.received:
        assert Webhook(secret).verify(one.body.decode(), one.headers) == one.event
        assert len(one.headers["webhook-signature"].split()) == 2
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 32).verify(one.body.decode(), one.headers)


@pytest.mark.parametrize("secret", SECRETS, ids=["new", "old"])
def test_the_documented_snippet_accepts_what_is_sent_and_nothing_else(
    pushing: Flask, receiver: Receiver, secret: str
) -> None:
    Learner(pushing).save()
    deliver(pushing)
    verified = documented()["verified"]
    one = receiver.received[0]
    assert verified(one.headers, one.body, secret) == one.event
    later = str(int(one.headers["webhook-timestamp"]) + 1)
    early = str(int(one.headers["webhook-timestamp"]) - 301)
    for wrong in (
        ({**one.headers, "webhook-id": "other"}, one.body, secret),
        ({**one.headers, "webhook-timestamp": later}, one.body, secret),
        ({**one.headers, "webhook-timestamp": early}, one.body, secret),
        ({**one.headers, "webhook-signature": "v1,AAAA v2,x"}, one.body, secret),
        (one.headers, one.body + b" ", secret),
        (one.headers, one.body, "whsec_" + "A" * 32),
    ):
        with pytest.raises(ValueError, match=r"signature|old"):
            verified(*wrong)


def test_another_attempt_is_signed_as_of_its_own_time(pushing: Flask, receiver: Receiver) -> None:
    Learner(pushing).save()
    receiver.answer = Script([status(500), status(204)])
    deliver(pushing)
    pushing.config["WEBHOOK_SECRETS"] = KEYS[:1]
    make_due(pushing)
    deliver(pushing)
    first, second = receiver.received[:2]
    assert first.id == second.id
    assert first.headers["webhook-signature"].startswith(second.headers["webhook-signature"]) == (
        first.headers["webhook-timestamp"] == second.headers["webhook-timestamp"]
    )
    Webhook(SECRETS[0]).verify(second.body.decode(), second.headers)


WHOLE = {
    "DATABASE_URL": "postgres://x/y",
    "SUPABASE_JWT_SECRET": SECRET,
    "WEBHOOK_URL": "https://api.example.com/events",
    "WEBHOOK_SECRETS": ", ".join(SECRETS),
}


def test_secrets_are_read_newest_first() -> None:
    assert config.read(WHOLE)["WEBHOOK_SECRETS"] == KEYS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEBHOOK_URL", "api.example.com/events"),
        ("WEBHOOK_URL", "ftp://api.example.com/"),
        ("WEBHOOK_URL", "https://api.example .com/"),
        ("WEBHOOK_URL", "https://api.example.com/ü"),
        ("WEBHOOK_URL", "https://user:passW0rd@api.example.com/"),
        ("WEBHOOK_URL", "https://api.example.com:port/"),
        ("WEBHOOK_URL", "https://api.example.com/#events"),
        ("WEBHOOK_URL", "https://api.example.com/my events"),
        ("WEBHOOK_URL", "https://api.example.com/é"),
        ("WEBHOOK_URL", "http://api.example.com/events"),
        ("WEBHOOK_SECRETS", ""),
        ("WEBHOOK_SECRETS", "passW0rd"),
        ("WEBHOOK_SECRETS", "whsec_passW0rd"),
        ("WEBHOOK_SECRETS", ",".join([*SECRETS, SECRETS[0]])),
        ("EVENTS_KEPT_DAYS", "0"),
        ("STREAK_WARNING_HOUR", "24"),
    ],
)
def test_an_unusable_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(config.SettingError, match=name) as told:
        required_settings.require(config.read({**WHOLE, name: value}))
    assert "W0rd" not in str(told.value)


@pytest.mark.parametrize(
    "given",
    [
        {"WEBHOOK_URL": "http://localhost:8080/"},
        {"WEBHOOK_URL": "http://[::1]/"},
        {"WEBHOOK_URL": "http://backend:8080/", "WEBHOOK_ALLOW_HTTP": "true"},
        {"WEBHOOK_URL": "", "WEBHOOK_SECRETS": ""},
    ],
)
def test_plain_http_is_for_the_same_machine_or_by_a_setting(given: dict[str, str]) -> None:
    required_settings.require(config.read({**WHOLE, **given}))
