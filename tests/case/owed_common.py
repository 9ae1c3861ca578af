# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields
from odoo.fields import Command

from ..common import RecoveryCommon


class OwedCommon(RecoveryCommon):
    """Payment terms of many kinds, and what Odoo itself would ask for an invoice."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company_data[
            "company"
        ].account_journal_early_pay_discount_loss_account_id = cls.company_data[
            "default_account_expense"
        ]

    def setUp(self):
        super().setUp()
        self.freeze_time.move_to(self.NOW)  # Where another test has been.

    @classmethod
    def _create_term(cls, *parts, discount=0.0, discount_days=0, **values):
        """Create a payment term.

        :param parts: pairs of a percentage and the days after which it is due
        """
        return cls.env["account.payment.term"].create(
            {
                "name": "Term",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": share, "nb_days": days})
                    for share, days in parts
                ],
                "early_discount": bool(discount),
                "discount_percentage": discount,
                "discount_days": discount_days,
                **values,
            }
        )

    @classmethod
    def _create_termed(cls, term, token=None, **values):
        """Create an invoice with a payment term, collected automatically."""
        values = {"invoice_payment_term_id": term.id, "invoice_date_due": False, **values}
        return cls._create_invoice(token=token, **values)

    @classmethod
    def _create_credit_note(cls, amount=100.0, **values):
        note = cls._create_invoice(
            amount, move_type="out_refund", collect_automatically=False, post=False, **values
        )
        note.action_post()
        return note

    @classmethod
    def _pay_on_account(cls, amount=100.0, **values):
        """Record a payment of the customer that is matched with nothing."""
        payment = cls.env["account.payment"].create(
            {
                "amount": amount,
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": cls.customer.id,
                "journal_id": cls.company_data["default_journal_bank"].id,
                **values,
            }
        )
        payment.action_post()
        return payment

    def _ask_odoo(self, invoice, due_date=None):
        """Return what Odoo's own dialog proposes to pay now of what is due up to a date."""
        due_date = due_date or fields.Date.today()
        wizard = (
            self.env["account.payment.register"]
            .with_context(
                active_model="account.move",
                active_ids=invoice.ids,
                # As from the list of what is due by that day.
                active_domain=[("next_payment_date", "<=", str(due_date))],
            )
            .create({"payment_date": fields.Date.today()})
        )
        return wizard.amount

    def _get_todos(self, move, kind):
        return self.env["mail.activity"].search([("recovery_subject", "=", f"{kind}:{move.id}")])

    def _in_days(self, days):
        return fields.Date.today() + timedelta(days=days)
