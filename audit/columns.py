# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Rows of providers' exports: which columns they have, and what payment one tells of.

Sources: Stripe, columns of exported payments; Adyen, structures of the Payment accounting, Received
payment details and Settlement details reports; 2026-11-30.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from hashlib import blake2b
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..declines import Decline, MethodFacts, RawDecline, Taxonomy, classify
from ..declines.networks import country_of, funding_of, network_of
from ..declines.values import code, text

_AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
# Adyen writes zones by abbreviations of Europe and America.
_ZONES = {
    "CET": "Europe/Amsterdam",
    "CEST": "Europe/Amsterdam",
    "BST": "Europe/London",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
}
Row = Mapping[str, str]


class Line(NamedTuple):
    """One payment of a file.

    :ivar reference: the provider's
    :ivar names: what the provider calls it and what it belongs to, by which the database knows it
    """

    reference: str
    names: tuple[str, ...]
    debt: str
    customer: str
    method: str
    at: datetime
    amount: float
    currency: str
    decline: Decline | None
    country: str = ""


class Format(NamedTuple):
    """One kind of file.

    :ivar provider: technical name, whose codes the reasons are read by
    :ivar mark: columns by which it is known; of sets of names, one each
    :ivar read: reads a row; nothing for one that tells of no payment
    """

    name: str
    provider: str
    mark: tuple[tuple[str, ...], ...]
    read: Callable[[Row, Taxonomy], Line | None]


def _hash(*values: str) -> str:
    """Return a name for a card or customer that tells nothing of either."""
    return blake2b("\n".join(values).encode(), digest_size=12).hexdigest() if any(values) else ""


def _first(row: Row, *names: str) -> str:
    return next((row[name] for name in names if row.get(name)), "")


def _amount(value: str) -> float:
    """Read an amount: point or comma before the decimals.

    :raise ValueError: for anything else, and for nothing
    """
    value = value.replace("\N{NO-BREAK SPACE}", "").replace(" ", "")
    if "," in value and "." in value:
        drop = "," if value.rfind(".") > value.rfind(",") else "."
        value = value.replace(drop, "")
    value = value.replace(",", ".")
    if not _AMOUNT.fullmatch(value):
        raise ValueError(f"No amount: {value!r}")
    return float(value)


def _instant(value: str, zone: str = "UTC") -> datetime:
    """Read an instant.

    :raise ValueError: for none
    """
    found = datetime.fromisoformat(value.replace("/", "-").replace("Z", "+00:00"))
    if found.tzinfo is None:
        try:
            found = found.replace(tzinfo=ZoneInfo(_ZONES.get(zone.upper(), zone or "UTC")))
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"No time zone: {zone!r}") from error
    return found.astimezone(timezone.utc)


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", value):
        raise ValueError(f"No currency: {value!r}")
    return value.upper()


_STRIPE_PAID = ("paid", "succeeded", "refunded", "partially refunded", "partial refund", "disputed")
_STRIPE_FAILED = ("failed", "requires_payment_method", "blocked", "declined")


def _read_stripe(row: Row, taxonomy: Taxonomy) -> Line | None:
    """Read a row of Stripe's export of payments; what is pending or cancelled is none."""
    status = row["status"].casefold()
    if status not in (*_STRIPE_PAID, *_STRIPE_FAILED):
        if status:
            return None
        raise ValueError("No status")
    is_paid = status in _STRIPE_PAID
    customer = _first(row, "customer id", "customer email")
    amount = _amount(row["amount"])
    if amount <= 0:
        raise ValueError("Nothing was to be paid")
    reference = row["id"]
    if not reference:
        raise ValueError("No id")
    decline = None
    if not is_paid:
        reason = _first(row, "decline reason", "failure code", "decline code")
        decline = classify(
            RawDecline(
                "stripe",
                (code(reason),) if reason else (),
                (text(row.get("seller message", "")), text(row.get("failure message", ""))),
                text(row.get("seller message", "")),
                MethodFacts(
                    network=network_of(row.get("card brand", "")),
                    funding=funding_of(row.get("card funding", "")),
                    country=country_of(row.get("card issue country", "")),
                ),
            ),
            taxonomy,
        )
    debt = _first(
        row, "invoice id", "invoice number", "paymentintent id", "payment intent id", "id"
    )
    intent = _first(row, "paymentintent id", "payment intent id")
    return Line(
        reference,
        tuple(filter(None, (reference, intent))),
        _hash("stripe", debt),
        _hash(customer),
        _hash(_first(row, "card fingerprint", "card id", "payment source id") or customer),
        _instant(_first(row, "created date (utc)", "created (utc)")),
        amount,
        _currency(row["currency"]),
        decline,
        country_of(row.get("card issue country", "")),
    )


def _read_adyen(row: Row, taxonomy: Taxonomy) -> Line | None:
    """Read a row of Adyen's Payment accounting or Received payment details report."""
    kind = _first(row, "record type", "type", "status").casefold().replace(" ", "")
    if kind in ("authorised", "authorized"):
        decline = None
    elif kind in ("refused", "error"):
        raw = text(_first(row, "raw acquirer response", "acquirer response raw"))
        words = text(_first(row, "acquirer response", "refusal reason", "refused reason"))
        number = re.match(r"\s*(\d{1,3}|[A-Z]\d)\b", raw)
        decline = classify(
            RawDecline(
                "adyen",
                texts=tuple(filter(None, (words, raw.partition(":")[2].strip()))),
                message=words or raw,
                method=MethodFacts(
                    network=network_of(row.get("payment method", "")),
                    country=country_of(row.get("issuer country", "")),
                ),
                network_code=number[1] if number else "",
            ),
            taxonomy,
        )
    elif kind:
        return None  # Received, SentForSettle, Settled, Refunded, Fee, …: not one more try.
    else:
        raise ValueError("No record type")
    return _make_adyen(row, decline, _first(row, "main amount", "amount", "received (pc)"))


def _read_settlement(row: Row, _taxonomy: Taxonomy) -> Line | None:
    """Read a row of Adyen's Settlement details report, which has no payments that failed."""
    kind = row["type"].casefold()
    if kind != "settled":
        if kind:
            return None
        raise ValueError("No type")
    return _make_adyen(row, None, row["gross credit (gc)"])


def _make_adyen(row: Row, decline, amount: str) -> Line:
    reference = row["psp reference"]
    value = abs(_amount(amount))
    if not reference or not value:
        raise ValueError("No reference or amount")
    shopper = row.get("shopper reference", "")
    currency = _first(row, "main currency", "payment currency", "currency", "gross currency")
    zone = _first(row, "timezone", "time zone")
    return Line(
        reference,
        (reference,),
        _hash("adyen", row.get("merchant reference", "") or reference),
        _hash(shopper),
        _hash(shopper or row.get("merchant reference", "")),
        _instant(_first(row, "booking date", "creation date"), zone),
        value,
        _currency(currency),
        decline,
        country_of(row.get("issuer country", "")),
    )


FORMATS = (
    Format(
        "adyen_settlement",
        "adyen",
        (("psp reference",), ("gross credit (gc)",), ("gross currency",), ("type",)),
        _read_settlement,
    ),
    Format(
        "adyen",
        "adyen",
        (
            ("psp reference",),
            ("record type", "type", "status"),
            ("booking date", "creation date"),
            ("main amount", "amount", "received (pc)"),
            ("main currency", "payment currency", "currency"),
        ),
        _read_adyen,
    ),
    Format(
        "stripe",
        "stripe",
        (
            ("id",),
            ("created date (utc)", "created (utc)"),
            ("amount",),
            ("currency",),
            ("status",),
        ),
        _read_stripe,
    ),
)
KNOWN = {name for kind in FORMATS for names in kind.mark for name in names} - {
    "id",
    "type",
    "amount",
}
