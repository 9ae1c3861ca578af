# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What happens next: the first of the conditions that holds, in the reader's words and time."""

from datetime import date, timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from ...models.today.next_step import KINDS
from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestNextStep(RecoveryCommon):
    NOW = "2027-03-10 05:30:00"  # Six thirty in Paris: a Wednesday, before anything is charged.

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.write({"charge_hour_from": 8, "charge_hour_to": 20})
        cls.env.user.tz = "Europe/Paris"
        cls.card = cls._create_card(outcome="error")

    def setUp(self):
        super().setUp()
        self.freeze_time.move_to(self.NOW)

    def _read(self, record, **context):
        record = record.sudo(False)
        record.invalidate_recordset()
        name = "recovery_next_step" if record._name == "account.move" else "next_step"
        record = record.with_context(**context)
        kind = record[f"{name}_kind"]
        if kind:
            self.assertIn(record, record.search([(f"{name}_kind", "=", kind)]))
        return kind, record[name]

    def _fail(self, **values):
        """Return the case of an invoice whose first charge was declined at noon."""
        self.freeze_time.move_to("2027-03-10 11:00:00")
        return self._fail_invoice(token=self.card, **values)[1].sudo()

    # === BEFORE THE FIRST FAILURE === #

    def test_invoice_that_is_due_later(self):
        invoice = self._create_invoice(token=self.card, due=date(2027, 3, 24))
        label = self.card._recovery_get_label()
        self.assertEqual(
            self._read(invoice), ("charge", f"Will be charged on Wed, Mar 24 to {label}.")
        )
        invoice.button_draft()
        self.assertEqual(self._read(invoice), (False, False))

    def test_invoice_that_is_due_before_the_hours_of_charges(self):
        invoice = self._create_invoice(token=self.card)
        kind, sentence = self._read(invoice)
        self.assertEqual(kind, "charge")
        self.assertRegex(sentence, r"^Will be charged today at 8:00\sAM to ")
        self._run_cron("collect")
        self.assertEqual(self._read(invoice), (kind, sentence))

    def test_customer_elsewhere_is_told_of_in_their_own_time(self):
        self.customer.tz = "Asia/Tokyo"
        invoice = self._create_invoice(token=self.card)
        self._run_cron("collect")
        attempt = invoice.recovery_attempt_ids
        attempt.sudo().planned_at = "2027-03-10 23:00:00"
        self.assertRegex(
            self._read(invoice)[1],
            r"charged tomorrow at 12:00\sAM \(8:00\sAM for the customer, Asia/Tokyo\) to",
        )

    def test_invoice_without_a_method(self):
        invoice = self._create_invoice()
        self.assertRegex(self._read(invoice)[1], "no saved payment method")

    def test_invoice_that_nobody_charges_has_none(self):
        invoice = self._create_invoice(collect_automatically=False)
        bill = self._create_invoice(move_type="in_invoice", collect_automatically=False)
        self.assertEqual(self._read(invoice), (False, False))
        self.assertEqual(self._read(bill), (False, False))

    def test_excluded_invoice(self):
        invoice = self._create_invoice(
            token=self.card,
            recovery_excluded="charges",
            recovery_excluded_until=date(2027, 3, 12),
            recovery_excluded_reason="Under discussion",
        )
        self.assertEqual(
            self._read(invoice),
            ("wait", "Is excluded from charges; looked at again on Fri, Mar 12."),
        )

    # === A CASE === #

    def test_next_charge(self):
        case = self._fail()
        kind, sentence = self._read(case)
        self.assertEqual(kind, "charge")
        label = self.card._recovery_get_label()
        self.assertRegex(sentence, rf"^Will be charged on \w+, Mar \d+ at [\d:]+\s[AP]M to {label}")
        self.assertEqual(self._read(case.move_id), (kind, sentence))

    def test_what_a_person_must_look_at_comes_first(self):
        case = self._fail()
        case._ask_for_attention("Call them.")
        self.assertEqual(self._read(case), ("look", "You must look: Call them."))

    def test_method_that_waits_for_the_customer(self):
        for blocked, words in (
            ("fix_data", "to update"),
            ("customer_action", "to confirm the payment"),
            ("never", "to add a payment method"),
            ("missing", "to add a payment method"),
        ):
            with self.subTest(blocked), self.env.cr.savepoint():
                case = self._fail()
                case.attempt_ids.filtered(lambda each: each.state == "planned").state = "cancelled"
                case.blocked_class = blocked
                kind, sentence = self._read(case)
                self.assertEqual(kind, "customer")
                self.assertIn(words, sentence)

    def test_own_set_up(self):
        case = self._fail()
        case.write({"blocked_class": "merchant", "waiting_provider_id": self.demo_provider.id})
        self.assertEqual(
            self._read(case), ("setup", f"Waits until {self.demo_provider.name} is put in order.")
        )

    def test_paused_case(self):
        case = self._fail()
        case._pause(date(2027, 3, 11), "Asked for.")
        self.assertEqual(self._read(case), ("wait", "Is paused; charges again tomorrow."))
        case.paused_until = False
        self.assertEqual(self._read(case)[1], "Is paused until somebody resumes it.")

    def test_charge_under_way(self):
        case = self._fail()
        attempt = case.next_attempt_id
        for state, values, words in (
            ("running", {}, "right now"),
            ("unknown", {"resolve_at": "2027-03-10 12:00:00"}, r"asked again today at 1:00\sPM"),
            ("pending", {"deadline_at": "2027-03-24 12:00:00"}, r"until Wed, Mar 24, 1:00\sPM"),
        ):
            attempt.write({"state": state, **values})
            kind, sentence = self._read(case)
            self.assertEqual(kind, "charging")
            self.assertRegex(sentence, words)

    def test_end(self):
        case = self._fail()
        case.next_attempt_id.state = "cancelled"
        case.notice_ids.unlink()
        case.write({"state": "grace", "grace_until": fields.Datetime.now() + timedelta(days=7)})
        self.assertEqual(self._read(case)[0], "end")
        self.assertRegex(self._read(case)[1], r"ends on Wed, Mar 17 at 12:00\sPM")

    def test_message(self):
        self.policy.step_ids = [
            Command.create(
                {
                    "name": "Reminder",
                    "trigger": "first_failure",
                    "delay_days": 3,
                    "action_type": "activity",
                    "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
                }
            )
        ]
        case = self._fail()
        case.next_attempt_id.state = "cancelled"
        self._run_cron("follow")
        planned = case.notice_ids.filtered(lambda each: each.state == "planned")
        self.assertTrue(planned)
        self.assertEqual(self._read(case)[0], "message")
        self.assertRegex(self._read(case)[1], "Reminder goes out on")

    def test_closed_case(self):
        case = self._fail()
        case._close("lost", "Given up.")
        self.assertEqual(self._read(case)[0], "nothing")
        self.assertRegex(self._read(case)[1], r"closed today at 12:00\sPM")

    # === READERS AND LISTS === #

    def test_each_reader_has_their_own_language_and_time(self):
        for code in ("fr_FR", "ja_JP"):
            self.env["res.lang"]._activate_lang(code)
        case = self._fail()
        case.next_attempt_id.planned_at = "2027-03-22 09:00:00"
        for lang, zone, words in (
            ("en_US", "America/New_York", r"on Mon, Mar 22 at 5:00\sAM \(10:00"),
            ("fr_FR", "Europe/Paris", r"lun\. 22 mars .*10:00"),
            ("ja_JP", "Asia/Tokyo", r"3月22日\(月\).*18:00"),
        ):
            with self.subTest(lang):
                self.assertRegex(self._read(case, lang=lang, tz=zone)[1], words)

    def test_lists_are_found_by_kind(self):
        case = self._fail()
        planned = self._create_invoice(token=self.card, due=date(2027, 3, 24))
        plain = self._create_invoice(collect_automatically=False)
        moves = case.move_id | planned | plain
        kinds = [kind for kind, _label in KINDS]
        found = self.env["account.move"].search(
            [("recovery_next_step_kind", "in", kinds), ("id", "in", moves.ids)]
        )
        self.assertEqual(found, moves - plain)
        self.assertNotIn(
            case, self.env["recovery.case"].search([("next_step_kind", "!=", "charge")])
        )

    def test_lists_cost_no_more_statements_with_more_rows(self):
        cases = self.env["recovery.case"]
        for _number in range(6):
            cases |= self._fail()

        def count(records):
            self.env.invalidate_all()
            records.mapped("next_step")  # What is read once in each process.
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records.mapped("next_step")
            return self.env.cr.sql_log_count - before

        self.assertLessEqual(count(cases), count(cases[:2]) + 1)
