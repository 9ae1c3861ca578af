"""The links to the customer's page: what they name, how they are signed, and for how long."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import NamedTuple

from odoo.tools import consteq
from odoo.tools.misc import hmac

# How long a link opens the page (DESIGN section 5).
LINK_LIFE = timedelta(days=30)
# A signature made for another purpose opens nothing here.
_SCOPE = "revenue_recovery.page"
# 128 bits can't be guessed, and a link has to fit into a text message.
_SIGNATURE_BYTES = 16
_KINDS = ("case", "token")
_EPOCH = datetime(1970, 1, 1)
_MINUTE = timedelta(minutes=1)


class Link(NamedTuple):
    """What a link names; nothing else can be reached by it.

    :ivar kind: ``case``, or ``token`` for one that only replaces a saved method
    :ivar ids: of the cases, the leading one first, or of the saved method
    :ivar partner_id: the contact for whom the link was made
    :ivar notice_id: of the `recovery.notice` that carried the link; 0: none
    :ivar expires_at: naive UTC; kept in whole minutes
    """

    kind: str
    ids: tuple[int, ...]
    partner_id: int
    notice_id: int
    expires_at: datetime

    def sign(self, env):
        """Return the part of the URL that names and proves this link."""
        minutes = (self.expires_at - _EPOCH) // _MINUTE
        kind = _KINDS.index(self.kind)
        content = _pack([kind, minutes, self.partner_id, self.notice_id, *self.ids])
        return _encode(content + _sign(env, content))

    @classmethod
    def parse(cls, env, text):
        """Return the link that somebody opened, expired or not; none when it isn't ours.

        The signature covers everything and is compared in constant time. Whether the link has
        expired is up to the caller, who has something to say about it.
        """
        try:
            data = urlsafe_b64decode(text.encode("ascii") + b"===")
        except ValueError:
            return None  # No link at all, or cut off by a mail program.
        content, signature = data[:-_SIGNATURE_BYTES], data[-_SIGNATURE_BYTES:]
        if not consteq(signature, _sign(env, content)) or _encode(data) != text:
            return None
        kind, minutes, partner_id, notice_id, *ids = _unpack(content)
        return cls(_KINDS[kind], tuple(ids), partner_id, notice_id, _EPOCH + minutes * _MINUTE)


def _sign(env, content):
    # In sudo mode: the database's secret is for nobody to read.
    return bytes.fromhex(hmac(env(su=True), _SCOPE, content))[:_SIGNATURE_BYTES]


def _encode(data):
    return urlsafe_b64encode(data).decode().rstrip("=")


def _pack(numbers):
    """Return natural numbers in as few bytes as they need, seven bits in each."""
    packed = bytearray()
    for number in numbers:
        while number > 0x7F:
            packed.append(number & 0x7F | 0x80)
            number >>= 7
        packed.append(number)
    return bytes(packed)


def _unpack(packed):
    numbers, number, shift = [], 0, 0
    for byte in packed:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(number)
            number, shift = 0, 0
    return numbers


def get_page_path(text, *parts):
    """Return the path of a page behind a link."""
    return "/".join(("/recovery/pay", text, *parts))
