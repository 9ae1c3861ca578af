# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What one entry of a bank's file says: a transaction of pain.002, camt.053 or camt.054.

Shapes: ISO 20022, `PaymentTransactionInformation25` of pain.002.001.03, `EntryTransaction2` of
camt.053.001.02 and camt.054.001.02.
"""

from typing import NamedTuple
from xml.etree import ElementTree

# Where the reason stands: of a status in pain.002, of a return in camt.
_REASONS = ("StsRsnInf", "RtrInf")
# Where the amount of the original debit stands, in pain.002 and in camt; charges have others.
_AMOUNTS = (("OrgnlTxRef", "Amt"), ("AmtDtls",))
# The status with which pain.002 says that a debit was refused; without one the entry is a return.
_REFUSED = ("", "RJCT")
# What some banks write where there is no reason, because nothing went wrong.
_NO_REASON = "0000"


class BankEntry(NamedTuple):
    """One entry, as far as it could be read.

    :ivar code: the bank's reason, of the ISO list or the bank's own
    :ivar status: of pain.002, as ``RJCT`` or ``ACSC``; empty in a camt file
    :ivar currency: of the amount, as ISO 4217 spells it
    """

    code: str = ""
    status: str = ""
    currency: str = ""

    def is_return(self) -> bool:
        """Return whether money was refused or taken back; a report tells of accepted debits too."""
        return self.status in _REFUSED and self.code != _NO_REASON


def read_entry(xml: str | bytes) -> BankEntry:
    """Read one entry of a file; what can't be read stays empty.

    :param xml: the element of one transaction, without a document type
    """
    try:
        root = ElementTree.fromstring(xml)
    except (ElementTree.ParseError, ValueError):
        return BankEntry()
    reasons = (each for reason in _REASONS for each in _find(root, reason, "Rsn"))
    codes = (_text(code) for reason in reasons for code in reason if _name(code) in ("Cd", "Prtry"))
    amounts = (each for path in _AMOUNTS for found in _find(root, *path) for each in found.iter())
    currencies = (each.get("Ccy", "").strip().upper() for each in amounts)
    return BankEntry(
        code=next(filter(None, codes), "").upper(),
        status=next(map(_text, _find(root, "TxSts")), "").upper(),
        currency=next(filter(None, currencies), ""),
    )


def _find(root, *names):
    """Yield the elements at a path of names below any element, in whatever version's namespace."""
    found = [each for each in root.iter() if _name(each) == names[0]]
    for name in names[1:]:
        found = [child for each in found for child in each if _name(child) == name]
    yield from found


def _name(element):
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text(element):
    return (element.text or "").strip()
