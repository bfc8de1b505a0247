"""Connecting: the search for the server that takes writes, or a standby, where the address names several.

libpq's own search has no limit per host where the waiting is ours (timeouts.py): a host that says nothing
would use up the whole deadline.
"""

from collections.abc import Mapping
from typing import Any

import psycopg2

from vorex_sessions.database import timeouts


class Connector:
    """Connects for one engine; remembers which host served last, and begins with it."""

    def __init__(self, attributes: str = "read-write", first: int = 0) -> None:
        self._attributes = attributes  # libpq's target_session_attrs, unless the address has it
        self._last = first  # any number
        self._left_out = ""  # an option that the server does not have

    def __call__(self, dialect: Any, record: Any, args: Any, parameters: dict[str, Any]) -> Any:
        """Return a connection; SQLAlchemy's event `do_connect`. Raises psycopg2.Error."""
        hosts = _hosts(parameters, self._attributes)
        if len(hosts) == 1:
            return self._connect(parameters)
        count, error = len(hosts), None
        for number in range(count):
            place = (self._last + number) % count
            # Each host gets an equal part of what is left, and the query after it one, too.
            share = timeouts.time_to_connect() / (count - number + 1)
            try:
                with timeouts.deadline(share):
                    connection = self._connect({**parameters, **hosts[place]})
            except psycopg2.OperationalError as reason:
                error = error or reason
            else:
                self._last = place
                return connection
        raise error or AssertionError("there is a host")

    def _connect(self, parameters: Mapping[str, Any]) -> Any:
        options = str(parameters.get("options", ""))
        try:
            return _connect(parameters, options.replace(self._left_out, ""))
        except psycopg2.OperationalError as error:
            # A server on Windows cannot look after its clients, and refuses the setting.
            if timeouts.CHECK_CLIENT not in str(error):
                raise
            self._left_out = f"-c {timeouts.CHECK_CLIENT}={timeouts.CHECK_CLIENT_EVERY}"
            return _connect(parameters, options.replace(self._left_out, ""))


def _hosts(parameters: Mapping[str, Any], wanted: str) -> list[dict[str, str]]:
    """The parameters of each host; as in libpq, one port is for all of them."""
    names = str(parameters.get("host", "")).split(",")
    ports = str(parameters.get("port", "")).split(",")
    if len(ports) == 1:
        ports = ports * len(names)
    attributes = str(parameters.get("target_session_attrs", wanted))
    return [
        {"host": name, "port": port, "target_session_attrs": attributes}
        for name, port in zip(names, ports, strict=True)
    ]


def _connect(parameters: Mapping[str, Any], options: str) -> Any:
    return psycopg2.connect(**{**parameters, **({"options": options} if options else {})})
