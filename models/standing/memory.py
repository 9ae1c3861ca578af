# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is remembered for a moment, by a worker or by all of a server. Plain Python."""

import time
from collections import OrderedDict
from threading import Lock

from .shared_memory import SharedMemory


class Memory:
    """Answers that are right for some seconds; safe to use from several threads.

    No worker tells another what changed: an answer is forgotten soon enough to need no telling.

    :param seconds: for how long something is remembered
    :param most: how much is remembered; the oldest goes first
    :param clock: returns seconds; monotonic
    """

    def __init__(self, seconds, most, clock=time.monotonic):
        self.seconds = seconds
        self._most = most
        self._clock = clock
        self._kept = OrderedDict()
        self._lock = Lock()

    def get(self, key, find):
        """Return what is remembered, or what `find` returns.

        It counts as old as the question: what happened while it was being found may be missing.
        """
        now = self._clock()
        with self._lock:
            found = self._kept.get(key)
        if found and now - found[0] < self.seconds:
            return found[1]
        value = find()
        with self._lock:
            self._kept[key] = now, value
            self._kept.move_to_end(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return value

    def forget(self):
        """Forget everything."""
        with self._lock:
            self._kept.clear()


def make_shared(seconds, most):
    """Return a memory of all workers, or one of this worker where they can't have one.

    Where they can, it holds bytes only, see :class:`SharedMemory`.
    """
    try:
        return SharedMemory(seconds, most)
    except OSError:
        return Memory(seconds, most)


# Facts of keys: a revoked one opens nothing after this time, whichever worker is asked.
KEYS = Memory(2.0, 1000)
# Standings. A payment has to be seen within five seconds; the rest is for the network.
ANSWERS = make_shared(4.0, 4096)
