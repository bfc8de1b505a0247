"""How a long computation gives way to the other requests of its worker."""

from gevent import sleep

# Seconds. With 0, gevent goes on for up to 50 turns before it looks whether a socket has something to read.
_PAUSE = 1e-9


def give_way() -> None:
    """Let the others run, and sockets be read."""
    sleep(_PAUSE)
