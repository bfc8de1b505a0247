"""The service as on a database of several machines. The database itself is of one, and `app` makes it."""

from collections.abc import Iterator

import pytest
from flask import Flask

from vorex_sessions import create_app
from vorex_sessions.extensions import db


@pytest.fixture(scope="session")
def several(settings: dict) -> Iterator[Flask]:
    several = create_app({**settings, "DB_DISTRIBUTED": True})
    yield several
    with several.app_context():
        db.engine.dispose()
