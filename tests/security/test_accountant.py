# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .sweep_common import SecurityCommon


@tagged("post_install", "-at_install")
class TestAccountant(SecurityCommon):
    """Who may make invoices has all it takes to work on cases."""

    def test_accountant_has_no_rights_on_payment_providers(self):
        providers = self.env["payment.provider"].with_user(self.accountant)
        self.assertFalse(providers.has_access("read"), msg="Else this class tests nothing.")

    def test_accountant_reads_every_field_of_case_attempt_notice_and_timeline(self):
        self._make_unknown()
        self.env.invalidate_all()
        for record in (
            self.case,
            self.case.attempt_ids,
            self.case.notice_ids,
            self.case.timeline_ids,
            self.policy,
            self.reason,
            self.code,
            self.rule,
            self._get_records()["recovery.decline.unlisted"],
        ):
            with self.subTest(model=record._name):
                self.assertTrue(record)
                self.assertEqual(len(record.with_user(self.accountant).read()), len(record))

    def test_accountant_sees_the_name_of_the_saved_method(self):
        self.env.invalidate_all()
        self.assertIn("4242", self.case.with_user(self.accountant).method_label)
        self.assertIn("4242", self.attempt.with_user(self.accountant).method_label)

    def test_accountant_opens_the_form_and_writes_his_own_fields(self):
        with Form(self.case.with_user(self.accountant)) as form:
            form.user_id = self.accountant
            form.tag_ids.add(self.tag)
        self.assertEqual((self.case.user_id, self.case.tag_ids), (self.accountant, self.tag))

    def test_accountant_chooses_the_card_of_an_invoice(self):
        card = self._create_card("done")
        invoice = self.invoice.with_user(self.accountant)
        self.assertIn(card, invoice.collect_token_ids)
        invoice.write({"collect_automatically": True, "collect_token_id": card.id})
        self.assertEqual(self.invoice.collect_token_id, card)

    def test_accountant_uses_every_button_of_a_case(self):
        case = self.case.with_user(self.accountant)
        for button in (
            "action_retry_now",
            "action_skip",
            "action_pause",
            "action_change_date",
            "action_resume",
            "action_attention_done",
            "action_view_move",
            "action_view_attempts",
            "action_stop",
        ):
            with self.subTest(button=button):
                self.env.invalidate_all()
                self.assertTrue(getattr(case, button)())
        self.assertEqual(self.case.state, "lost")

    def test_accountant_uses_every_recovery_button_of_an_invoice(self):
        invoice = self.invoice.with_user(self.accountant)
        for button in (
            "action_open_recovery_case",
            "action_recovery_retry_now",
            "action_recovery_pause",
            "action_recovery_resume",
            "action_recovery_attention_done",
        ):
            with self.subTest(button=button):
                self.env.invalidate_all()
                self.assertTrue(getattr(invoice, button)())

    def test_accountant_pauses_and_resumes(self):
        wizards = self.env["recovery.plan.wizard"].with_user(self.accountant)
        action = self.case.with_user(self.accountant).action_pause()
        Form(wizards.with_context(**action["context"])).save().action_apply()
        self.assertEqual(self.case.state, "paused")
        self.case.with_user(self.accountant).action_resume()
        self.assertEqual(self.case.state, "in_recovery")

    def test_accountant_confirms_that_an_unknown_charge_was_made(self):
        attempt = self._make_unknown()
        self.env.invalidate_all()
        self.case.with_user(self.accountant).action_confirm_charged()
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("paid", "done"))
        self.assertIn(
            "recovery accountant", attempt.sentence + attempt.transaction_id.state_message
        )

    def test_accountant_confirms_that_an_unknown_charge_was_not_made(self):
        attempt = self._make_unknown()
        self.env.invalidate_all()
        attempt.with_user(self.accountant).action_confirm_not_charged()
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("not_sent", "cancel"))

    def test_accountant_looks_at_the_transaction_of_a_charge(self):
        action = self.attempt.with_user(self.accountant).action_view_transaction()
        transaction = self.env["payment.transaction"].browse(action["res_id"])
        self.assertEqual(
            transaction.with_user(self.accountant).read(["state"])[0]["state"], "error"
        )

    def test_accountant_cannot_write_or_delete_what_is_evidence(self):
        records = (
            self.attempt,
            self.case.notice_ids,
            self.case.timeline_ids,
            self.reason,
            self.code,
            self.rule,
            self._get_records()["recovery.decline.unlisted"],
        )
        for record in records:
            for operation in ("write", "create", "unlink"):
                with self.subTest(model=record._name, operation=operation):
                    self.assertFalse(record.with_user(self.accountant).has_access(operation))
        for operation in ("create", "unlink"):
            self.assertFalse(self.case.with_user(self.accountant).has_access(operation))
        with self.assertRaises(AccessError):
            self.attempt.with_user(self.accountant).planned_at = fields.Datetime.now()

    def test_accountant_may_not_look_into_the_queue_of_the_job(self):
        self.assertFalse(self.signal.with_user(self.accountant).has_access("read"))

    def test_reader_of_the_books_sees_no_case(self):
        reader = self._create_user(
            "recovery reader", "account.group_account_readonly", self.env.company
        )
        self.assertFalse(self.case.with_user(reader).has_access("read"))
