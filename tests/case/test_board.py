# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The board and the activities of cases: columns in the order of a case's life, cards that tell."""

from lxml import etree

from odoo.tests import tagged

from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestBoard(RecoveryCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cases = cls.env["recovery.case"]
        for state in ("lost", "recovered", "grace", "in_recovery"):
            cls.cases += cls._create_case(state)

    @classmethod
    def _create_case(cls, state):
        invoice = cls._create_invoice()
        return (
            cls.env["recovery.case"]
            .sudo()
            .create(
                {
                    "move_id": invoice.id,
                    "company_id": invoice.company_id.id,
                    "partner_id": cls.customer.id,
                    "policy_id": cls.policy.id,
                    "currency_id": invoice.currency_id.id,
                    "failed_amount": 100.0,
                    "due_date": invoice.invoice_date_due,
                    "first_failure_at": f"{invoice.invoice_date_due} 09:00:00",
                    "state": state,
                }
            )
        )

    def _get_columns(self, domain):
        found = (
            self.env["recovery.case"]
            .with_context(read_group_expand=True)
            .web_read_group([("id", "in", self.cases.ids), *domain], ["state"])
        )
        return [group["state"] for group in found["groups"]]

    def _get_shown(self, view, kind):
        view = self.env.ref(f"revenue_recovery.{view}")
        arch = etree.fromstring(self.env["recovery.case"].get_view(view.id, kind)["arch"])
        return {field.get("name") for field in arch.find("templates").iter("field")}

    def test_columns_are_in_the_order_of_a_case_s_life(self):
        self.assertEqual(
            self._get_columns([]),
            ["in_recovery", "paused", "suspended", "grace", "recovered", "lost"],
        )

    def test_there_is_no_column_of_closed_cases_where_none_is_shown(self):
        self.assertEqual(
            self._get_columns([("state", "in", ("in_recovery", "grace"))]),
            ["in_recovery", "paused", "suspended", "grace"],
        )

    def test_card_tells_reason_and_next_step(self):
        shown = self._get_shown("recovery_case_kanban", "kanban")
        self.assertLessEqual({"partner_id", "move_id", "decline_reason_id", "next_step"}, shown)

    def test_row_of_an_activity_names_customer_and_invoice(self):
        shown = self._get_shown("recovery_case_activity", "activity")
        self.assertLessEqual({"partner_id", "move_id", "amount_owed"}, shown)
