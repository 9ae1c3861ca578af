# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Say what is being done, how long it takes, and that it is still going on."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_started = time.monotonic()
_HEARTBEAT = 10.0


def elapsed() -> float:
    """Seconds since this command started."""
    return time.monotonic() - _started


def say(text: str) -> None:
    """Print one line, with the time since the start."""
    print(f"[{elapsed():6.1f}s] {text}", file=sys.stderr, flush=True)


@contextmanager
def step(name: str, what: str, measure: Callable[[], str] | None = None) -> Iterator[None]:
    """Announce a step that takes time, and its duration when it ends.

    :param measure: how far it got, for the line printed every ten seconds.
    """
    say(f"{name}: {what} …")
    begun = time.monotonic()
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(_HEARTBEAT):
            so_far = f", {measure()}" if measure else ""
            say(f"{name}: still at it, {time.monotonic() - begun:.0f} s{so_far}")

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    say(f"{name}: done in {time.monotonic() - begun:.1f} s")


class Progress:
    """A line on standard error every few seconds, so that a long run is seen to move."""

    def __init__(self, name: str, every: float = 5.0) -> None:
        self._name = name
        self._every = every
        self._begun = self._last = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begun

    def say(self, text: str) -> None:
        """Print a line now."""
        self._last = time.monotonic()
        say(f"{self._name}: {text}")

    def is_due(self) -> bool:
        """Return whether the next line is due; whoever asks prints it."""
        return time.monotonic() - self._last >= self._every
