# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Payments that succeeded, booked by stock Odoo one by one and by the engine together."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from environment import benchmark

from . import scene
from .cost import Cost, measure
from .profiling import Profile, profiled

# What an accountant looks at, of the invoice, its payment, and all entries that these brought.
_MOVE = ("date", "state", "payment_state", "amount_total_signed", "amount_residual", "currency_id")
_PAYMENT = (
    "date",
    "state",
    "amount",
    "currency_id",
    "journal_id",
    "payment_method_line_id",
    "destination_account_id",
    "outstanding_account_id",
    "is_reconciled",
    "is_matched",
)
_LINE = (
    "date",
    "date_maturity",
    "account_id",
    "currency_id",
    "amount_currency",
    "balance",
    "amount_residual",
    "amount_residual_currency",
    "reconciled",
    "parent_state",
)
# What stock Odoo and the engine call for a payment or many.
PHASES = {
    "account.payment": ("create", "action_post"),
    "account.move.line": ("_reconcile_plan",),
    "account.move": ("create", "_post", "message_post"),
    "mail.message": ("create",),
}


@dataclass
class Pair:
    """The same payments booked by stock and by the engine.

    :ivar different: how many of them were not booked alike
    """

    count: int
    stock: Cost | None = None
    ours: Cost | None = None
    different: int = 0

    def rate(self, side: str) -> float:
        """Return the payments that are booked in a second by `stock` or `ours`."""
        return self.count / getattr(self, side).clock

    def per_payment(self, side: str, what: str) -> float:
        """Return the statements or the seconds of a payment."""
        return getattr(getattr(self, side), what) / self.count

    def ratio(self, what: str = "clock") -> float:
        """Return how often stock takes what ours takes."""
        return self.per_payment("stock", what) / self.per_payment("ours", what)


class Stage:
    """A company whose customers have paid, in three currencies whose rates have changed since."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._chance = random.Random(1)
        with self._env() as env:
            self._scene = scene.prepare(env)
            _set_rates(env, self._scene)

    def _env(self) -> Any:
        """Give an environment with an empty cache, as each run of a job has it."""
        return benchmark.odoo_env(self._database, log_level="error")

    def compare(self, count: int, ours_first: bool) -> Pair:
        """Book so many payments in both ways, and compare what came of them."""
        pair = Pair(count)
        drawn = [self._draw() for _number in range(count)]
        with self._env() as env:
            ids = {side: self._create(env, drawn) for side in ("stock", "ours")}
        acts = {"stock": book_one_by_one, "ours": book_together}
        for side in ("ours", "stock") if ours_first else ("stock", "ours"):
            with self._env() as env:
                act = acts[side]
                cost = measure(env, lambda env, act=act, side=side: act(env, ids[side]))
                setattr(pair, side, cost)
        with self._env() as env:
            seen = {
                side: [_see(each) for each in env["payment.transaction"].browse(of_side)]
                for side, of_side in ids.items()
            }
        pair.different = sum(
            stock != ours for stock, ours in zip(seen["stock"], seen["ours"], strict=True)
        )
        return pair

    def profile(self, side: str, count: int) -> tuple[Profile, Cost]:
        """Return where the time of `stock` or `ours` goes, and what it costs."""
        act = {"stock": book_one_by_one, "ours": book_together}[side]
        with self._env() as env:
            ids = self._create(env, [self._draw() for _number in range(count)])
        with self._env() as env, profiled(env, PHASES) as profile:
            return profile, measure(env, lambda env: act(env, ids))

    def _draw(self) -> tuple[str, float]:
        name = self._chance.choice(list(scene.AMOUNTS))
        return name, self._chance.choice(scene.AMOUNTS[name])

    def _create(self, env: Any, drawn: Sequence[tuple[str, float]]) -> list[int]:
        """Create posted invoices, and for each a charge that succeeded; return these."""
        provider = env["payment.provider"].browse(self._scene.provider)
        partners = env["res.partner"].create(
            [{"name": f"Payer {number}"} for number in range(len(drawn))]
        )
        day = env.cr.now().date() - timedelta(days=30)
        invoices = env["account.move"].create(
            [
                self._prepare_invoice(env, partner, day, *payment)
                for partner, payment in zip(partners, drawn, strict=True)
            ]
        )
        invoices.action_post()
        return _charge(env, provider, invoices).ids

    def _prepare_invoice(self, env, partner, day, name, amount) -> dict[str, Any]:
        currency = env["res.currency"].browse(self._scene.currencies[name])
        price = amount / 10**currency.decimal_places
        line = {"name": "Service", "price_unit": price, "tax_ids": False}
        return {
            "move_type": "out_invoice",
            "partner_id": partner.id,
            "currency_id": currency.id,
            "invoice_date": day,
            "invoice_date_due": day + timedelta(days=30),
            "invoice_payment_term_id": False,
            "invoice_line_ids": [(0, 0, line)],
        }


def book_one_by_one(env: Any, transaction_ids: Sequence[int]) -> None:
    """Book payments as the job of stock Odoo does, with a commit after each.

    The addon's own work is switched off, as with the bare charge.
    """
    from odoo.addons.revenue_recovery.models.case.recovery_invoice_queue import OWN_WORK

    transactions = env["payment.transaction"].with_context(recovery_own_work=OWN_WORK)
    for transaction in transactions.browse(transaction_ids):
        transaction._post_process()
        env.cr.commit()


def book_together(env: Any, transaction_ids: Sequence[int]) -> None:
    """Book payments as the engine does, of each currency so many at a time.

    :raise AssertionError: when some would have to be booked alone
    """
    from odoo.addons.revenue_recovery.models.charge.paid_charges import MOST, book_many

    transactions = env["payment.transaction"].browse(transaction_ids)
    parts = [
        same.ids[begin : begin + MOST]
        for same in transactions.grouped("currency_id").values()
        for begin in range(0, len(same), MOST)
    ]
    env.cr.commit()
    for part in parts:
        left = book_many(env, part)
        assert not left or len(part) == 1, f"{len(left)} of {len(part)} were left"
        if left:
            book_one_by_one(env, left)


def _set_rates(env: Any, the_scene: scene.Scene) -> None:
    """Let each currency have been worth something else when the invoices were made."""
    day = env.cr.now().date()
    home = env.company.currency_id
    rates = [
        {"currency_id": currency, "name": day - timedelta(days=age), "rate": rate}
        for currency in the_scene.currencies.values()
        if currency != home.id
        for age, rate in ((60, 1.5), (10, 1.25))
    ]
    env["res.currency.rate"].search([]).unlink()
    env["res.currency.rate"].create(rates)


def _charge(env: Any, provider: Any, invoices: Any) -> Any:
    """Return a transaction that succeeded, and is not booked, for each invoice."""
    from odoo.addons.revenue_recovery.models.case.recovery_invoice_queue import OWN_WORK
    from odoo.addons.revenue_recovery.models.charge.payment_transaction import CLAIM

    method = provider.payment_method_ids[:1]
    transactions = (
        env["payment.transaction"]
        .with_context(recovery_claim=CLAIM, recovery_own_work=OWN_WORK)
        .create(
            [
                {
                    "provider_id": provider.id,
                    "payment_method_id": method.id,
                    "reference": f"{invoice.name}-R{invoice.id}",
                    "provider_reference": f"pi_{invoice.id}",
                    "amount": invoice.amount_residual,
                    "currency_id": invoice.currency_id.id,
                    "partner_id": invoice.partner_id.id,
                    "operation": "offline",
                    "invoice_ids": [(6, 0, invoice.ids)],
                }
                for invoice in invoices
            ]
        )
    )
    for transaction in transactions:
        transaction._set_done()
    return transactions


def _see(transaction: Any) -> Any:
    """Return what an accountant sees of a booked payment, without names and numbers."""
    invoice, payment = transaction.invoice_ids, transaction.payment_id
    lines = invoice.line_ids | payment.move_id.line_ids
    partials = lines.matched_debit_ids | lines.matched_credit_ids
    entries = invoice | payment.move_id | partials.exchange_move_id
    lines |= entries.line_ids
    return (
        transaction.is_post_processed,
        len(payment),
        len(entries),
        _read(invoice, _MOVE),
        _read(payment, _PAYMENT),
        sorted(_read(line, _LINE) for line in lines),
        sorted((each.amount, each.debit_amount_currency) for each in partials),
        len(lines.full_reconcile_id),
        [len(each.message_ids) for each in (invoice, payment, payment.move_id)],
    )


def _read(record: Any, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(record[name]) for name in names)
