# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestCaseFollowsInvoice(RecoveryCommon):
    def test_payment_by_hand_recovers_the_case_and_withdraws_the_next_charge(self):
        invoice, case = self._fail_invoice()
        planned = case.next_attempt_id
        self._register_payment(invoice, 100.0)
        self._run_cron("follow")
        self.assertEqual((case.state, case.channel), ("recovered", "manual"))
        self.assertEqual(case.recovered_amount, 100.0)
        self.assertEqual(planned.state, "cancelled")

    def test_partial_payment_keeps_the_case_open(self):
        invoice, case = self._fail_invoice()
        self._register_payment(invoice, 40.0)
        self._run_cron("follow")
        self.assertEqual(case.state, "in_recovery")
        self.assertEqual((case.recovered_amount, case.amount_owed), (40.0, 60.0))

    def test_bank_transfer_recovers_the_case(self):
        invoice, case = self._fail_invoice()
        statement_line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "payment_ref": invoice.name,
                "partner_id": self.customer.id,
                "amount": 100.0,
                "date": fields.Date.today(),
            }
        )
        _liquidity, suspense, _other = statement_line._seek_for_lines()
        receivable = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        suspense.account_id = receivable.account_id
        (suspense + receivable).reconcile()
        self._run_cron("follow")
        self.assertEqual((case.state, case.channel), ("recovered", "bank_transfer"))

    def test_portal_payment_recovers_the_case(self):
        invoice, case = self._fail_invoice()
        self._pay_in_portal(invoice)
        self.assertEqual((case.state, case.channel), ("recovered", "portal"))

    def test_payment_without_login_after_a_notice_counts_for_the_notice(self):
        invoice, case = self._fail_invoice()
        self.env["recovery.notice"].sudo().create(
            {
                "case_id": case.id,
                "company_id": case.company_id.id,
                "state": "sent",
                "planned_at": fields.Datetime.now(),
            }
        )
        self._pay_in_portal(invoice, user=self.env.ref("base.public_user"))
        self.assertEqual((case.state, case.channel), ("recovered", "notice"))

    def _pay_in_portal(self, invoice, user=None):
        user = user or self.portal_user
        transaction = (
            self.env["payment.transaction"]
            .with_user(user)
            .sudo()
            .create(
                {
                    "provider_id": self.demo_provider.id,
                    "payment_method_id": self.payment_method_id,
                    "reference": "portal",
                    "amount": 100.0,
                    "currency_id": invoice.currency_id.id,
                    "partner_id": self.customer.id,
                    "operation": "online_direct",
                    "invoice_ids": [Command.set(invoice.ids)],
                }
            )
        )
        transaction._set_done()
        transaction._post_process()
        self._run_cron("follow")

    def test_credit_note_cancels_the_case_it_is_no_recovery(self):
        invoice, case = self._fail_invoice()
        reversal = self.env["account.move.reversal"].create(
            {"move_ids": [Command.set(invoice.ids)], "journal_id": invoice.journal_id.id}
        )
        reversal.refund_moves()
        reversal.new_move_ids.action_post()
        self._run_cron("follow")
        self.assertEqual((case.state, case.recovered_amount), ("cancelled", 0.0))

    def test_reversed_payment_opens_the_case_again(self):
        invoice, case = self._fail_invoice()
        payment = self._register_payment(invoice, 100.0)
        self._run_cron("follow")
        payment.move_id.line_ids.remove_move_reconcile()
        self._run_cron("follow")
        self.assertEqual((case.state, case.recovered_amount), ("in_recovery", 0.0))
        self.assertTrue(case.next_attempt_id)
        self.assertFalse(case.closed_at)

    def test_blocked_invoice_suspends_the_case_until_it_is_free(self):
        invoice, case = self._fail_invoice()
        planned = case.next_attempt_id
        invoice.action_toggle_block_payment()
        self._run_cron("follow")
        self.assertEqual((case.state, planned.state), ("suspended", "cancelled"))
        invoice.action_toggle_block_payment()
        self._run_cron("follow")
        self.assertEqual(case.state, "in_recovery")
        self.assertTrue(case.next_attempt_id)

    def test_invoice_without_follow_up_suspends_the_case(self):
        invoice, case = self._fail_invoice()
        invoice.no_followup = True
        self._run_cron("follow")
        self.assertEqual(case.state, "suspended")

    def test_invoice_reset_to_draft_suspends_and_cancelling_it_cancels_the_case(self):
        invoice, case = self._fail_invoice()
        invoice.button_draft()
        self._run_cron("follow")
        self.assertEqual(case.state, "suspended")
        invoice.button_cancel()
        self._run_cron("follow")
        self.assertEqual(case.state, "cancelled")

    def test_failed_payment_of_somebody_else_opens_a_case(self):
        invoice = self._create_invoice(collect_automatically=False)
        self._create_portal_transaction(invoice)._set_error("Declined")
        self._run_cron("follow")
        case = invoice.recovery_case_id
        self.assertEqual((case.state, case.opened_by), ("in_recovery", "customer"))
        self.assertFalse(case.next_attempt_id, msg="Nobody agreed to charges of it.")

    def test_failed_payment_of_an_invoice_that_is_not_due_opens_no_case(self):
        due = fields.Date.today() + timedelta(days=10)
        invoice = self._create_invoice(collect_automatically=False, due=due)
        self._create_portal_transaction(invoice)._set_error("Declined")
        self._run_cron("follow")
        self.assertFalse(invoice.recovery_case_id)

    @mute_logger("odoo.addons.revenue_recovery.tools.jobs")
    def test_case_that_cannot_follow_is_told_once_and_does_not_stop_the_others(self):
        broken, broken_case = self._fail_invoice()
        other, other_case = self._fail_invoice()
        for invoice in (broken, other):
            self._register_payment(invoice, 100.0)
        cases = type(self.env["recovery.case"])
        follow = cases._follow_invoice

        def fail_for_one(case):
            if case.id == broken_case.id:
                raise ValueError("Boom")
            return follow(case)

        with patch.object(cases, "_follow_invoice", fail_for_one):
            self._run_cron("follow")
        self.assertEqual(other_case.state, "recovered")
        self.assertIn("Boom", broken_case.attention)
        signal = self.env["recovery.invoice.queue"].search([("move_id", "=", broken.id)])
        self.assertTrue(signal[:1].not_before, msg="Nothing is lost: it is tried again later.")


@tagged("post_install", "-at_install")
class TestCaseLife(RecoveryCommon):
    NOW = "2026-03-02 12:00:00"

    def test_whole_calendar_of_a_case_that_nobody_pays(self):
        """Day by day: 4 tries in 8 days, 3 days of grace, lost."""
        self.policy.write({"tries": 4, "window_days": 8, "grace_days": 3})
        charged = []
        with freeze_time("2026-03-02 12:00:00") as clock:
            invoice, case = self._fail_invoice()
            for _hour in range(13 * 24):
                before = case.attempt_count
                self._run_cron("charge")
                self._run_cron("follow")
                case.invalidate_recordset()
                if case.attempt_count > before:
                    charged.append(f"{fields.Datetime.now():%d %H}")
                clock.tick(timedelta(hours=1))
        # 10:00 in Paris is 9:00 UTC; the window ends on the tenth at 12:00 UTC.
        self.assertEqual(charged, ["04 09", "06 09", "08 09", "10 09"])
        self.assertEqual(case.state, "lost")
        self.assertEqual(f"{case.closed_at:%d %H}", "13 09")
        self.assertEqual(invoice.payment_state, "not_paid")

    def test_late_payment_recovers_a_lost_case(self):
        invoice, case = self._fail_invoice()
        case.action_stop()
        self.assertEqual(
            (case.state, case.attempt_ids.mapped("state").count("planned")), ("lost", 0)
        )
        self._register_payment(invoice, 100.0)
        self._run_cron("follow")
        self.assertEqual(case.state, "recovered")

    def test_own_waits_count_from_the_last_failure(self):
        self.policy.write(
            {
                "spread_evenly": False,
                "retry_ids": [
                    Command.create({"delay_count": 6, "delay_unit": "hours"}),
                    Command.create({"delay_count": 3, "delay_unit": "days"}),
                ],
            }
        )
        with freeze_time("2026-03-02 12:00:00") as clock:
            _invoice, case = self._fail_invoice()
            self.assertEqual(str(case.next_attempt_at), "2026-03-02 18:00:00")
            clock.move_to("2026-03-02 19:00:00")
            self._run_cron("charge")
            self.assertEqual(str(case.next_attempt_at), "2026-03-05 19:00:00")
            clock.move_to("2026-03-05 20:00:00")
            self._run_cron("charge")
            self.assertEqual(case.state, "grace")

    def test_charge_put_off_beyond_the_window_is_withdrawn(self):
        with freeze_time("2026-03-02 12:00:00") as clock:
            _invoice, case = self._fail_invoice()
            planned = case.sudo().next_attempt_id
            planned._postpone(fields.Datetime.now() + timedelta(days=16), "Test")
            clock.move_to("2026-03-18 13:00:00")
            self._run_cron("charge")
            self._run_cron("follow")
            self.assertEqual((planned.state, case.state), ("cancelled", "grace"))

    def test_policy_without_schedule_ends_with_its_window(self):
        self.policy.write({"retry_schedule": "none", "window_days": 5})
        with freeze_time("2026-03-02 12:00:00") as clock:
            _invoice, case = self._fail_invoice()
            self.assertFalse(case.next_attempt_id)
            clock.move_to("2026-03-07 13:00:00")
            self._run_cron("follow")
            self.assertEqual(case.state, "grace")

    def test_policy_edited_later_does_not_change_an_open_case(self):
        _invoice, case = self._fail_invoice()
        self.policy.tries = 1
        self.assertEqual(case.ladder["tries"], 8)

    def test_end_action_blocks_the_invoice(self):
        self.policy.end_action = "block"
        invoice, case = self._end_case()
        self.assertEqual((case.state, invoice.payment_state), ("lost", "blocked"))

    def test_end_action_runs_a_server_action_and_tells_when_it_fails(self):
        action = self.env["ir.actions.server"].create(
            {
                "name": "End",
                "model_id": self.env["ir.model"]._get_id("recovery.case"),
                "state": "code",
                "code": "raise UserError('No luck')",
            }
        )
        self.policy.write({"end_action": "server_action", "end_server_action_id": action.id})
        with mute_logger(
            "odoo.addons.revenue_recovery.tools.jobs",
            "odoo.addons.base.models.ir_actions",
        ):
            _invoice, case = self._end_case()
        self.assertEqual(case.state, "lost")
        self.assertIn("No luck", case.attention)

    def test_write_off_waits_for_a_manager_and_is_no_recovery(self):
        account = self.company_data["default_account_expense"]
        self.policy.write({"end_action": "write_off", "write_off_account_id": account.id})
        invoice, case = self._end_case()
        self.assertEqual((case.state, invoice.payment_state), ("lost", "not_paid"))
        self.assertIn("write-off", case.attention)
        wizard = self.env["recovery.write.off.wizard"].create({"case_id": case.id})
        self.assertEqual(wizard.account_id, account)
        wizard.action_confirm()
        self._run_cron("follow")
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertEqual((case.state, case.recovered_amount), ("lost", 0.0))
        loss = case.write_off_move_id.line_ids.filtered(lambda line: line.account_id == account)
        self.assertEqual(loss.balance, 100.0)

    def _end_case(self):
        invoice, case = self._fail_invoice()
        case.sudo()._cancel_planned("Test")
        case.sudo()._begin_grace("Test")
        case.sudo().grace_until = fields.Datetime.now() - timedelta(minutes=1)
        self._run_cron("follow")
        return invoice, case


@tagged("post_install", "-at_install")
class TestCaseButtons(CronMixinCase, RecoveryCommon):
    NOW = "2026-03-02 12:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant = cls.env["res.users"].create(
            {
                "name": "Accountant",
                "login": "accountant",
                "group_ids": [Command.set(cls.env.ref("account.group_account_invoice").ids)],
                "company_ids": [Command.set(cls.env.company.ids)],
                "company_id": cls.env.company.id,
            }
        )

    def _fail_for_accountant(self, **values):
        invoice, case = self._fail_invoice(**values)
        return invoice, case.with_user(self.accountant)

    def test_retry_now_only_makes_the_charge_due_and_wakes_the_job(self):
        _invoice, case = self._fail_for_accountant()
        charges = case.attempt_count
        with self.capture_triggers("revenue_recovery.ir_cron_recovery_charge") as captured:
            case.action_retry_now()
        self.assertTrue(captured.records)
        self.assertEqual(case.attempt_count, charges, msg="No charge inside a request.")
        self.assertLessEqual(case.next_attempt_at, fields.Datetime.now())
        self.assertEqual(case.next_attempt_id.source, "user")
        self._run_cron("charge")
        self.assertEqual(case.attempt_count, charges + 1)

    def test_retry_now_goes_before_what_is_planned_for_another_instalment(self):
        invoice, case = self._fail_for_accountant()
        case.sudo()._cancel_planned("Test")
        values = invoice._prepare_attempt_vals(
            planned_at=fields.Datetime.now() + timedelta(days=3),
            due_date=invoice.invoice_date_due + timedelta(days=3),
            source="collect",
        )
        other = self.env["recovery.attempt"].sudo().create(values)
        case.action_retry_now()
        self.assertEqual((other.state, case.next_attempt_id.source), ("cancelled", "user"))
        self.assertEqual(other.sentence, case.next_attempt_id.sentence)

        case.next_attempt_id.sudo().unlink()
        other.state = "running"
        with self.assertRaisesRegex(UserError, "under way"):
            case.action_retry_now()

    def test_pause_withdraws_the_charge_and_resume_plans_it_again(self):
        _invoice, case = self._fail_for_accountant()
        wizard = self.env["recovery.plan.wizard"].with_user(self.accountant)
        until = fields.Date.today() + timedelta(days=3)
        wizard.create(
            {"mode": "pause", "case_ids": [Command.set(case.ids)], "paused_until": until}
        ).action_apply()
        self.assertEqual((case.state, case.paused_until), ("paused", until))
        self.assertFalse(case.next_attempt_id)
        case.action_resume()
        self.assertEqual(case.state, "in_recovery")
        self.assertTrue(case.next_attempt_id)

    def test_pause_ends_by_itself_on_its_day(self):
        with freeze_time("2026-03-02 12:00:00") as clock:
            _invoice, case = self._fail_invoice()
            case.sudo()._pause(fields.Date.to_date("2026-03-05"), "Test")
            self._run_cron("follow")
            self.assertEqual(case.state, "paused")
            clock.move_to("2026-03-05 12:00:00")
            self._run_cron("follow")
            self.assertEqual(case.state, "in_recovery")

    def test_change_date_of_the_next_charge(self):
        _invoice, case = self._fail_for_accountant()
        at = fields.Datetime.now().replace(microsecond=0) + timedelta(days=2)
        self.env["recovery.plan.wizard"].with_user(self.accountant).create(
            {"mode": "date", "case_ids": [Command.set(case.ids)], "planned_at": at}
        ).action_apply()
        self.assertEqual((case.next_attempt_at, case.next_attempt_id.source), (at, "user"))

    def test_date_in_the_past_is_refused(self):
        _invoice, case = self._fail_for_accountant()
        wizard = self.env["recovery.plan.wizard"].create(
            {
                "mode": "date",
                "case_ids": [Command.set(case.ids)],
                "planned_at": fields.Datetime.now() - timedelta(days=1),
            }
        )
        with self.assertRaisesRegex(UserError, "future"):
            wizard.action_apply()

    def test_skip_leaves_one_rung_out(self):
        _invoice, case = self._fail_for_accountant()
        skipped = case.next_attempt_id
        case.action_skip()
        self.assertEqual(skipped.state, "refused")
        self.assertGreater(case.next_attempt_at, skipped.planned_at)

    def test_buttons_refuse_closed_cases_and_charges_under_way(self):
        _invoice, case = self._fail_for_accountant()
        case.next_attempt_id.sudo()._set_state("running")
        for button in (case.action_retry_now, case.action_skip, case.action_stop):
            with self.assertRaisesRegex(UserError, "under way"):
                button()
        case.attempt_ids.filtered(lambda attempt: attempt.state == "running").sudo()._set_state(
            "declined"
        )
        case.action_stop()
        with self.assertRaisesRegex(UserError, "closed"):
            case.action_retry_now()

    def test_only_a_manager_may_write_off(self):
        _invoice, case = self._fail_for_accountant()
        with self.assertRaises(AccessError):
            self.env["recovery.write.off.wizard"].with_user(self.accountant).create(
                {"case_id": case.id}
            )

    def test_what_the_engine_writes_cannot_be_written_by_rpc(self):
        _invoice, case = self._fail_for_accountant()
        with self.assertRaisesRegex(AccessError, "Status|State"):
            case.write({"state": "recovered", "tag_ids": []})
        case.write({"user_id": self.accountant.id})
        self.assertEqual(case.user_id, self.accountant)

    def test_evidence_cannot_be_deleted(self):
        _invoice, case = self._fail_invoice()
        with self.assertRaises(UserError):
            case.unlink()
