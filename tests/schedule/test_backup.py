# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged

from ...models.method.backup import BackupConsent
from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestBackup(RecoveryCommon):
    """Other methods than the chosen one are charged with the customer's agreement only."""

    NOW = "2026-11-23 10:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.use_backup_methods = True
        cls.card = cls._create_card("error")

    def _fail_for_good(self, **values):
        """Return a case whose card can't be charged any more."""
        _invoice, case = self._fail_invoice(token=self.card, **values)
        self.card.sudo()._recovery_note_removed(fields.Datetime.now())
        self._run_cron("follow")
        return case

    def test_card_without_agreement_is_never_charged_instead(self):
        for days in (300, -1):  # One that was there before, and one that is saved afterwards.
            at = fields.Datetime.now() - timedelta(days=days)
            self._create_card("done").sudo().recovery_updated_at = at
        case = self._fail_for_good()
        self.assertFalse(case.next_attempt_id)
        self.assertTrue(case.blocked_class)
        self._create_card("done")
        self._run_cron("follow")
        self.assertFalse(case.next_attempt_id, msg="Saved for something else.")

    def test_agreement_brings_a_backup_in(self):
        other = self._create_card("done")
        case = self._fail_for_good()
        self.assertFalse(case.next_attempt_id)
        BackupConsent(other.sudo()).agree()
        self._run_cron("follow")
        self.assertEqual(case.next_attempt_id.token_id, other)
        self.assertEqual(case.next_attempt_id.source, "backup")

    def test_switch_of_the_policy_keeps_backups_out(self):
        self.policy.use_backup_methods = False
        self._create_backup()
        self.assertFalse(self._fail_for_good().next_attempt_id)

    def test_backups_are_charged_in_the_customers_order(self):
        first, second = self._create_backup("error"), self._create_backup("done")
        first.sudo().recovery_backup_order = 2
        second.sudo().recovery_backup_order = 1
        self.assertEqual(self._fail_for_good().next_attempt_id.token_id, second)

    def test_colleagues_backup_is_for_the_colleagues_invoices(self):
        colleague = self.env["res.partner"].create(
            {"name": "C", "parent_id": self.customer.id, "email": "c@example.com"}
        )
        backup = self._create_backup(partner_id=colleague.id)
        self.assertFalse(self._fail_for_good().next_attempt_id)
        self.card.sudo().write({"active": True})
        case = self._fail_for_good(partner_id=colleague.id)
        self.assertEqual(case.next_attempt_id.token_id, backup)

    def test_first_charge_is_announced_a_day_ahead(self):
        backup = self._create_card("done")
        case = self._fail_for_good()
        BackupConsent(backup.sudo()).agree()
        with freeze_time("2026-11-23 18:30:00"):  # No e-mails go out any more.
            self._run_cron("follow")
        attempt = case.next_attempt_id
        self.assertGreaterEqual(attempt.planned_at, fields.Datetime.now() + timedelta(days=1))
        self.assertIn("told of it a day before", attempt.sentence)
        notice = case.notice_ids.sudo()
        self.assertEqual((notice.token_id, notice.state), (backup, "planned"))
        self._make_due(case)
        with freeze_time("2026-11-23 19:00:00"):
            self._run_cron("charge")
        self.assertEqual(attempt.state, "planned", msg="The customer does not know of it yet.")
        self.assertIn("is told first", attempt.sentence)
        self.assertEqual(case.notice_ids, notice, msg="It is announced once.")
        with freeze_time("2026-11-24 10:00:00"):
            self._run_cron("follow")
        self.assertEqual(notice.state, "sent")
        mail = self.env["mail.mail"].sudo().search([], order="id desc", limit=1)
        self.assertEqual(mail.recipient_ids, self.customer)
        self.assertIn("4242", mail.body_html)
        self.assertIn(case.move_id.name, mail.body_html)
        self.assertTrue(backup.recovery_backup_told_at)
        with freeze_time("2026-11-24 12:00:00"):
            self._charge_next(case)
            self.assertEqual(attempt.state, "planned")
        with freeze_time("2026-11-25 10:30:00"):
            self._run_cron("charge")
        self.assertEqual((attempt.state, case.state), ("paid", "recovered"))

    def test_second_use_is_not_announced(self):
        self._create_backup()
        case = self._fail_for_good()
        self.assertFalse(case.notice_ids)
        self._charge_next(case)
        self.assertEqual(case.state, "recovered")

    def test_announcement_is_withdrawn_with_the_charge(self):
        self._create_backup(is_told=False)
        with freeze_time("2026-11-23 18:30:00"):  # No e-mails go out any more.
            case = self._fail_for_good()
        notice = case.notice_ids.sudo()
        self.assertEqual(notice.state, "planned")
        case.move_id.collect_token_id = self._create_card("done")
        self._run_cron("follow")
        with freeze_time("2026-11-24 10:00:00"):
            self._run_cron("follow")
        self.assertEqual(notice.state, "skipped")

    def test_customer_who_can_not_be_told_is_not_charged(self):
        self.customer.email = False
        self._create_backup(is_told=False)
        self.assertFalse(self._fail_for_good().next_attempt_id)

    def test_agreement_that_was_withdrawn_stops_the_planned_charge(self):
        backup = self._create_backup()
        case = self._fail_for_good()
        attempt = case.next_attempt_id
        BackupConsent(backup.sudo()).withdraw()
        self.env["recovery.invoice.queue"].sudo().search([]).unlink()  # It has not heard of it.
        self._make_due(case)
        self._run_cron("charge")
        self.assertEqual(attempt.state, "cancelled")
        self.assertIn("has not agreed", attempt.sentence)
        self.assertFalse(attempt.transaction_id)

    def test_rule_that_asks_for_a_backup_asks_for_the_agreement(self):
        self._create_card("done")
        _invoice, case = self._fail_invoice(token=self.card)
        self.assertIn("no other saved payment method", case.sudo()._plan_backup("Rule."))

    def test_method_that_the_customer_chooses_needs_no_other_agreement(self):
        case = self._fail_for_good()
        case.move_id.collect_token_id = self._create_card("done")
        self._run_cron("follow")
        self._charge_next(case)
        self.assertEqual(case.state, "recovered")

    def test_manager_notes_what_the_customer_said(self):
        card = self._create_card("done")
        accountant = new_test_user(self.env, "rr backup", "account.group_account_invoice")
        with self.assertRaises(AccessError):
            card.with_user(accountant).action_recovery_agree_backup()
        card.action_recovery_agree_backup()
        self.assertEqual(card.recovery_backup_by_id, self.env.user)
        self.assertTrue(card.recovery_backup_at)
        card.action_recovery_withdraw_backup()
        self.assertFalse(card.recovery_backup_at)
