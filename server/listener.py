"""The listening socket of a worker: how many connections it takes at a time."""

from gevent.server import StreamServer

# In one turn of the loop. With gunicorn's own, 1, each connection of a burst waits for a turn: of 32 clients
# the last waited for 0.5 s. With 16 an idle worker may take them all, and the others none.
MAX_ACCEPT = 4


class Listener(StreamServer):
    """gevent's server with our MAX_ACCEPT."""

    @property
    def max_accept(self) -> int:
        """How many connections are accepted in one turn."""
        return MAX_ACCEPT

    @max_accept.setter
    def max_accept(self, value: int) -> None:
        """Ignore gunicorn's own."""
