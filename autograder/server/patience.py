"""An end to work on a stranger's text that takes too long: reading and showing it has no limit of its own."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TooSlow(Exception):
    """The work was ended because it took longer than it may."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """End what runs inside after so many seconds of work, regular expressions too; only in a process's main thread.

    Seconds of the processor, not of the clock: a busy machine costs nobody a page.

    Raises:
        TooSlow: inside, and again every few seconds where somebody catches it.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def end(*_: object) -> None:
        raise TooSlow(f"not done after {seconds:g} seconds of work")

    handler = signal.signal(signal.SIGPROF, end)
    before, again = signal.setitimer(signal.ITIMER_PROF, seconds, 5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, before, again)
        signal.signal(signal.SIGPROF, handler)
