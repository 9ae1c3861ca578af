# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The one value for money that a provider takes back, and what its readers share."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from ..raw import RawDecline
from ..values import number

MAX_REFERENCE = 255
_FRACTION = re.compile(r"(\.\d{6})\d+")


@dataclass(frozen=True)
class ReturnEvent:
    """What happened to money that had arrived.

    :ivar kind: ``dispute``, ``refund``, or ``failed``: a capture or debit that failed after it had
        succeeded
    :ivar state: ``opened``: announced, or nothing new of the money; ``taken``: the money is gone;
        ``won``: it is back, or stays; ``lost``: it is gone for good
    :ivar id: the provider's name of the dispute, refund or failure
    :ivar payments: what the provider may call the payment, the likeliest first
    :ivar reference: what Odoo calls it, where that is told
    :ivar amount: in the units of ``is_minor``; none when not told, which is the whole payment
    :ivar currency: ISO 4217, in capitals; empty when not told
    :ivar is_minor: whether the amount is in the smallest unit of the currency
    :ivar decimals: of the currency at this provider, where they are not those of ISO 4217
    :ivar at: aware UTC: when it happened; none when not told
    :ivar deadline: aware UTC: until when evidence may be handed in
    :ivar raw: why, as far as it is told
    :ivar is_known_to_addon: whether Odoo's addon of the provider takes this event, too
    """

    kind: str
    state: str
    id: str
    payments: tuple[str, ...] = ()
    reference: str = ""
    amount: Decimal | None = None
    currency: str = ""
    is_minor: bool = True
    decimals: int | None = None
    at: datetime | None = None
    deadline: datetime | None = None
    raw: RawDecline = field(default_factory=lambda: RawDecline(""))
    is_known_to_addon: bool = True


def name(value: Any) -> str:
    """Return an id as it is, a number in digits; empty for anything that can't be one."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**25 else ""
    if not isinstance(value, str) or len(value) > MAX_REFERENCE or not value.isascii():
        return ""
    return value.replace("\0", "").strip()


def names(*values: Any) -> tuple[str, ...]:
    """Return the ids that are there, each once; of an object that was expanded its own."""
    found = (name(value.get("id") if isinstance(value, dict) else value) for value in values)
    return tuple(dict.fromkeys(filter(None, found)))


def money(value: Any) -> Decimal | None:
    """Return an amount that is not negative; none for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount < 10**15 else None


def currency(value: Any) -> str:
    """Return a currency's name in capitals, or an empty text."""
    found = name(value).upper()
    return found if len(found) == 3 and found.isalpha() else ""


def unix(value: Any) -> datetime | None:
    """Return the aware UTC instant of a count of seconds."""
    seconds = number(value, 1, 2**33)
    return datetime.fromtimestamp(seconds, timezone.utc) if seconds else None


def iso(value: Any) -> datetime | None:
    """Return the aware UTC instant of an ISO 8601 text that names its time zone."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        at = datetime.fromisoformat(_FRACTION.sub(r"\1", value).replace("Z", "+00:00"))
        return at.astimezone(timezone.utc) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
