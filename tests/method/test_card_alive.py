# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..charge.test_decline import DeclineCommon


@tagged("post_install", "-at_install")
class TestCardAlive(DeclineCommon):
    """A card that was called dead can be called alive again, by whoever answers for it."""

    def _wait(self, **time):
        self.freeze_time.move_to(fields.Datetime.now() + timedelta(**time))
        self.addCleanup(self.freeze_time.move_to, self.NOW)

    def test_dead_card_is_charged_again_once_it_was_called_alive(self):
        case = self._decline_first_charge("lost_card")
        self.assertEqual((case.blocked_class, self.card.recovery_is_dead), ("never", True))
        self._wait(hours=1)
        self.card.action_recovery_call_alive()
        self.card.invalidate_recordset()
        self.assertFalse(self.card.recovery_is_dead)
        self.assertEqual(self.card.recovery_alive_by_id, self.env.user)
        self.assertEqual(self.card.recovery_alive_at, fields.Datetime.now())
        self._run_cron("follow")
        self.assertFalse(case.blocked_class)
        self.assertTrue(case.next_attempt_id)
        self.assertIn("alive again", " ".join(case.message_ids.mapped("body")))

    def test_history_counts_from_then(self):
        self._decline_first_charge("lost_card")
        self._wait(hours=1)
        self.card.action_recovery_call_alive()
        self._wait(hours=1)
        case = self._decline_first_charge("stolen_card")
        self.assertEqual(case.blocked_class, "never", msg="The bank said it again.")
        self.card.invalidate_recordset()
        self.assertTrue(self.card.recovery_is_dead)

    def test_network_that_forbids_it_for_good_is_obeyed(self):
        self._decline_first_charge(
            "lost_card",
            {"brand": "mastercard"},
            network_decline_code="51",
            network_advice_code="03",
        )
        self._wait(hours=1)
        rule = self.env["recovery.network.rule"].search([("advice_codes", "like", "03")], limit=1)
        with self.assertRaises(UserError) as caught:
            self.card.action_recovery_call_alive()
        self.assertIn(f"Rule: {rule.name}", str(caught.exception))
        self.assertFalse(self.card.recovery_alive_at)

    def test_card_that_is_not_dead_or_was_removed_is_left_alone(self):
        with self.assertRaisesRegex(UserError, "was not called dead"):
            self.card.action_recovery_call_alive()
        self._decline_first_charge("lost_card")
        self.card._recovery_note_removed(fields.Datetime.now())
        with self.assertRaisesRegex(UserError, "was removed at its provider"):
            self.card.action_recovery_call_alive()

    def test_only_managers_and_administrators_may(self):
        self._decline_first_charge("lost_card")
        self._wait(hours=1)
        clerk = new_test_user(self.env, "clerk", groups="account.group_account_invoice")
        with self.assertRaises(AccessError):
            self.card.with_user(clerk).action_recovery_call_alive()
        company = self.env["res.company"].create({"name": "Other"})
        other = new_test_user(
            self.env,
            "other",
            groups="base.group_system",
            company_id=company.id,
            company_ids=[company.id],
        )
        with self.assertRaises(AccessError):
            self.card.with_user(other).action_recovery_call_alive()
        manager = new_test_user(
            self.env,
            "manager",
            groups="account.group_account_invoice,revenue_recovery.group_recovery_manager",
        )
        self.card.with_user(manager).action_recovery_call_alive()
        self.assertEqual(self.card.recovery_alive_by_id, manager)
