"""A stop of the service while many sockets are open."""

import time
from uuid import uuid4

import pytest
from flask import Flask

from tests.live.sockets import Phone
from tests.serving import gunicorn
from tests.timing import tries

pytestmark = pytest.mark.alone

SOCKETS = 300


def test_a_stop_tells_every_socket_to_come_back_and_the_master_is_gone_in_two_seconds(
    app: Flask, database_url: str
) -> None:
    for attempt in tries(5):
        with gunicorn(database_url) as (address, master):
            phones = [Phone(address, str(uuid4())) for _ in range(SOCKETS)]
            for device in phones:
                device.hear("ready", 30)
            silent = phones[::10]  # these never answer the goodbye
            began = time.perf_counter()
            master.terminate()
            with attempt.under(1):
                assert {device.closed() for device in phones if device not in silent} == {1012}
            master.wait(timeout=20)
            attempt.check(time.perf_counter() - began, 2)
            assert {device.closed() for device in silent} == {1012}
        for device in phones:
            device.socket.shutdown()
