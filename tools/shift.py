# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The working time of a job that several hands do at once, and how much of it they have done."""

import math
import time
from threading import Event, Lock


class Shift:
    """Until when the hands of a job take on more, and what they have done so far.

    In the context of the environment of each hand. What calls from outside can't send such an
    object.

    :param float until: by `time.monotonic()`; for ever when not told
    """

    def __init__(self, until=math.inf):
        self._until = until
        self._ended = Event()
        self._lock = Lock()
        self._done = 0

    @classmethod
    def of(cls, env):
        """Return the shift that an environment works in, or none."""
        shift = env.context.get("recovery_shift")
        return shift if isinstance(shift, cls) else None

    def end(self):
        """Let nobody take on anything more."""
        self._ended.set()

    def has_time(self):
        """Return whether anything more may be taken on."""
        return not self._ended.is_set() and time.monotonic() < self._until

    def pause(self, seconds):
        """Wait, holding nothing; an end of the shift ends it."""
        self._ended.wait(seconds)

    def add(self, processed):
        """Add what a hand has done."""
        with self._lock:
            self._done += processed

    def take_done(self):
        """Return what was done since this was asked last."""
        with self._lock:
            done, self._done = self._done, 0
        return done
