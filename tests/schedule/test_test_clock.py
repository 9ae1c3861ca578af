# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import socket
import threading
from datetime import timedelta

from lxml import html

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from ...tools.clock import RehearsalBlocked, is_rehearsing, rehearse
from ..common import RecoveryCommon
from ..snapshot import find_changed, read_tables


@tagged("post_install", "-at_install")
class TestTestClock(RecoveryCommon):
    """A case lives through its days by the engine itself, and then nothing has happened."""

    NOW = "2026-03-02 09:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.write({"tries": 4, "window_days": 8, "grace_days": 3})
        template = cls.env.ref("revenue_recovery.mail_template_payment_failed", False)
        template = template or cls.env["mail.template"].search(
            [("model", "=", "recovery.case")], limit=1
        )
        cls.env["recovery.policy.step"].create(
            {"name": "Failed", "policy_id": cls.policy.id, "mail_template_id": template.id}
        )
        cls.manager = new_test_user(
            cls.env,
            "clock manager",
            "account.group_account_manager",
            company_id=cls.env.company.id,
            company_ids=[Command.set(cls.env.company.ids)],
        )

    def setUp(self):
        super().setUp()
        _invoice, self.case = self._fail_invoice()
        self.env.flush_all()

    def _walk(self, *answers, days=30):
        values = {f"answer_{number}": answer for number, answer in enumerate(answers, 1)}
        wizard = (
            self.env["recovery.clock.wizard"]
            .with_user(self.manager)
            .create({"case_id": self.case.id, "days": days, **values})
        )
        before = read_tables(self.env, ["recovery_clock_wizard"])
        with self._enter_job_mode():
            wizard.action_walk()
        self.env.invalidate_all()
        after = read_tables(self.env, ["recovery_clock_wizard"])
        self.assertEqual(find_changed(before, after), set())
        self.lines = [
            (row.get("name"), " ".join(row.text_content().split()))
            for row in html.fromstring(wizard.page).xpath("//tr")
        ]
        return [name for name, _text in self.lines]

    def _find(self, kind):
        return [text for name, text in self.lines if name == kind]

    def test_case_that_is_never_paid_is_lost_in_the_end_and_nothing_is_left(self):
        kinds = self._walk("funds")
        self.assertEqual(kinds.count("declined"), 4)
        self.assertEqual(kinds[-1], "report")
        cases = " ".join(self._find("case"))
        self.assertIn("Grace", cases)
        self.assertIn("Lost", cases)
        self.assertIn("lost $ 100.00", " ".join(self._find("report")).replace("\xa0", " "))
        self.assertTrue(self._find("notice"), "the message goes out, rendered")
        self.assertIn(self.case.move_id.name, " ".join(self._find("notice")))
        self.assertEqual(self.case.state, "in_recovery")

    def test_second_charge_pays_and_the_case_is_recovered(self):
        kinds = self._walk("funds", "paid")
        self.assertEqual((kinds.count("declined"), kinds.count("paid")), (1, 1))
        self.assertIn("Recovered", " ".join(self._find("case")))

    def test_payment_that_the_bank_returns_opens_the_case_again(self):
        kinds = self._walk("returned", "funds")
        self.assertLess(kinds.index("paid"), kinds.index("returned"))
        after = self.lines[kinds.index("returned") :]
        self.assertIn("In Recovery", " ".join(text for name, text in after if name == "case"))

    def test_expired_card_waits_until_it_is_replaced_and_is_charged_then(self):
        kinds = self._walk("expired", "replaced", "paid")
        order = [name for name in kinds if name in ("declined", "method", "paid")]
        self.assertEqual(order, ["declined", "method", "paid"])

    def test_no_answer_is_unknown_and_nothing_else_is_charged(self):
        self._walk("unknown")
        charges = self._find("charge")
        self.assertIn("Unknown", charges[-1])
        self.assertFalse(self._find("declined") + self._find("paid"))

    def test_clock_and_connections_of_other_threads_stay_as_they_are(self):
        now, found = fields.Datetime.now(), []

        def look():
            found.append((fields.Datetime.now() == now, is_rehearsing()))

        with self._enter_job_mode(), rehearse(self.env.registry) as rehearsal:
            rehearsal.move_to(now + timedelta(days=9))
            self.assertEqual(fields.Datetime.now(), now + timedelta(days=9))
            self.assertEqual(fields.Date.today(), (now + timedelta(days=9)).date())
            thread = threading.Thread(target=look)
            thread.start()
            thread.join()
            with self.assertRaises(RehearsalBlocked), socket.socket() as outside:
                outside.connect(("127.0.0.1", 9))
        self.assertEqual(found, [(True, False)])
        self.assertEqual(fields.Datetime.now(), now)
        self.assertNotIn("connect", vars(socket.socket))

    def test_only_managers_and_only_open_cases(self):
        accountant = new_test_user(self.env, "clock accountant", "account.group_account_invoice")
        with self.assertRaises(AccessError):
            self.env["recovery.clock.wizard"].with_user(accountant).create(
                {"case_id": self.case.id}
            )
        self.case.sudo()._close("lost", "Over.")
        with self.assertRaisesRegex(UserError, "is over"):
            self._walk("paid")

    def test_days_have_bounds(self):
        with self.assertRaisesRegex(ValidationError, "Choose 1 to 120 days"):
            self._walk("paid", days=0)

    def test_whole_way_through_the_form(self):
        wizards = self.env["recovery.clock.wizard"].with_user(self.manager)
        context = {"active_model": "recovery.case", "active_id": self.case.id}
        with Form(wizards.with_context(**context)) as form:
            self.assertEqual(form.case_id, self.case)
            form.answer_2 = "paid"
        with self._enter_job_mode():
            action = form.record.action_walk()
        self.assertEqual(action["res_id"], form.record.id)
        self.assertIn("In the reports: Recovered", form.record.page)
