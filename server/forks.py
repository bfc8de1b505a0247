"""Lets a signal end a worker that has only begun: the handlers it has from the master would swallow it."""

import functools
import os
import signal

_ENDING = (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT)


@functools.cache
def install() -> None:
    """From now on, a process that this one forks ends by these signals, until it has its own handlers.

    Without it, a worker that gets SIGTERM in its first tenth of a second goes on, and the master waits for it
    until the graceful timeout. What comes during a fork waits until the new process is ready for it.
    """
    os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_end_by_them)


def _hold() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)


def _release() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def _end_by_them() -> None:
    for number in _ENDING:
        signal.signal(number, signal.SIG_DFL)
    _release()
