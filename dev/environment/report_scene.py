# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A year of failed payments for the pictures of the reports. Needs Odoo."""

import random
from datetime import timedelta

_FIRST = ("Ana", "Ben", "Carla", "Diego", "Emma", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kira")
_LAST = ("Ribeiro", "Okafor", "Lindqvist", "Haddad", "Moreau", "Novak", "Tanaka", "Weber", "Silva")
# Of each reason: how often, how much of it comes back, and what came of the first decline.
_REASONS = {
    "insufficient_funds": (48, 0.72),
    "do_not_honor": (17, 0.55),
    "expired_card": (14, 0.5),
    "generic_decline": (9, 0.4),
    "authentication_required": (7, 0.6),
    "lost_card": (5, 0.2),
}
# By which channel: the source of the charge, or the operation of the customer's own payment.
_CHANNELS = {"smart": 62, "other card": 12, "method": 6, "online_direct": 11, "bank": 9}
_CASES, _CUSTOMERS, _DAYS = 260, 48, 700
# First charges that were paid at once, for each that failed.
_PAID_AT_ONCE = 9
LOGIN = "accountant"


class ReportScene:
    """Cases with their charges and payments, as the engine would have left them."""

    def __init__(self, scene) -> None:
        self.scene, self.env = scene, scene.env
        self.random = random.Random(7)
        self.company = scene.company
        self.policy = scene.policy
        self.provider = scene.card.provider_id
        self._create_user()

    def play(self) -> None:
        """Let the year pass."""
        cards = self._create_customers()
        ages = sorted((self.random.randrange(_DAYS) for _n in range(_CASES)), reverse=True)
        facts = [self._draw(self.random.choice(cards), age) for age in ages]
        moves = self._bill(facts)
        cases = self._open(facts, moves)
        for case, fact in zip(cases, facts, strict=True):
            self._charge(case, fact)
        self.env.flush_all()
        for case in cases:
            case._fill_settlements()

    # === The facts === #

    def _create_user(self):
        from odoo.fields import Command

        self.env["res.users"].create(
            {
                "name": "Robin Accountant",
                "login": LOGIN,
                "password": LOGIN,
                "group_ids": [
                    Command.link(self.env.ref("account.group_account_manager").id),
                    Command.link(self.env.ref("base.group_allow_export").id),
                ],
            }
        )

    def _create_customers(self):
        customers = self.env["res.partner"].create(
            [
                {
                    "name": f"{_FIRST[number % 11]} {_LAST[number % 9]}",
                    "phone": f"+1 555 01{number:02}",
                    "tz": "UTC",
                }
                for number in range(_CUSTOMERS)
            ]
        )
        values = {
            "provider_id": self.provider.id,
            "payment_method_id": self.scene.card.payment_method_id.id,
            "provider_ref": "demo",
            "demo_simulated_state": "error",
        }
        return self.env["payment.token"].create(
            [
                {
                    **values,
                    "partner_id": customer.id,
                    "payment_details": f"{4000 + customer.id % 5999}",
                    "recovery_expiry": self.scene.now.date()
                    + timedelta(days=30 * self.random.randrange(1, 30)),
                }
                for customer in customers
            ]
        )

    def _draw(self, card, age):
        chance = self.random
        reason = chance.choices(list(_REASONS), [share for share, _back in _REASONS.values()])[0]
        arm = "control" if chance.random() < 0.25 else "smart"
        comes_back = chance.random() < _REASONS[reason][1] - (0.12 if arm == "control" else 0)
        days = 1 + int(12 * chance.random() ** 1.6)
        state = "recovered" if comes_back and days <= age else "lost" if age > 21 else "in_recovery"
        return {
            "card": card,
            "at": self.scene.now - timedelta(days=age, hours=3),
            "amount": round(15 + 420 * chance.random() ** 3, 2),
            "reason": self.env["recovery.decline.reason"]._find(reason),
            "arm": arm,
            "state": state,
            "days": days,
            "channel": chance.choices(list(_CHANNELS), list(_CHANNELS.values()))[0],
            "is_part": state == "recovered" and chance.random() < 0.15,
        }

    def _bill(self, facts):
        from odoo.fields import Command

        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": fact["card"].partner_id.id,
                    "invoice_date": fact["at"].date(),
                    "invoice_date_due": fact["at"].date(),
                    "invoice_payment_term_id": False,
                    "collect_automatically": True,
                    "collect_token_id": fact["card"].id,
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Membership", "price_unit": fact["amount"], "tax_ids": []}
                        )
                    ],
                }
                for fact in facts
            ]
        )
        moves.action_post()
        return moves

    def _open(self, facts, moves):
        return self.env["recovery.case"].create(
            [
                {
                    "move_id": move.id,
                    "company_id": self.company.id,
                    "partner_id": fact["card"].partner_id.id,
                    "policy_id": self.policy.id,
                    "currency_id": move.currency_id.id,
                    "token_id": fact["card"].id,
                    "failed_amount": fact["amount"],
                    "settled_before": 0.0,
                    "due_date": fact["at"].date(),
                    "first_failure_at": fact["at"],
                    "deadline_at": fact["at"] + timedelta(days=14),
                    "state": fact["state"],
                    "closed_at": fact["state"] != "in_recovery" and self._get_end(fact),
                    "recovered_amount": fact["amount"] if fact["state"] == "recovered" else 0.0,
                    "arm": fact["arm"],
                    "failed_on": fact["at"].date(),
                    "company_rate": 1.0,
                    "began_by": "failure",
                    "first_reason_id": fact["reason"].id,
                    "first_class": fact["reason"].decline_class,
                    "decline_reason_id": fact["reason"].id,
                    "decline_class": fact["reason"].decline_class,
                    "network": "visa",
                    "figures_outdated": False,
                }
                for fact, move in zip(facts, moves, strict=True)
            ]
        )

    def _get_end(self, fact):
        return fact["at"] + timedelta(days=fact["days"] if fact["state"] == "recovered" else 21)

    # === Charges and payments === #

    def _charge(self, case, fact):
        """Add the charge that failed, the retries, and the payment if there was one."""
        is_charged = fact["state"] == "recovered" and fact["channel"] in (
            "smart",
            "other card",
            "method",
        )
        tries = max(1, fact["days"] // 3) if fact["state"] == "recovered" else 4
        self._add_attempt(case, fact, 0, fact["at"], "declined", "collect")
        for _number in range(_PAID_AT_ONCE):
            at = fact["at"] + timedelta(days=self.random.randrange(10))
            self._add_attempt(case, fact, 0, min(at, fact["at"]), "paid", "collect")
        retries = 0 if fact["reason"].decline_class in ("fix_data", "never") else tries
        for number in range(1, retries + (not is_charged)):
            at = fact["at"] + timedelta(days=number * max(fact["days"] / (tries + 1), 1))
            if at < self.scene.now:
                self._add_attempt(case, fact, number, at, "declined", "smart")
        if fact["state"] != "recovered":
            return
        part = round(fact["amount"] / 3, 2) if fact["is_part"] else 0.0
        if part:
            self._pay(case, fact, part)
        rest = fact["amount"] - part
        if fact["channel"] == "bank":
            self._pay(case, fact, rest)
            return
        token = fact["card"]
        if fact["channel"] == "other card":
            token = token.copy({"payment_details": "1881"})
        operation = "offline" if is_charged else fact["channel"]
        transaction = self._add_transaction(case, fact, rest, operation, token)
        if is_charged:
            source = fact["channel"] if fact["channel"] in ("smart", "method") else "method"
            number = max(retries, 1)
            attempt = self._add_attempt(case, fact, number, self._get_end(fact), "paid", source)
            attempt.write({"transaction_id": transaction.id, "token_id": token.id, "amount": rest})
        self._pay(case, fact, rest, transaction)

    def _add_attempt(self, case, fact, number, at, state, source):
        is_paid = state == "paid"
        values = case.move_id._prepare_attempt_vals(
            case_id=case.id, source=source, planned_at=at, due_date=case.due_date
        )
        return self.env["recovery.attempt"].create(
            {
                **values,
                "state": state,
                "started_at": at,
                "finished_at": at,
                "charged_on": at.date(),
                "retry_number": number,
                "amount": fact["amount"],
                "company_amount": fact["amount"],
                "token_id": fact["card"].id,
                "decline_reason_id": not is_paid and fact["reason"].id,
                "decline_class": not is_paid and fact["reason"].decline_class,
                **self._draw_decision(fact, number, at),
            }
        )

    def _draw_decision(self, fact, number, at):
        """Return what the smart schedule would have weighed for a retry."""
        if not number or fact["arm"] != "smart":
            return {}
        candidates = [
            {
                "at": (at + timedelta(days=days)).isoformat(),
                "probability": 0.2,
                "value": 0.4,
                "propensity": share,
            }
            for days, share in ((-1, 0.25), (0, 0.5), (1, 0.25))
        ]
        return {
            "propensity": 0.5,
            "probability": 0.2,
            "decision": {"at": at.isoformat(), "binding": "", "candidates": candidates},
        }

    def _add_transaction(self, case, fact, amount, operation, token):
        return self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": token.payment_method_id.id,
                "reference": f"{case.move_id.name}-{case.id}",
                "amount": amount,
                "currency_id": case.currency_id.id,
                "partner_id": case.partner_id.id,
                "operation": operation,
                "token_id": token.id,
                "state": "done",
                "is_post_processed": True,
                "invoice_ids": case.move_id.ids,
            }
        )

    def _pay(self, case, fact, amount, transaction=None):
        payments = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=case.move_id.ids
        )
        payment = payments.create(
            {"amount": amount, "payment_date": self._get_end(fact).date()}
        )._create_payments()
        if transaction:
            payment.payment_transaction_id = transaction
