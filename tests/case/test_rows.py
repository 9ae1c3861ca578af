# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the addon adds to lists, the portal and bulk payments does not grow with their rows."""

from unittest.mock import patch

from lxml import etree

from odoo import fields
from odoo.fields import Command
from odoo.sql_db import Cursor
from odoo.tests import tagged

from ..common import RecoveryCommon

FEW, MANY = 5, 50


@tagged("post_install", "-at_install")
class TestRows(RecoveryCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoices = cls._create_moves("out_invoice")

    @classmethod
    def _create_moves(cls, kind, count=MANY):
        moves = cls.env["account.move"].create(
            [
                {
                    "move_type": kind,
                    "partner_id": cls.customer.id,
                    "invoice_date": fields.Date.today(),
                    "invoice_line_ids": [
                        Command.create({"name": "Service", "price_unit": 100.0, "tax_ids": []})
                    ],
                }
                for _number in range(count)
            ]
        )
        moves.action_post()
        return moves

    def _create_cases(self):
        return (
            self.env["recovery.case"]
            .sudo()
            .create(
                [
                    {
                        "move_id": invoice.id,
                        "company_id": invoice.company_id.id,
                        "partner_id": self.customer.id,
                        "policy_id": self.policy.id,
                        "currency_id": invoice.currency_id.id,
                        "failed_amount": 100.0,
                        "due_date": fields.Date.today(),
                        "first_failure_at": fields.Datetime.now(),
                    }
                    for invoice in self.invoices
                ]
            )
        )

    def _count(self, records, read):
        """Return how many statements it takes to read records of which nothing is known yet."""
        counts = []
        for _turn in range(2):  # The first one fills caches.
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            read(records)
            counts.append(self.cr.sql_log_count - before)
        return counts[-1]

    def _assert_same(self, records, read):
        few, many = self._count(records[:FEW], read), self._count(records, read)
        self.assertLessEqual(many, few, msg="Each row costs statements of its own.")

    def _get_names(self, model, view, kind):
        arch = self.env[model].get_view(self.env.ref(view).id, kind)["arch"]
        return list({field.get("name") for field in etree.fromstring(arch).iter("field")})

    def test_list_and_board_of_cases(self):
        cases = self._create_cases()
        for view, kind in (("recovery_case_list", "list"), ("recovery_case_kanban", "kanban")):
            with self.subTest(kind=kind):
                names = self._get_names("recovery.case", f"revenue_recovery.{view}", kind)
                self.assertIn("amount_owed", names)
                self._assert_same(cases, lambda records, names=names: records.read(names))

    def test_amount_owed_of_many_is_that_of_each(self):
        cases = self._create_cases()
        self._register_payment(cases[1].move_id, 30.0)
        self.env.invalidate_all()
        self.assertEqual(cases[:3].mapped("amount_owed"), [100.0, 70.0, 100.0])

    def test_list_of_invoices(self):
        self._create_cases()
        names = self._get_names("account.move", "account.view_out_invoice_tree", "list")
        self.assertIn("recovery_state", names)
        self._assert_same(self.invoices, lambda records: records.read(names))

    def test_what_forms_show_of_invoices(self):
        names = ["collect_token_ids", "recovery_has_question", "recovery_in_flight_state"]
        self._assert_same(self.invoices, lambda records: records.read(names))

    def test_methods_of_many_invoices_are_those_of_their_customers(self):
        other = self.env["res.partner"].create({"name": "Other"})
        invoice = self._create_invoice(partner_id=other.id)
        own, others = self._create_card(), self._create_card(partner_id=other.id)
        both = self.invoices[0] | invoice
        self.assertEqual([move.collect_token_ids for move in both], [own, others])

    def test_vendor_bills_are_nobodys_business(self):
        bill = self._create_moves("in_invoice", 1)
        names = ["collect_token_ids", "recovery_has_question", "recovery_in_flight_state"]
        few = self._count(bill, lambda records: records.read(["move_type"]))
        many = self._count(bill, lambda records: records.read(["move_type", *names]))
        self.assertEqual(many, few, msg="Nothing more is read of a bill.")
        self.assertFalse(bill.collect_token_ids)

    def test_portal_asks_once_which_invoices_are_being_charged(self):
        def ask(moves):
            return [move._has_to_be_paid() for move in moves]

        self.assertEqual(ask(self.invoices), [True] * MANY)
        self._assert_same(self.invoices, ask)

    def test_bulk_payments(self):
        counts = []
        for invoices in (self.invoices[:FEW], self.invoices[FEW:]):
            ours = []
            execute = Cursor.execute

            # pylint: disable-next=dangerous-default-value
            def watch(cursor, query, *args, ours=ours, execute=execute, **kwargs):
                text = str(getattr(query, "code", query))
                if "recovery_attempt" in text or "recovery_invoice_queue" in text:
                    ours.append(text)
                return execute(cursor, query, *args, **kwargs)

            wizard = self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoices.ids
            )
            with patch.object(Cursor, "execute", watch):
                wizard.create({"group_payment": False})._create_payments()
                self._queue_changed()
            self.assertEqual(set(invoices.mapped("amount_residual")), {0.0})
            counts.append(len(ours))
        self.assertEqual(counts[0], counts[1], msg="Each reconciliation asks for itself.")

    def test_changed_invoices_are_queued_before_the_commit(self):
        self._create_cases()
        self._queue_changed()
        queue = self.env["recovery.invoice.queue"].sudo()
        queue.search([]).unlink()
        self._register_payment(self.invoices[0], 30.0)
        self._queue_changed()
        self.assertEqual(queue.search([]).move_id, self.invoices[0])
