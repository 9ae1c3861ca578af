# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The links to the customer's page: what they name, how they are signed, and for how long."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import NamedTuple

from odoo.tools import consteq
from odoo.tools.misc import hmac

# How long a link opens the page (DESIGN section 5).
LINK_LIFE = timedelta(days=30)
# How long the page can be used once its link was opened; then the link is opened anew.
VISIT_LIFE = timedelta(days=1)
# A signature made for another purpose opens nothing here.
_SCOPE = "revenue_recovery.page"
# 128 bits can't be guessed, and a link has to fit into a text message.
_SIGNATURE_BYTES = 16
# Links of the first two forms were sent by earlier versions: they name all that they open, and
# can't be told from those made after a withdrawal, so that any withdrawal ends them.
_KINDS = ("cases", "old token", "case", "token", "customer")
_OLD_KINDS = _KINDS[:2]
_VISIT_FLAG = 8
_EPOCH = datetime(1970, 1, 1)
_MINUTE = timedelta(minutes=1)


class Link(NamedTuple):
    """What a link names; nothing else can be reached by it.

    A link in a message names one record, so that it is short whatever it opens. It is exchanged for
    one of a visit when it is opened: only that one stands in what the browser asks for afterwards,
    in its history, and in the address to which a provider leads back.

    :ivar kind: ``case``; ``customer`` for the case and whatever else its customer owes its company;
        ``token`` for one that only replaces a saved method
    :ivar ids: of the case or the saved method
    :ivar partner_id: the contact for whom the link was made
    :ivar notice_id: of the `recovery.notice` that carried the link; 0: none
    :ivar expires_at: naive UTC; kept in whole minutes
    :ivar number: how often links to that record had been withdrawn when this one was made
    :ivar is_visit: whether it is one of a visit
    """

    kind: str
    ids: tuple[int, ...]
    partner_id: int
    notice_id: int
    expires_at: datetime
    number: int = 0
    is_visit: bool = False

    def sign(self, env):
        """Return the part of the URL that names and proves this link."""
        minutes = (self.expires_at - _EPOCH) // _MINUTE
        kind = _KINDS.index(self.kind) + (_VISIT_FLAG if self.is_visit else 0)
        number = () if self.kind in _OLD_KINDS else (self.number,)
        content = _pack([kind, minutes, self.partner_id, self.notice_id, *number, *self.ids])
        return _encode(content + _sign(env, content))

    @classmethod
    def parse(cls, env, text):
        """Return the link that somebody opened, expired or not; none when it isn't ours.

        The signature covers everything and is compared in constant time. Whether the link has
        expired, or was withdrawn, is up to the caller, who has something to say about it.
        """
        try:
            data = urlsafe_b64decode(text.encode("ascii") + b"===")
        except ValueError:
            return None  # No link at all, or cut off by a mail program.
        content, signature = data[:-_SIGNATURE_BYTES], data[-_SIGNATURE_BYTES:]
        if not consteq(signature, _sign(env, content)) or _encode(data) != text:
            return None
        code, minutes, partner_id, notice_id, *rest = _unpack(content)
        kind = _KINDS[code % _VISIT_FLAG]
        number, ids = (0, rest) if kind in _OLD_KINDS else (rest[0], rest[1:])
        expires_at = _EPOCH + minutes * _MINUTE
        is_visit = code >= _VISIT_FLAG
        return cls(kind, tuple(ids), partner_id, notice_id, expires_at, number, is_visit)

    @property
    def is_about_method(self):
        """Return whether it only replaces a saved method."""
        return self.kind in ("token", "old token")

    @property
    def subject(self):
        """Return what is counted as one link, however often it is exchanged for a visit."""
        return f"{self.kind} {self.ids} {self.partner_id}"

    def begin_visit(self, now):
        """Return the link of a visit that begins now (naive UTC)."""
        expires_at = min(self.expires_at, now + VISIT_LIFE)
        return self._replace(expires_at=expires_at, is_visit=True)


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
