"""Exports of providers: which file it is, and the payments that its rows tell of.

Read are Stripe's export of payments (Dashboard, Payments, Export), and of Adyen's reports the Payment
accounting, the Received payment details and the Settlement details. Columns are found by their names,
in any order, as both providers ask for. What names a card or a person becomes a hash; numbers of cards,
names and addresses are not read at all.

Sources: Stripe, columns of exported payments; Adyen, structures of the three reports; 2026-11-30.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from hashlib import blake2b
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..declines import MethodFacts, RawDecline, Taxonomy, classify
from ..declines.networks import country_of, funding_of, network_of
from ..declines.values import code, text
from .payments import Debt, PastPayment, gather

# A file of more is cut into parts by whoever exports it.
MOST_BYTES, MOST_ROWS = 100_000_000, 1_000_000
# What is told of rows that could not be read.
_SHOWN_ROWS = 5
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


class BadFile(ValueError):
    """A file that can't be read at all; its text is one of the keys of `REFUSALS`."""


# Why a file is refused, as the caller puts it into words.
REFUSALS = ("empty", "large", "binary", "encoding", "table", "unknown", "columns", "rows")


class Format(NamedTuple):
    """One kind of file.

    :ivar provider: technical name, whose codes the reasons are read by
    :ivar mark: columns by which it is known; of sets of names, one each
    :ivar read: reads a row; nothing for one that tells of no payment
    """

    name: str
    provider: str
    mark: tuple[tuple[str, ...], ...]
    read: Callable[[Row, Taxonomy], "Line | None"]


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
    decline: object | None
    country: str = ""


@dataclass
class Export:
    """What a file says.

    :ivar rows: in it
    :ivar payments: read
    :ivar others: rows that tell of something else, as refunds and fees
    :ivar twice: payments that an earlier row tells of as well
    :ivar currency: of the payments that were read
    :ivar foreign: payments in other currencies, which were left out
    :ivar unread: numbers of the first rows that could not be read, the heading being row 1
    """

    format: str
    provider: str
    currency: str = ""
    rows: int = 0
    others: int = 0
    twice: int = 0
    foreign: int = 0
    unread_count: int = 0
    unread: list[int] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def lists_failures(self) -> bool:
        """Whether such a file can tell of payments that failed."""
        return self.format != "adyen_settlement"

    def to_debts(self, known: Collection[str] = ()) -> list[Debt]:
        """Return the debts whose first payment failed.

        :param known: names of payments that count elsewhere; debts with one of them are left out
        """
        debts: dict[str, Debt] = {}
        payments = []
        out = {line.debt for line in self.lines if any(name in known for name in line.names)}
        for line in self.lines:
            if line.debt in out:
                continue
            debts.setdefault(
                line.debt, Debt(line.debt, line.customer, line.amount, country=line.country)
            )
            # An export shows who was charged, not by whom: all count as charges.
            is_paid = line.decline is None
            payments.append(
                PastPayment(line.debt, line.at, line.amount, is_paid, line.decline, line.method)
            )
        failed = gather(payments, debts)
        for debt in failed:
            debt.amount = debt.first.amount
            debt.owed = 0.0 if debt.paid else debt.amount
        return failed


def read_export(content: bytes, taxonomy: Taxonomy | None = None) -> Export:
    """Read a file.

    :param taxonomy: the database's; the shipped one when there is none
    :raise BadFile: for a file that is no export of these
    """
    rows = _open(content)
    heading = {_name(column) for column in rows.fieldnames or ()}
    kind = next((each for each in FORMATS if _fits(each, heading)), None)
    if kind is None:
        raise BadFile("columns" if heading & _KNOWN else "unknown")
    taxonomy = taxonomy or Taxonomy.shipped()
    export, seen = Export(kind.name, kind.provider), set()
    for number, row in enumerate(_each(rows), 2):
        export.rows += 1
        if export.rows > MOST_ROWS:
            raise BadFile("large")
        try:
            line = kind.read({_name(key): (value or "").strip() for key, value in row.items()}, taxonomy)
        except (KeyError, ValueError, OverflowError):
            export.unread_count += 1
            if len(export.unread) < _SHOWN_ROWS:
                export.unread.append(number)
            continue
        _take(export, line, seen)
    return _check(export)


def _take(export: Export, line: Line | None, seen: set) -> None:
    if line is None:
        export.others += 1
    elif (line.reference, line.decline is None) in seen:
        export.twice += 1
    else:
        seen.add((line.reference, line.decline is None))
        export.lines.append(line)


def _check(export: Export) -> Export:
    if not export.rows:
        raise BadFile("empty")
    if not export.lines:
        raise BadFile("rows")
    # Amounts of several currencies can't be added: the commonest is read, the others are counted.
    (export.currency, kept), *_others = Counter(line.currency for line in export.lines).most_common()
    export.foreign = len(export.lines) - kept
    export.lines = [line for line in export.lines if line.currency == export.currency]
    return export


def _open(content: bytes) -> csv.DictReader:
    if not content.strip():
        raise BadFile("empty")
    if len(content) > MOST_BYTES:
        raise BadFile("large")
    if content[:4] in (b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0") or b"\0" in content[:4096]:
        raise BadFile("binary")
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile("encoding") from error
    heading = decoded.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=heading.count)
    if not heading.count(delimiter):
        raise BadFile("table")
    return csv.DictReader(io.StringIO(decoded.lstrip()), delimiter=delimiter, restkey="")


def _each(rows: csv.DictReader) -> Iterator[dict]:
    try:
        for row in rows:
            if "" in row and isinstance(row[""], list):
                row = {**row, "": ""}  # More cells than headings.
            yield row
    except csv.Error as error:
        raise BadFile("table") from error


def _fits(kind: Format, heading: set[str]) -> bool:
    return all(any(name in heading for name in names) for names in kind.mark)


def _name(column: str | None) -> str:
    return " ".join(str(column or "").split()).casefold()


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
    debt = _first(row, "invoice id", "invoice number", "paymentintent id", "payment intent id", "id")
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
_KNOWN = {name for kind in FORMATS for names in kind.mark for name in names} - {"id", "type", "amount"}
