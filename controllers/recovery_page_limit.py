# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How often the customer's page answers one address and one link.

The counts are kept in the memory of each worker: opening a page must write nothing, or a mail
scanner would. With several workers a visitor gets so many times the requests; what must not be
done often however many workers there are, a question, a new link or a payment that fails, is
counted in the database. Beginning a payment costs little: who leaves the form and comes back again
and again must still be able to pay.

A link is counted only after its signature was checked: anybody can make up links without end. What
is counted is kept as a hash with two numbers, so that nobody decides how much memory it takes.
"""

import time
from collections import OrderedDict
from hashlib import blake2b
from threading import Lock

from odoo.http import request

# Requests in seconds: of one address, and of one link.
LIMITS = {
    "view": {"address": (240, 60), "link": (120, 60)},
    "act": {"address": (60, 600), "link": (30, 600)},
    "opened": {"address": (240, 60), "link": (120, 60)},
    "pay": {"address": (240, 600), "link": (120, 600)},
    "wrong": {"address": (30, 60)},
}
# More visitors than this are forgotten, the longest silent first: some megabytes at most.
_MOST_KEYS = 20_000


class Limiter:
    """Counts requests in windows that begin with the first one; safe to use from several threads.

    :param clock: returns seconds; monotonic
    """

    def __init__(self, limits=None, clock=time.monotonic):
        self._limits = limits or LIMITS
        self._clock = clock
        self._seen = OrderedDict()
        self._lock = Lock()

    def allows(self, kind, **whose):
        """Count a request, and return whether it is within the limits of all who make it.

        :param kind: of :data:`LIMITS`
        :param whose: ``address`` and ``link``; what is not given is not counted
        """
        now = self._clock()
        with self._lock:
            within = [  # Each limit counts, whichever of them refuses.
                self._count(_hash(kind, name, whose[name]), *limit, now)
                for name, limit in self._limits[kind].items()
                if whose.get(name)
            ]
        return all(within)

    def _count(self, key, most, seconds, now):
        start, count = self._seen.get(key, (now, 0))
        if now - start >= seconds:
            start, count = now, 0
        is_within = count < most
        self._seen[key] = (start, count + is_within)
        self._seen.move_to_end(key)
        if len(self._seen) > _MOST_KEYS:
            self._seen.popitem(last=False)
        return is_within


def _hash(*parts):
    """Return a key of always the same few bytes, from which nobody reads a link or an address."""
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).digest()


limiter = Limiter()


def within_limits(kind):
    """Return whether the address of this request is within the limits; refused ones don't count."""
    # Workers serve several databases.
    return limiter.allows(kind, address=f"{request.db} {request.httprequest.remote_addr}")


def link_within_limits(kind, link):
    """Return whether what a link names, whose signature has been checked, is within the limits."""
    return limiter.allows(kind, link=f"{request.db} {link}")
