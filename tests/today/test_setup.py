# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The page *Set-Up*: what it tells, and a test charge of which nothing stays."""

from contextlib import nullcontext
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import SQL

from odoo.addons.revenue_recovery.models.today import trial

from ..common import RecoveryCommon

# What a test charge makes, and what must be as before.
TABLES = (
    "account_bank_statement_line",
    "account_journal",
    "account_move",
    "account_move_line",
    "account_partial_reconcile",
    "account_payment",
    "base_automation",
    "ir_cron_trigger",
    "mail_activity",
    "mail_mail",
    "mail_message",
    "payment_token",
    "payment_transaction",
    "recovery_attempt",
    "recovery_case",
    "recovery_event",
    "recovery_invoice_queue",
    "recovery_notice",
    "recovery_provider_pace",
    "recovery_settlement",
    "recovery_trigger",
    "res_partner",
    "res_partner_bank",
)


class SetUpCommon(RecoveryCommon):
    NOW = "2027-03-10 23:30:00"  # Nobody is charged by the job at this hour.

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.manager = new_test_user(
            cls.env,
            "setup manager",
            "account.group_account_manager",
            company_id=cls.company.id,
            company_ids=[cls.company.id],
        )
        cls.policy.write({"charge_hour_from": 8, "charge_hour_to": 20})
        cls.setup_page = cls.env["recovery.setup"].with_user(cls.manager)

    def _create_others(self):
        """Create entries that are no customer invoices."""
        for kind in ("out_refund", "in_invoice"):
            self._create_invoice(move_type=kind, collect_automatically=False)
        self.env["account.move"].create({"move_type": "entry"})

    def _read_books(self):
        """Return all that a test charge could leave: rows, last numbers, the next of sequences."""
        self.env.flush_all()
        counts = {
            table: self.env.execute_query(SQL("SELECT COUNT(*) FROM %s", SQL.identifier(table)))
            for table in TABLES
        }
        names = self.env.execute_query(SQL("SELECT id, name, state FROM account_move ORDER BY id"))
        steps = self.env["ir.sequence"].search([]).mapped("number_next_actual")
        company = self.company.read()
        provider = self.demo_provider.read(["state", "is_published", "journal_id"])
        return counts, names, steps, company, provider


@tagged("post_install", "-at_install")
class TestSetUp(SetUpCommon):
    def _get_line(self, name):
        lines = self.setup_page.get_data()["lines"]
        return next(line for line in lines if line["name"] == name)

    def test_provider(self):
        self.demo_provider.is_published = False
        self.assertEqual(self._get_line("provider")["state"], "todo")
        self.demo_provider.is_published = True
        line = self._get_line("provider")
        self.assertEqual(line["state"], "todo", msg="No real payment can be made in test mode.")
        self.assertIn("test mode", line["sentence"])
        self.assertFalse(line["model"], msg="Only administrators may open providers.")

    def test_saving_of_methods(self):
        providers = self.env["payment.provider"].search([("company_id", "=", self.company.id)])
        providers.allow_tokenization = False
        self.assertEqual(self._get_line("saving")["state"], "todo")
        self.demo_provider.allow_tokenization = True
        self.assertEqual(self._get_line("saving")["state"], "ok")

    def test_webhook(self):
        stripe = self._prepare_stripe_provider()
        line = self._get_line("webhook")
        self.assertEqual(line["state"], "note", msg="That it is not set up is not known.")
        stripe._recovery_note_heard()
        self.freeze_time.move_to(fields.Datetime.now() + timedelta(minutes=5))
        stripe._recovery_note_heard()
        self.assertEqual(str(stripe.recovery_heard_at), self.NOW)
        line = self._get_line("webhook")
        self.assertEqual((line["state"], "11:30" in line["sentence"]), ("ok", True))

    def test_jobs(self):
        self.assertEqual(self._get_line("jobs")["state"], "ok")
        self.env.ref("revenue_recovery.ir_cron_recovery_charge").active = False
        line = self._get_line("jobs")
        self.assertEqual(line["state"], "todo")
        self.assertIn("charge what is due", line["sentence"])

    def test_mail_that_failed(self):
        self.policy.write({"charge_hour_from": 0, "charge_hour_to": 24})
        _invoice, case = self._fail_invoice()
        step = self.env["recovery.policy.step"].create(
            {
                "policy_id": self.policy.id,
                "name": "Payment failed",
                "mail_template_id": self.env.ref(
                    "revenue_recovery.mail_template_payment_failed"
                ).id,
            }
        )
        values = {"planned_at": fields.Datetime.now(), "life": 1, "step_id": step.id}
        notice = self.env["recovery.notice"].sudo().create({"case_id": case.id, **values})
        notice.write({"state": "sent", "delivery": "sent", "sent_at": fields.Datetime.now()})
        self.assertEqual(self._get_line("mail")["state"], "ok")
        notice.delivery = "failed"
        line = self._get_line("mail")
        self.assertEqual((line["state"], line["model"]), ("todo", "recovery.notice"))

    def test_first_policy_takes_invoices_and_no_other_entries(self):
        self._create_others()
        self._create_invoice()
        other = self._create_policy(
            name="Large", sequence=1, domain="[('amount_total', '>', 1000)]"
        )
        self.assertIn("takes 0 of 1 open customer invoices", self._get_line("policy")["sentence"])
        other.domain = "[('amount_total', '<', 1000)]"
        self.assertIn("takes 1 of 1 open customer invoices", self._get_line("policy")["sentence"])

    def test_no_policy_at_all(self):
        self.policy.active = False
        self.assertEqual(self._get_line("policy")["state"], "todo")

    def test_policy_that_is_never_used_says_so(self):
        never = self._create_policy(name="Never", sequence=50, domain="[('id', '>', 0)]")
        given = self._create_policy(name="Given", sequence=60, domain="[('id', '=', 0)]")
        self.assertFalse(self.policy.reach)
        self.assertIn("“Policy” comes before it", never.reach)
        self.assertIn("a flow gives it", given.reach)
        reasons = [
            line["sentence"]
            for line in self.setup_page.get_data()["lines"]
            if line["name"] == "reach"
        ]
        self.assertEqual(len(reasons), 2)
        self.policy.domain = "[('amount_total', '>', 1)]"
        never.invalidate_recordset(["reach"])
        self.assertFalse(never.reach, msg="What the first leaves out is for the second.")

    def test_policy_of_another_company_takes_nothing_of_ours(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.policy.company_id = other
        later = self._create_policy(name="Later", sequence=50)
        self.assertFalse(later.reach)
        self.policy.company_id = False
        later.invalidate_recordset(["reach"])
        self.assertTrue(later.reach)

    def test_whose_set_up_it_is(self):
        accountant = new_test_user(self.env, "accountant", "account.group_account_invoice")
        setup = self.setup_page.with_user(accountant)
        with self.assertRaises(AccessError):
            setup.get_data()
        with self.assertRaises(AccessError):
            setup.try_test_card(self.demo_provider.id)
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self.demo_provider.copy({"company_id": other.id})
        with self.assertRaises(AccessError):
            self.setup_page.try_test_card(foreign.id)


@tagged("post_install", "-at_install")
class TestTestCharge(SetUpCommon):
    def _try(self, provider=None):
        return self.setup_page.try_test_card((provider or self.demo_provider).id)

    def _get_sentences(self, result):
        return " ".join(line["sentence"] for line in result["lines"])

    def test_one_charge_is_declined_and_one_paid_and_nothing_stays(self):
        self._create_invoice()
        before = self._read_books()
        result = self._try()
        self.assertTrue(result["is_right"], msg=self._get_sentences(result))
        said = self._get_sentences(result)
        for part in ("was declined", "A case opened under “Policy”", "was paid", "was booked"):
            self.assertIn(part, said)
        self.assertEqual(self._read_books(), before)

    def test_numbers_of_invoices_and_payments_have_no_hole(self):
        first = self._create_invoice()
        self._try()
        second = self._create_invoice()
        self.assertEqual(second.sequence_number, first.sequence_number + 1)
        self.assertFalse(second.made_sequence_gap)
        payments = [self._register_payment(move, 100.0) for move in (first, second)]
        self._try()
        third = self._register_payment(self._create_invoice(), 100.0)
        numbers = [payment.move_id.sequence_number or payment.name for payment in payments]
        self.assertEqual(len(set(numbers)), 2)
        self.assertTrue(third.name)

    def test_provider_that_is_switched_off_is_so_afterwards(self):
        self.demo_provider.state = "disabled"
        before = self._read_books()
        result = self._try()
        self.assertTrue(result["is_right"], msg=self._get_sentences(result))
        self.assertEqual(self._read_books(), before)
        self.assertEqual(self.demo_provider.state, "disabled")

    def test_failure_in_the_middle_is_told_and_leaves_nothing(self):
        before = self._read_books()
        fault = "The disk is full."

        def fail(stage, attempt, outcome, judge=trial._Stage._judge):
            if outcome == "done":
                raise UserError(fault)
            return judge(stage, attempt, outcome)

        with patch.object(trial._Stage, "_judge", fail):
            result = self._try()
        self.assertFalse(result["is_right"])
        self.assertIn("It stopped here: The disk is full.", self._get_sentences(result))
        self.assertEqual(self._read_books(), before)

    def test_statement_that_the_database_refuses_leaves_nothing(self):
        before = self._read_books()

        def fail(stage, *_args):
            stage._env.cr.execute("SELECT 1 / 0", log_exceptions=False)

        with patch.object(trial._Stage, "_judge", fail):
            result = self._try()
        self.assertFalse(result["is_right"])
        self.assertEqual(self._read_books(), before)

    def test_no_policy_is_told(self):
        self.policy.active = False
        result = self._try()
        self.assertFalse(result["is_right"])
        self.assertIn("no policy matches", self._get_sentences(result))

    def test_provider_of_real_money_is_never_tried(self):
        stripe = self._prepare_stripe_provider()
        self.env.cr.execute(
            "UPDATE payment_provider SET state = 'enabled' WHERE id = %s", [stripe.id]
        )
        stripe.invalidate_recordset()
        with self._patch_requests() as request, self.assertRaises(UserError):
            self._try(stripe)
        request.assert_not_called()
        ids = [trial["id"] for trial in self.setup_page.get_data()["trials"]]
        self.assertNotIn(stripe.id, ids)

    def test_what_waits_for_a_commit_never_happens(self):
        sent = []

        def judge(stage, _attempt, _outcome):
            stage._env.cr.postcommit.add(lambda: sent.append("told"))
            stage._env.cr.commit()
            return []

        with patch.object(trial._Stage, "_judge", judge):
            self._try()
        self.env.cr.postcommit.run()
        self.assertFalse(sent)


@tagged("post_install", "-at_install")
class TestSetUpTour(SetUpCommon, HttpCase):
    def _enter_job_mode(self):
        return nullcontext()

    def test_manager_walks_the_check_of_the_readme(self):
        """Without developer mode, late in the evening: no scheduled action has to be run."""
        before = self._read_books()
        self.start_tour("/odoo/recovery-today", "recovery_setup", login="setup manager")
        after = self._read_books()
        for counts in (before[0], after[0]):
            counts.pop("mail_message")  # Odoo greets whoever logs in for the first time.
        self.assertEqual(after[:3], before[:3])

    def test_count_of_a_policy_is_that_of_customer_invoices(self):
        self._create_others()
        self._create_invoice()
        count = self.env["account.move"].search_count(
            [
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("company_id", "=", self.company.id),
            ]
        )
        self.browser_js(
            f"/odoo/recovery-policies/{self.policy.id}",
            f"""
            // The widget counts after it is shown.
            const until = Date.now() + 20000;
            const look = () => {{
                const shown = document.querySelector(".o_domain_show_selection_button");
                const text = shown ? shown.textContent.trim() : "";
                if (parseInt(text) === {count}) {{
                    console.log("test successful");
                }} else if (Date.now() > until) {{
                    console.error(`It counts ${{text}}`);
                }} else {{
                    setTimeout(look, 100);
                }}
            }};
            look();
            """,
            ready="!!document.querySelector('.o_domain_show_selection_button')",
            login="setup manager",
        )
