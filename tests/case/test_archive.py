# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestArchive(RecoveryCommon):
    """What is archived is over; what goes on is in sight."""

    def setUp(self):
        super().setUp()
        self.invoice, case = self._fail_invoice()
        self.case = case.sudo()

    def test_open_case_can_not_be_archived_by_anybody(self):
        for case in (self.case.sudo(False), self.case):
            self.case._cancel_planned("For the test.")
            for state in ("in_recovery", "paused", "grace", "suspended"):
                self.case.state = state
                with self.subTest(state=state), self.assertRaisesRegex(UserError, "stop it first"):
                    case.action_archive()
                with self.subTest(state=state), self.assertRaisesRegex(UserError, "Pause it"):
                    case.write({"active": False})
        self.assertTrue(self.case.active)

    def test_closed_case_is_archived_and_stays_the_case_of_its_invoice(self):
        self.case.action_stop()
        self.case.sudo(False).action_archive()
        self.env.invalidate_all()
        self.assertFalse(self.case.active)
        self.assertEqual(self.invoice.recovery_case_id, self.case)
        self.assertEqual(self.invoice.recovery_case_ids, self.case)
        cases = self.env["recovery.case"].sudo(False)
        self.assertNotIn(self.case, cases.search([]), msg="Out of sight of people.")
        self.assertIn(self.case, cases.sudo().search([]), msg="But not of the engine.")

    def test_archived_case_is_not_begun_again_as_a_mere_reminder(self):
        self.case.action_stop()
        self.case.action_archive()
        self.invoice.write({"collect_automatically": False})
        self.policy.write({"remind_unpaid": True, "remind_since": "2020-01-01"})
        self.env.flush_all()
        due = self.env["account.move"].sudo()._search_overdue(self.policy.remind_since)
        self.assertNotIn(self.invoice, due)

    def test_case_that_opens_again_comes_out_of_the_archive(self):
        payment = self._register_payment(self.invoice, 100.0)
        self._run_cron("follow")
        self.assertEqual(self.case.state, "recovered")
        self.case.action_archive()
        self.invoice.line_ids.remove_move_reconcile()
        payment.action_cancel()
        self._run_cron("follow")
        self.assertEqual((self.case.state, self.case.active), ("in_recovery", True))

    def test_invoice_that_replaces_another_is_collected_as_that_was(self):
        card = self._create_card()
        invoice = self._create_invoice(token=card)
        plain = self._create_invoice(collect_automatically=False)
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=(invoice | plain).ids)
            .create(
                {
                    "journal_id": invoice.journal_id.id,
                    "move_ids": [Command.set((invoice | plain).ids)],
                }
            )
        )
        wizard.modify_moves()
        again, other = wizard.new_move_ids.sorted("collect_automatically", reverse=True)
        self.assertEqual((again.collect_automatically, again.collect_token_id), (True, card))
        self.assertFalse(other.collect_automatically)
