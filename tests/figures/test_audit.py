# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import base64
from contextlib import nullcontext
from datetime import timedelta

from lxml import html

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..common import RecoveryCommon

FUNDS = "Your card has insufficient funds."
STRIPE = (
    "id,Created date (UTC),Amount,Currency,Decline Reason,Status,Customer ID,Card Brand,"
    "Card Last4,Card Name,Card Fingerprint,PaymentIntent ID,Invoice ID\n"
)


class AuditCommon(RecoveryCommon):
    """A company whose payments failed before it had recovery: nothing of it is in a case."""

    NOW = "2026-11-20 12:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = cls._prepare_stripe_provider()
        cls.card = cls._create_stripe_card(cls.stripe)
        cls.other_company = cls._create_company(name="Other")
        cls.manager = cls._create_user("audit manager", "account.group_account_manager")
        cls.accountant = cls._create_user("audit accountant", "account.group_account_invoice")
        cls.stranger = cls._create_user(
            "audit stranger", "account.group_account_manager", cls.other_company
        )

    @classmethod
    def _create_user(cls, login, group, company=None):
        company = company or cls.env.company
        return new_test_user(
            cls.env,
            login,
            group,
            password=login,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def _create_debt(self, *charges, amount=100.0, ago=120, **values):
        """Return an invoice with charges: days after the first one, and the message or none."""
        first = fields.Datetime.now() - timedelta(days=ago)
        invoice = self._create_invoice(
            amount=amount,
            due=first.date(),
            invoice_date=first.date(),
            collect_automatically=False,
            **values,
        )
        for days, message in charges:
            self._create_charge(invoice, first + timedelta(days=days), message)
        return invoice

    def _create_charge(self, invoice, at, message=None, **values):
        number = self.env["payment.transaction"].search_count([])
        return self.env["payment.transaction"].create(
            {
                "provider_id": self.stripe.id,
                "payment_method_id": self.payment_method_id,
                "reference": f"past {number}",
                "provider_reference": f"pi_{number}",
                "amount": invoice.amount_total,
                "currency_id": invoice.currency_id.id,
                "partner_id": invoice.partner_id.id,
                "token_id": self.card.id,
                "operation": "offline",
                "state": "error" if message else "done",
                "state_message": message,
                "last_state_change": at,
                "invoice_ids": [Command.set(invoice.ids)],
                **values,
            }
        )

    def _create_past(self, count=40):
        """Create debts of which a third came back when they were charged again."""
        for number in range(count):
            paid = number % 3 == 0
            self._create_debt(
                (0, FUNDS), (4, None if paid else FUNDS), ago=90 + number, amount=50.0 + number
            )

    def _audit(self, **values):
        audit = self.env["recovery.audit"].create(values)
        audit.action_run()
        self._run_cron("audit")
        self.assertEqual(audit.state, "done", audit.error)
        return audit

    def _upload(self, *rows, heading=STRIPE):
        content = (heading + "\n".join(rows)).encode()
        return {
            "source": "file",
            "file_name": "payments.csv",
            "file": base64.b64encode(content),
        }


@tagged("post_install", "-at_install")
class TestAudit(AuditCommon):
    """What failed before recovery is counted as it was, and policies are judged by it."""

    def test_what_failed_and_what_came_back_is_counted_by_its_way(self):
        self._create_debt((0, FUNDS), (3, None))
        settled = self._create_debt((0, "Your card has expired."), amount=40.0)
        self._register_payment(settled, 40.0)
        own = self._create_debt((0, "Your card was declined."), amount=20.0)
        self._create_charge(own, fields.Datetime.now(), operation="online_direct", token_id=False)
        self._create_debt((0, FUNDS), (2, FUNDS), amount=7.0)
        self._create_debt((0, None), amount=1000.0)
        result = self._audit().result
        self.assertEqual(result["failed"], [4, 167.0])
        self.assertEqual(
            result["back"], {"customer": [1, 20.0], "other": [1, 40.0], "retry": [1, 100.0]}
        )
        self.assertEqual((result["owed"], result["retries"]), ([1, 7.0], [2, 107.0]))
        self.assertEqual(result["payments"], [8, 5])
        self.assertEqual([result[name][0] for name in ("known", "readable")], [4, 3])
        self.assertIn(["later", "insufficient_funds", 2, 107.0], result["reasons"])

    def test_credited_invoices_and_those_with_a_case_are_left_out(self):
        credited = self._create_debt((0, FUNDS))
        credited._reverse_moves([{"invoice_date": fields.Date.today()}], cancel=True)
        self._fail_invoice()
        self.assertEqual(self._audit().result["failed"], [0, 0.0])

    def test_cards_and_dead_methods_are_found(self):
        self._create_debt((0, "Your card has been reported stolen."))
        dead = "The payment provider rejected the request.\n(code stolen_card)"
        self._create_debt((0, dead), (1, FUNDS), (2, FUNDS))
        result = self._audit().result
        self.assertEqual(result["dead"], [2, 200.0])

    def test_open_debt_of_a_customer_whose_card_paid_last_is_shown(self):
        self._create_debt((0, None), ago=10)
        owing = self._create_debt(ago=30, amount=33.0)
        audit = self._audit()
        self.assertIn(33.0, [audit.result["cards"][1] - 100.0, audit.result["cards"][1]])
        action = audit.with_user(self.accountant).action_view_cards()
        self.assertIn(owing.id, action["domain"][0][2])
        self._create_charge(owing, fields.Datetime.now(), FUNDS)
        self.assertEqual(self._audit().result["cards"], [0, 0.0], "it did not pay last")

    def test_few_failures_tell_nothing_and_the_page_says_so(self):
        self._create_debt((0, FUNDS), (3, None))
        audit = self._audit()
        self.assertFalse(audit.suggested_policy_id)
        self.assertIn("Can't tell: too few", html.fromstring(audit.page).text_content())
        with self.assertRaisesRegex(UserError, "suggests no policy"):
            audit.action_switch_on()

    def test_nothing_failed_is_an_empty_page(self):
        self.assertIn("nothing to audit", self._audit().page)

    def test_each_policy_is_judged_with_an_interval_and_one_is_suggested(self):
        self._create_past()
        audit = self._audit()
        prospects = {one["name"]: one for one in audit.result["prospects"]}
        standard = self.env.ref("revenue_recovery.recovery_policy_standard")
        annual = self.env.ref("revenue_recovery.recovery_policy_annual")
        for policy in standard | annual:
            one = prospects[policy.name]
            self.assertFalse(one["why"])
            self.assertTrue(0 < one["low"] < one["share"] < one["high"] < 1)
        self.assertGreater(prospects[annual.name]["share"], prospects[standard.name]["share"])
        self.assertEqual(audit.result["basis"]["retries"], 40)
        self.assertIn(audit.suggested_policy_id, standard | annual)
        text = html.fromstring(audit.page).text_content()
        self.assertIn("Suggested", text)
        self.assertIn("had a saved method: 40, worth", " ".join(text.split()))

    def test_suggested_policy_is_switched_on_for_the_company_alone(self):
        self._create_past()
        audit = self._audit()
        mine = audit.with_user(self.manager)
        self.assertFalse(mine.is_in_use)
        action = mine.action_switch_on()
        policy = self.env["recovery.policy"].browse(action["res_id"])
        self.assertEqual(policy.company_id, self.env.company)
        self.assertEqual(len(policy.step_ids), len(audit.suggested_policy_id.step_ids))
        invoice = self._create_invoice()
        self.assertEqual(self.env["recovery.policy"]._match(invoice), policy)
        self.assertTrue(mine.is_in_use)
        with self.assertRaisesRegex(UserError, "already"):
            mine.action_switch_on()
        _invoice, case = self._fail_invoice()
        self.assertEqual(case.policy_id, policy)

    def test_companies_do_not_mix(self):
        self._create_debt((0, FUNDS))
        audit = self._audit()
        with self.assertRaises(AccessError):
            audit.with_user(self.stranger).read(["page"])
        other = self.env["recovery.audit"].with_user(self.stranger).create({})
        other.action_run()
        self._run_cron("audit")
        self.assertEqual((other.company_id, other.result["failed"]), (self.other_company, [0, 0.0]))

    def test_accountants_read_and_print_but_make_and_switch_nothing(self):
        self._create_debt((0, FUNDS))
        audit = self._audit().with_user(self.accountant)
        self.assertIn("Not enough money", audit.page)
        self.assertEqual(audit.action_print()["type"], "ir.actions.report")
        for act in (audit.action_run, audit.action_switch_on):
            with self.assertRaises(AccessError):
                act()
        with self.assertRaises(AccessError):
            self.env["recovery.audit"].with_user(self.accountant).create({})

    def test_result_can_not_be_written_from_outside(self):
        audit = self.env["recovery.audit"].with_user(self.manager).create({"state": "done"})
        self.assertEqual(audit.state, "new")
        audit.write({"result": {"failed": [1, 1]}, "suggested_policy_id": self.policy.id})
        self.assertFalse(audit.result or audit.suggested_policy_id)

    def test_audit_that_fails_says_why_and_stops_no_other(self):
        broken, good = (self.env["recovery.audit"].create({}) for _number in range(2))
        broken.sudo().write(
            {"source": "file", "packed": [["no", "debt"]], "date_to": fields.Datetime.now()}
        )
        (broken | good).action_run()
        with self.assertLogs("odoo.addons.revenue_recovery.tools.jobs", "ERROR"):
            self._run_cron("audit")
        self.assertEqual((broken.state, good.state), ("failed", "done"))
        self.assertTrue(broken.error)


@tagged("post_install", "-at_install")
class TestAuditLearning(AuditCommon):
    """The timing engine learns the past once, and what is observed later once."""

    def _get_row(self):
        return self.env["recovery.timing"]._get_row(self.env.company)

    def test_past_is_learned_once_and_again_only_with_everything(self):
        self._create_debt((0, FUNDS), (2, FUNDS), (5, None))
        self._run_cron("learn")
        row = self._get_row()
        self.assertEqual((row.attempt_count, row.case_count), (2, 1))
        before = row.model_json
        self._run_cron("learn")
        self._audit()
        self.assertEqual((row.attempt_count, row.model_json), (2, before))
        row.action_rebuild()
        self._run_cron("learn")
        self.assertEqual((row.attempt_count, row.case_count), (2, 1))

    def test_what_cases_observe_is_not_learned_as_past(self):
        self._create_debt((0, FUNDS), (2, None))
        self._run_cron("learn")
        _invoice, case = self._fail_invoice()
        self._charge_next(case)
        self.freeze_time.move_to("2026-11-20 12:20:00")
        self._run_cron("learn")
        row = self._get_row()
        self.assertEqual(row.attempt_count, 2, "one of the past, one of the case")
        row.action_rebuild()
        self._run_cron("learn")
        self.assertEqual(row.attempt_count, 2)

    def test_forgotten_past_stays_forgotten(self):
        self._create_debt((0, FUNDS), (2, None))
        self._run_cron("learn")
        row = self._get_row()
        row.action_reset()
        self._run_cron("learn")
        self.assertEqual(row.attempt_count, 0)

    def test_customers_own_payments_and_one_without_retry_teach_nothing(self):
        own = self._create_debt((0, FUNDS))
        self._create_charge(own, fields.Datetime.now(), operation="online_token")
        self._create_debt((0, FUNDS))
        self._run_cron("learn")
        self.assertEqual(self._get_row().attempt_count, 0)


@tagged("post_install", "-at_install")
class TestAuditFile(AuditCommon):
    """A provider's file is read at once, not kept, and counted once."""

    def _row(self, number, day, reason="insufficient_funds", status="Failed", invoice="in_1"):
        return (
            f"ch_{number},2026-03-{day:02} 10:00:00,49.00,eur,{reason},{status},cus_1,Visa,4242,"
            f"Jane Doe,fp_1,pi_file_{number},{invoice}"
        )

    def test_file_is_read_and_nothing_of_it_is_kept_that_names_anybody(self):
        upload = self._upload(self._row(1, 1), self._row(2, 4, "", "Paid"), "broken,row")
        audit = self._audit(**upload)
        self.assertEqual(audit.result["failed"], [1, 49.0])
        self.assertEqual(audit.result["back"], {"retry": [1, 49.0]})
        notes = html.fromstring(audit.page).text_content()
        self.assertIn(
            "Rows that could not be read, and are not counted: 1, the first of them 4", notes
        )
        self.assertFalse(audit.file)
        stored = f"{audit.packed} {audit.result}"
        for secret in ("4242", "Jane", "cus_1", "fp_1", "ch_1"):
            self.assertNotIn(secret, stored)
        attachments = self.env["ir.attachment"].sudo().with_context(active_test=False)
        self.assertFalse(
            attachments.search([("res_model", "=", "recovery.audit"), ("res_field", "!=", False)])
        )

    def test_bad_files_are_refused_with_what_to_do(self):
        refusals = {
            b"": "Choose the CSV file",
            b"PK\x03\x04": "Choose CSV, not Excel",
            b"a,b\n1,2": "Take Stripe's export",
            b"id,Created (UTC),Amount,Status\n1,2,3,Paid": "Columns are missing",
            "caf\xe9,b\n1,2".encode("latin-1"): "UTF-8",
        }
        for content, sentence in refusals.items():
            with self.assertRaisesRegex(UserError, sentence), self.env.cr.savepoint():
                self.env["recovery.audit"].create(
                    {"source": "file", "file": base64.b64encode(content)}
                ).action_run()

    def test_payments_of_the_database_are_not_counted_twice(self):
        invoice = self._create_debt((0, FUNDS))
        invoice.transaction_ids.provider_reference = "pi_file_1"
        audit = self._audit(
            **self._upload(self._row(1, 1), self._row(2, 4), self._row(3, 2, invoice="in_2"))
        )
        self.assertEqual(audit.result["failed"], [1, 49.0])
        self.assertEqual(audit.result["file"]["known"], 1)

    def test_same_file_teaches_once(self):
        upload = self._upload(self._row(1, 1), self._row(2, 4, "", "Paid"))
        self._audit(**upload)
        row = self.env["recovery.timing"]._get_row(self.env.company)
        self.assertEqual((row.attempt_count, row.case_count), (1, 1))
        self._audit(**upload)
        self.assertEqual((row.attempt_count, row.case_count), (1, 1))
        row.action_rebuild()
        self._run_cron("learn")
        self.assertEqual((row.attempt_count, row.case_count), (1, 1))

    def test_settlement_details_say_that_failures_are_not_in_them(self):
        heading = (
            "Psp Reference,Merchant Reference,Creation Date,TimeZone,Type,Gross Currency,"
            "Gross Credit (GC)\n"
        )
        audit = self._audit(
            **self._upload("P1,O1,2026-03-01 10:00:00,CET,Settled,EUR,20.00", heading=heading)
        )
        self.assertIn("Settlement details list what was paid only", audit.page)

    def test_what_was_read_belongs_to_its_company(self):
        audit = self._audit(**self._upload(self._row(1, 1)))
        with self.assertRaisesRegex(UserError, "Make another audit"):
            audit.with_user(self.manager).company_id = self.other_company


@tagged("post_install", "-at_install")
class TestAuditTour(AuditCommon, HttpCase):
    """The whole way in the browser: ask, look, print, switch on, import a file."""

    def _enter_job_mode(self):
        return nullcontext()

    def test_manager_audits_looks_prints_and_switches_on(self):
        self._create_past()
        login = self.manager.login
        self.start_tour("/odoo/recovery-audits", "recovery_audit_ask", login=login)
        audit = self.env["recovery.audit"].search([], limit=1)
        self.assertEqual(audit.state, "waiting")
        self._run_cron("audit")
        self.start_tour(
            f"/odoo/recovery-audits/{audit.id}", "recovery_audit_switch_on", login=login
        )
        policy = audit.switched_policy_id
        self.assertEqual(self.env["recovery.policy"]._match(self._create_invoice()), policy)
        self.authenticate(login, login)
        printed = self.url_open(f"/report/html/revenue_recovery.report_recovery_audit/{audit.id}")
        self.assertEqual(printed.status_code, 200)
        self.assertIn("What each policy would probably have brought back", printed.text)

    def test_manager_imports_a_file(self):
        login = self.manager.login
        with mute_logger("odoo.http"):  # A file that is refused on the way.
            self.start_tour("/odoo/recovery-audits", "recovery_audit_import", login=login)
        audit = self.env["recovery.audit"].search([], limit=1)
        self.assertEqual((audit.file_name, audit.state), ("payments.csv", "waiting"))
        self._run_cron("audit")
        self.assertEqual(audit.result["failed"], [1, 49.0])
