"""How often the customer's page answers one address and one link.

The counts are kept in the memory of each worker: opening a page must write nothing, or a mail
scanner would. With several workers a visitor gets so many times the requests; what must not be
done often however many workers there are, a question, a new link or a payment that fails, is
counted in the database. Beginning a payment costs little: who leaves the form and comes back again
and again must still be able to pay.
"""

import time
from collections import OrderedDict, deque
from threading import Lock

from odoo.http import request

# Requests in seconds: of one address, and of one link.
LIMITS = {
    "view": {"address": (240, 60), "link": (120, 60)},
    "act": {"address": (60, 600), "link": (30, 600)},
    "pay": {"address": (240, 600), "link": (120, 600)},
    "wrong": {"address": (30, 60)},
}
# More visitors than this are forgotten, the longest silent first.
_MOST_KEYS = 20_000


class Limiter:
    """Counts requests in sliding windows; safe to use from several threads.

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
        :param whose: ``address`` and ``link``
        """
        now = self._clock()
        with self._lock:
            within = [  # Each limit counts, whichever of them refuses.
                self._count((kind, name, whose[name]), *limit, now)
                for name, limit in self._limits[kind].items()
                if whose.get(name)
            ]
        return all(within)

    def _count(self, key, most, seconds, now):
        instants = self._seen.setdefault(key, deque(maxlen=most))
        self._seen.move_to_end(key)
        if len(self._seen) > _MOST_KEYS:
            self._seen.popitem(last=False)
        if len(instants) == most and now - instants[0] < seconds:
            return False
        instants.append(now)
        return True


limiter = Limiter()


def within_limits(kind, link=""):
    """Return whether this request is within the limits; refused ones are not counted."""
    # Workers serve several databases.
    address = f"{request.db} {request.httprequest.remote_addr}"
    return limiter.allows(kind, address=address, link=link and f"{request.db} {link}")
