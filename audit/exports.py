# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Exports of providers: which file it is, and the payments that its rows tell of.

Read are Stripe's export of payments (Dashboard, Payments, Export), and of Adyen's reports the
Payment accounting, the Received payment details and the Settlement details. Columns are found by
their names, in any order, as both providers ask for. What names a card or a person becomes a
hash; numbers of cards, names and addresses are not read at all.
"""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from ..declines import Taxonomy
from .columns import FORMATS, KNOWN, Format, Line
from .payments import Debt, PastPayment, gather

# A file of more is cut into parts by whoever exports it.
MOST_BYTES, MOST_ROWS = 100_000_000, 1_000_000
# What is told of rows that could not be read.
_SHOWN_ROWS = 5


class BadFile(ValueError):
    """A file that can't be read at all; its text is one of the keys of `REFUSALS`."""


# Why a file is refused, as the caller puts it into words.
REFUSALS = ("empty", "large", "binary", "encoding", "table", "unknown", "columns", "rows")


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
        raise BadFile("columns" if heading & KNOWN else "unknown")
    taxonomy = taxonomy or Taxonomy.shipped()
    export, seen = Export(kind.name, kind.provider), set()
    for number, row in enumerate(_each(rows), 2):
        export.rows += 1
        if export.rows > MOST_ROWS:
            raise BadFile("large")
        try:
            line = kind.read(
                {_name(key): (value or "").strip() for key, value in row.items()}, taxonomy
            )
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
    (export.currency, kept), *_others = Counter(
        line.currency for line in export.lines
    ).most_common()
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
