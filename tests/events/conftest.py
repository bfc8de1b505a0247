"""An app whose operator has asked for events, and the back end that receives them."""

import base64
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.events.receiver import Receiver, receiving
from vorex_sessions import create_app
from vorex_sessions.extensions import db

KEYS = [b"a key of 32 bytes for the tests.", b"the key before, 32 bytes as well"]
SECRETS = [f"whsec_{base64.b64encode(key).decode()}" for key in KEYS]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


# For tests of what differs where there are several machines. What is sent there works on one, too.
EITHER = pytest.mark.parametrize("apart", [False, True], ids=["one machine", "several"])


@pytest.fixture
def apart() -> bool:
    """Whether the apps of a test are for several machines."""
    return False


@pytest.fixture
def pushing(app: Flask, settings: dict, receiver: Receiver, apart: bool) -> Iterator[Flask]:
    """The app with the receiver as its webhook."""
    given = {"WEBHOOK_URL": receiver.url, "WEBHOOK_SECRETS": KEYS, "DB_DISTRIBUTED": apart}
    pushing = create_app({**settings, **given})
    yield pushing
    with pushing.app_context():
        db.engine.dispose()


@pytest.fixture
def pulling(app: Flask, settings: dict, apart: bool) -> Iterator[Flask]:
    """The app that only keeps events."""
    pulling = create_app({**settings, "EVENTS": True, "DB_DISTRIBUTED": apart})
    yield pulling
    with pulling.app_context():
        db.engine.dispose()
