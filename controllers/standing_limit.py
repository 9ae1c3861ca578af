# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How often a key, a customer's browser and an address without a key are answered."""

import math
import time
from collections import OrderedDict
from threading import Lock

# More keys and browsers than this are forgotten, the longest silent first.
_MOST_KEYS = 20_000


class Buckets:
    """Counts requests of many in constant room each; safe to use from several threads.

    Each has a minute's worth of requests, which fills up again as time passes.

    :param clock: returns seconds; monotonic
    """

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._levels = OrderedDict()
        self._lock = Lock()

    def take(self, key, rate):
        """Count a request.

        :param rate: requests a minute
        :return: 0 when it is within the limit, else whole seconds to wait; a refused request is
            not counted
        """
        now = self._clock()
        with self._lock:
            level, since = self._levels.pop(key, (rate, now))
            level = min(level + (now - since) * rate / 60, rate)
            wait = 0 if level >= 1 else max(math.ceil((1 - level) * 60 / rate), 1)
            self._levels[key] = (level if wait else level - 1, now)
            if len(self._levels) > _MOST_KEYS:
                self._levels.popitem(last=False)
        return wait

    def forget(self):
        """Forget everything."""
        with self._lock:
            self._levels.clear()


BUCKETS = Buckets()
# Requests a minute: of one customer's browser, and of an address that shows no key of ours.
BROWSER_RATE = 60
STRANGER_RATE = 60
