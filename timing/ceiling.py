# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What card networks and bank schemes allow: rules that no schedule and no button gets past.

Everything is counted over one card or bank account, whatever invoices its charges were for, and
over one merchant. The caller selects the history: by the card's fingerprint, else by the saved
method. Rules can only forbid, and all of them count, so that adding one never allows more.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path

from ..tools.instants import LATEST
from .decision import Sentence

KINDS = ("attempts", "wait", "never", "represent")
# The scope of every network and scheme that no other rule names, and of those not known.
OTHER = "other"
_DATA = Path(__file__).parent / "data" / "rules.csv"


@dataclass(frozen=True)
class Rule:
    """One rule.

    :ivar scopes: networks or schemes, as ``visa``; ``other`` stands for those without a rule
    :ivar kind: ``attempts`` (at most :attr:`limit` unpaid tries in :attr:`window`), ``wait`` (not
        before :attr:`window` has passed since the decline), ``never`` (no charge after the
        decline), ``represent`` (the same debt again only after these codes, at most
        :attr:`limit` times, within :attr:`window` of the first debit)
    :ivar name: short, for people; it ends the sentence of a block
    :ivar categories: Visa's categories that it is about; empty for all
    :ivar codes: network or scheme codes; one may be bound to a country, as ``MS03@DE``; empty for
        all
    :ivar reasons: reasons of the taxonomy, for answers without a code, written like the codes
    :ivar advice_codes: the network's advice codes that it is about; empty for all
    :ivar limit: of ``attempts`` and ``represent``
    :ivar window: of all kinds but ``never``
    :ivar same_amount: count the charges of the same amount and currency only
    :ivar consecutive: a paid charge ends the count
    :ivar countries: of the issuer or bank, where the rule holds; empty for everywhere
    :ivar valid_from: first day, in UTC, on which charges are bound by it
    :ivar valid_to: last such day
    :ivar own: a merchant added it; a network that only such rules name stays among the ``other``
    """

    id: str
    scopes: frozenset[str]
    kind: str
    name: str = ""
    categories: frozenset[int] = frozenset()
    codes: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    advice_codes: frozenset[str] = frozenset()
    limit: int = 0
    window: timedelta | None = None
    same_amount: bool = False
    consecutive: bool = False
    countries: frozenset[str] = frozenset()
    valid_from: date | None = None
    valid_to: date | None = None
    source: str = ""
    link: str = ""
    own: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"Rule {self.id}: no kind {self.kind!r}")
        if self.kind != "never" and not self.window:
            raise ValueError(f"Rule {self.id} needs a window.")

    def is_valid(self, at: datetime) -> bool:
        """Return whether the rule binds charges at this aware instant."""
        day = at.astimezone(timezone.utc).date()
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


@dataclass(frozen=True)
class PastAttempt:
    """A charge that was sent, by whomever.

    :ivar at: aware instant at which it was sent
    :ivar amount: in the currency's smallest unit
    :ivar outcome: ``paid``; anything else counts as a try that did not pay, also one whose
        outcome is not known
    :ivar code: the network's or scheme's code
    :ivar reason: the reason read from the answer
    :ivar category: Visa's category; an attempt of none counts as of any that may be retried
    :ivar company: the merchant, as the network sees them
    :ivar debt: what was to be paid, as an invoice
    """

    at: datetime
    amount: int = 0
    currency: str = ""
    outcome: str = "declined"
    network: str = ""
    code: str = ""
    reason: str = ""
    category: int | None = None
    advice_code: str = ""
    company: Hashable = None
    debt: Hashable = None


@dataclass(frozen=True)
class Charge:
    """The charge in question. An empty network is taken from the history, where it is told.

    :ivar amount: in the currency's smallest unit
    :ivar country: of the issuer or bank, ISO 3166 alpha-2
    :ivar company: the merchant; only their attempts are counted
    :ivar debt: what is to be paid, for the rules on presenting a debit again; when not told, the
        whole history counts as of the same debt
    """

    amount: int = 0
    currency: str = ""
    network: str = ""
    country: str = ""
    company: Hashable = None
    debt: Hashable = None


@dataclass(frozen=True)
class CeilingBlock:
    """Why a charge may not be sent.

    :ivar allowed_from: aware UTC instant from which this rule allows it; none for never
    :ivar sentence: its value ``at`` is that instant, for the caller to write in local time
    """

    rule: Rule
    sentence: Sentence
    allowed_from: datetime | None


def check(
    rules: Iterable[Rule], history: Iterable[PastAttempt], now: datetime, charge: Charge
) -> CeilingBlock | None:
    """Say whether a charge may be sent at ``now`` (aware); if not, return the strictest block.

    :param history: the attempts on the same card or account, in any order
    """
    return _Ledger(rules, history, charge).check(now)


def next_allowed(
    rules: Iterable[Rule], history: Iterable[PastAttempt], now: datetime, charge: Charge
) -> datetime | None:
    """Return the first instant, not before ``now``, at which all rules allow the charge.

    :return: in UTC; none when no instant will ever do
    """
    ledger = _Ledger(rules, history, charge)
    at = now.astimezone(timezone.utc)
    while block := ledger.check(at):
        if block.allowed_from is None:
            return None
        at = block.allowed_from
    return at


_Advised = Mapping[str, Sequence[PastAttempt]]


class _Ledger:
    """The history of one card at one merchant, with the rules that bind it."""

    def __init__(
        self, rules: Iterable[Rule], history: Iterable[PastAttempt], charge: Charge
    ) -> None:
        self._charge = charge
        self._attempts = sorted(
            (attempt for attempt in history if attempt.company == charge.company),
            key=lambda attempt: attempt.at,
        )
        rules = list(rules)
        scopes = self._find_scopes(rules)
        self._rules = [
            rule
            for rule in rules
            if scopes & rule.scopes and (not rule.countries or charge.country in rule.countries)
        ]

    def _find_scopes(self, rules: Sequence[Rule]) -> set[str]:
        networks = (attempt.network for attempt in reversed(self._attempts) if attempt.network)
        network = self._charge.network or next(networks, OTHER)
        named = any(network in rule.scopes for rule in rules if not rule.own)
        return {network} if named else {network, OTHER}

    def check(self, now: datetime) -> CeilingBlock | None:
        """Return the block that lasts longest, of all rules valid at ``now``."""
        now = now.astimezone(timezone.utc)
        before = [attempt for attempt in self._attempts if attempt.at <= now]
        paid = [index for index, attempt in enumerate(before) if attempt.outcome == "paid"]
        since_paid = before[paid[-1] + 1 :] if paid else before
        advised = defaultdict(list)  # There are many rules on advice, one for each code.
        for attempt in since_paid:
            advised[attempt.advice_code].append(attempt)
        checks: dict[str, Callable[[Rule], CeilingBlock | None]] = {
            "attempts": partial(self._check_attempts, before, since_paid, now),
            "wait": partial(self._check_wait, since_paid, advised, now),
            "never": partial(self._check_never, since_paid, advised),
            "represent": partial(self._check_represent, before, now),
        }
        blocks = [
            block
            for rule in self._rules
            if rule.is_valid(now) and (block := _cap(checks[rule.kind](rule)))
        ]
        return max(blocks, key=_strictness, default=None)

    def _check_attempts(
        self, before: list[PastAttempt], since_paid: list[PastAttempt], now: datetime, rule: Rule
    ) -> CeilingBlock | None:
        """Count the tries in the window ``(now - window, now]``.

        As soon as the oldest ones over the limit are as old as the window, they are forgiven.
        """
        tries = [
            attempt.at
            for attempt in (since_paid if rule.consecutive else before)
            if attempt.at > now - rule.window
            and attempt.outcome != "paid"
            and (attempt.category is None or _in(rule.categories, attempt.category))
            and self._fits(rule, attempt)
            and (not rule.same_amount or self._is_same_amount(attempt))
        ]
        if len(tries) < rule.limit:
            return None
        if not rule.limit:
            return _block(rule, None)
        return _block(rule, tries[-rule.limit] + rule.window)

    def _check_wait(
        self, since_paid: list[PastAttempt], advised: _Advised, now: datetime, rule: Rule
    ) -> CeilingBlock | None:
        found = self._find_concerned(since_paid, advised, rule)
        end = max((attempt.at + rule.window for attempt in found), default=now)
        return _block(rule, end) if end > now else None

    def _check_never(
        self, since_paid: list[PastAttempt], advised: _Advised, rule: Rule
    ) -> CeilingBlock | None:
        """Refuse after such a decline; a charge paid since shows that it holds no more."""
        return _block(rule, None) if any(self._find_concerned(since_paid, advised, rule)) else None

    def _find_concerned(
        self, since_paid: list[PastAttempt], advised: _Advised, rule: Rule
    ) -> Iterator[PastAttempt]:
        attempts = (
            chain.from_iterable(advised.get(code, ()) for code in rule.advice_codes)
            if rule.advice_codes
            else since_paid
        )
        for attempt in attempts:
            if _in(rule.categories, attempt.category) and self._fits(rule, attempt):
                yield attempt

    def _check_represent(
        self, before: list[PastAttempt], now: datetime, rule: Rule
    ) -> CeilingBlock | None:
        """Look at the debits of this debt since the last one that paid a part of it."""
        debt = self._charge.debt
        debits = [attempt for attempt in before if debt is None or attempt.debt == debt]
        paid = [index for index, attempt in enumerate(debits) if attempt.outcome == "paid"]
        debits = debits[paid[-1] + 1 :] if paid else debits
        if not debits:
            return None
        returned = [attempt for attempt in debits if attempt.code or attempt.reason]
        if (
            len(debits) > rule.limit
            or now > debits[0].at + rule.window
            or not all(self._fits(rule, attempt) for attempt in returned)
        ):
            return _block(rule, None)
        return None

    def _fits(self, rule: Rule, attempt: PastAttempt) -> bool:
        """Return whether the rule names the attempt's code, or its reason when it has no code."""
        if not rule.codes and not rule.reasons:
            return True
        value, named = (
            (attempt.code, rule.codes) if attempt.code else (attempt.reason, rule.reasons)
        )
        return value in named or f"{value}@{self._charge.country}" in named

    def _is_same_amount(self, attempt: PastAttempt) -> bool:
        return (attempt.amount, attempt.currency) == (self._charge.amount, self._charge.currency)


def _in(named: frozenset, value: object) -> bool:
    return not named or value in named


def _strictness(block: CeilingBlock) -> tuple[bool, datetime]:
    return block.allowed_from is None, block.allowed_from or LATEST


def _cap(block: CeilingBlock | None) -> CeilingBlock | None:
    """End a block where its rule ends."""
    if block is None or block.rule.valid_to is None:
        return block
    day_after = block.rule.valid_to + timedelta(days=1)
    end = datetime.combine(day_after, time(), tzinfo=timezone.utc)
    if block.allowed_from and block.allowed_from <= end:
        return block
    return _block(block.rule, end)


def _block(rule: Rule, allowed_from: datetime | None) -> CeilingBlock:
    if allowed_from:
        allowed_from = allowed_from.astimezone(timezone.utc)
        values = {"at": allowed_from, "rule": rule.name}
        return CeilingBlock(rule, Sentence("ceiling_not_before", values), allowed_from)
    source = "ceiling_represent" if rule.kind == "represent" else "ceiling_never"
    return CeilingBlock(rule, Sentence(source, {"rule": rule.name}), None)


def load_rules(rows: Iterable[Mapping[str, str]]) -> list[Rule]:
    """Make rules of the rows of the data file: lists are parted by blanks, windows in hours."""
    return [
        Rule(
            id=row["id"],
            scopes=frozenset(row["scopes"].split()),
            kind=row["kind"],
            name=row["name"],
            categories=frozenset(map(int, row["categories"].split())),
            codes=frozenset(row["codes"].split()),
            reasons=frozenset(row["reasons"].split()),
            advice_codes=frozenset(row["advice_codes"].split()),
            limit=int(row["limit"] or 0),
            window=timedelta(hours=int(row["window_hours"])) if row["window_hours"] else None,
            same_amount=bool(row["same_amount"]),
            consecutive=bool(row["consecutive"]),
            countries=frozenset(row["countries"].split()),
            valid_from=date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
            valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            source=row["source"],
            link=row["link"],
            own=bool(row.get("own")),
        )
        for row in rows
    ]


def read_rows() -> list[dict[str, str]]:
    """Return the rows of the data file."""
    with _DATA.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@lru_cache(maxsize=1)
def shipped_rules() -> tuple[Rule, ...]:
    """Return the rules as shipped; read once."""
    return tuple(load_rules(read_rows()))
