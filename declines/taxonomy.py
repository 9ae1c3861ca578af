# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Reasons and codes: what each provider's and network's code means.

The files beside this module are what is shipped; a database may have its own, edited rows.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .advice import NO_ADVICE, Advice
from .networks import BANK_SCHEMES
from .patterns import matches, parse_pattern

DATA = Path(__file__).parent / "data"

CLASSES = ("later", "technical", "fix_data", "customer_action", "never", "merchant")
# Those that shut the method until it changes, or until it pays after all, and those that may pass.
BLOCKING_CLASSES = ("fix_data", "customer_action", "never")
PASSING_CLASSES = ("later", "technical")
# Which other charges through the provider a decline of the class `merchant` concerns.
CONCERNS = ("provider", "currency", "method", "smaller", "larger", "charge")
# The reason of a request that the provider refused for its key (HTTP 401 and 403).
CREDENTIALS = "invalid_credentials"
UNKNOWN = "unknown"
# Other networks follow ISO 8583, which their own tables refine.
_GENERAL_SCOPE = "iso8583"
_REASON_ID = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Reason:
    """One reason, with a sentence for the accountant and a neutral one for the customer.

    :ivar decline_class: one of :data:`CLASSES`
    :ivar generic: whether it says so little that the network's code is asked for a better one
    :ivar concerns: of the class ``merchant``: one of :data:`CONCERNS`; empty elsewhere
    """

    id: str
    name: str
    decline_class: str
    generic: bool = False
    accountant: str = ""
    customer: str = ""
    concerns: str = ""

    def __post_init__(self) -> None:
        if self.decline_class not in CLASSES:
            raise ValueError(f"Reason {self.id}: no class {self.decline_class!r}")
        if self.concerns and self.concerns not in CONCERNS:
            raise ValueError(f"Reason {self.id}: it can't concern {self.concerns!r}")


@dataclass(frozen=True)
class Code:
    """What one code means.

    :ivar scope: a provider's technical name, a card network, a bank scheme, or ``adyen_raw``
    :ivar kind: ``code`` (the provider's), ``text`` (a provider's wording that stands for a code),
        ``pattern`` (what is in such a wording, see :func:`~.patterns.parse_pattern`), ``response``
        (the network's) or ``advice``
    :ivar category: Visa's category, 1 to 4
    :ivar source: short name of the document
    :ivar date: ISO date of its edition, or of the comparison with it
    """

    scope: str
    kind: str
    code: str
    reason: str
    category: int | None = None
    advice: Advice = NO_ADVICE
    source: str = ""
    date: str = ""

    def __post_init__(self) -> None:
        if self.kind == "pattern":
            parse_pattern(self.code)  # What can't be looked for is no code.


class Taxonomy:
    """Reasons and codes, ready to be asked."""

    def __init__(self, reasons: Iterable[Reason], codes: Iterable[Code]) -> None:
        """Index the rows; of two rows for the same code the later one counts.

        :raise ValueError: when a code names a reason that does not exist
        """
        self.reasons: dict[str, Reason] = {reason.id: reason for reason in reasons}
        self.reasons.setdefault(UNKNOWN, Reason(UNKNOWN, "Unknown", "later", generic=True))
        self._codes: dict[tuple[str, str, str], Code] = {}
        for code in codes:
            if code.reason not in self.reasons:
                raise ValueError(f"{code.scope} {code.code}: no reason {code.reason!r}")
            self._codes[code.scope, code.kind, normalize(code.code)] = code
        self._patterns: dict[str, list[tuple[tuple[str, ...], Code]]] = {}
        for code in self._codes.values():
            if code.kind == "pattern":
                row = (parse_pattern(code.code), code)
                self._patterns.setdefault(code.scope, []).append(row)
        for rows in self._patterns.values():  # Of two that fit, the one that asks for more.
            rows.sort(key=lambda row: -sum(map(len, row[0])))

    @classmethod
    def shipped(cls) -> "Taxonomy":
        """Return the taxonomy as shipped; read once."""
        return _shipped()

    def __iter__(self) -> Iterator[Code]:
        return iter(self._codes.values())

    def find(self, scope: str, kind: str, code: str) -> Code | None:
        """Return what a code means, or nothing; capitals don't matter."""
        return self._codes.get((scope, kind, normalize(code)))

    def find_pattern(self, scope: str, sentence: str) -> Code | None:
        """Return what a provider's sentence means by the words that are in it, or nothing."""
        rows = self._patterns.get(scope, ())
        return next((code for pieces, code in rows if matches(pieces, sentence)), None)

    def find_response(self, network: str, code: str, provider: str = "") -> Code | None:
        """Return what a network's code means on that network.

        On networks without a table of their own, and where the network isn't known, the provider's
        own list of raw answers and the general one are asked. Visa's and Mastercard's codes are
        never looked up there: the same number may mean something else.
        """
        scopes = [network] if network else []
        if network not in ("visa", "mastercard", *BANK_SCHEMES):
            scopes += [f"{provider}_raw", _GENERAL_SCOPE]
        return self._first(scopes, "response", code)

    def find_advice(self, network: str, code: str) -> Code | None:
        """Return what a network's advice code means.

        Only Mastercard gives such codes: where the network isn't known, it is Mastercard.
        """
        return self._first([network or "mastercard"], "advice", code)

    def _first(self, scopes: list[str], kind: str, code: str) -> Code | None:
        for scope in scopes:
            found = self.find(scope, kind, code)
            if found:
                return found
        return None


def normalize(code: str) -> str:
    """Return a code as it is compared: case, blanks and a closing full stop don't matter."""
    return " ".join(code.split()).rstrip(".!").casefold()


def is_reason_id(value: str) -> bool:
    """Return whether a text can be the id of a reason."""
    return bool(_REASON_ID.fullmatch(value))


def load_reasons(rows: Iterable[Mapping[str, str]]) -> list[Reason]:
    """Make reasons of the rows of the data file."""
    return [
        Reason(
            row["id"],
            row["name"],
            row["class"],
            bool(row["generic"]),
            row["accountant"],
            row["customer"],
            row.get("concerns") or "",
        )
        for row in rows
    ]


def load_codes(rows: Iterable[Mapping[str, str]]) -> list[Code]:
    """Make codes of the rows of the data file.

    :raise ValueError: for an advice or a pattern that can't be read
    """
    return [
        Code(
            row["scope"],
            row["kind"],
            row["code"],
            row["reason"],
            int(row["category"]) if row["category"] else None,
            Advice.parse(row["advice"]),
            row["source"],
            row["date"],
        )
        for row in rows
    ]


def read_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a data file: ``reasons``, ``codes``, ``documented`` or ``minimums``."""
    with (DATA / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@lru_cache(maxsize=1)
def _shipped() -> Taxonomy:
    return Taxonomy(load_reasons(read_rows("reasons")), load_codes(read_rows("codes")))
