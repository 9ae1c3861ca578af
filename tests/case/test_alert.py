from unittest.mock import patch

import requests

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.revenue_recovery.models.case import alerts

from ..common import RecoveryCommon

UNCLEAR = "odoo.addons.revenue_recovery.models.charge"


class AlertCommon(RecoveryCommon):
    def _find_todos(self, kind=""):
        """Return the open to-dos of our alerts, oldest first."""
        todos = self.env["mail.activity"].search([("recovery_subject", "!=", False)], order="id")
        return todos.filtered(lambda todo: todo.recovery_subject.startswith(kind))

    def _withdraw_policy(self):
        self.env["recovery.policy"].search([]).action_archive()

    def _pay_online(self, invoice, **values):
        """Return the booked payment of a customer who finished it at the provider."""
        transaction = self._create_portal_transaction(invoice, **values)
        transaction._set_done()
        with self._enter_job_mode():
            transaction._post_process()
        self._run_cron("follow")
        return transaction


@tagged("post_install", "-at_install")
class TestAlert(AlertCommon):
    """One helper: a sentence and a to-do, on the open case or on the invoice, until answered."""

    def test_alert_of_an_invoice_without_case_stands_on_the_invoice(self):
        invoice = self._create_invoice()
        alerts.raise_alert(invoice, "Look.", "outcome:1")
        self.assertEqual(invoice.recovery_attention, "Look.")
        todo = self._find_todos()
        self.assertEqual((todo.res_model, todo.res_id), ("account.move", invoice.id))
        self.assertTrue(todo.user_id.active)
        found = self.env["account.move"].search([("recovery_attention", "!=", False)])
        self.assertIn(invoice, found)
        none = self.env["account.move"].search([("recovery_attention", "=", False)])
        self.assertNotIn(invoice, none)
        like = self.env["account.move"].search([("recovery_attention", "ilike", "look")])
        self.assertEqual(like, invoice)
        alerts.answer_alert(self.env, "outcome:1")
        self.assertFalse(invoice.recovery_attention)
        self.assertFalse(self._find_todos())
        self.assertNotIn(
            invoice, self.env["account.move"].search([("recovery_attention", "!=", False)])
        )

    def test_same_subject_renews_the_sentence_and_another_one_is_another_to_do(self):
        invoice, case = self._fail_invoice()
        alerts.raise_alert(invoice, "Look.", "outcome:1")
        alerts.raise_alert(invoice, "Look again.", "outcome:1")
        self.assertEqual(self._find_todos().mapped("recovery_sentence"), ["Look again."])
        self.assertIn("Look again.", self._find_todos().note)
        self.assertEqual(case.attention, "Look again.")
        alerts.raise_alert(invoice, "Refund it.", "excess:1")
        self.assertEqual((len(self._find_todos()), case.attention), (2, "Refund it."))
        alerts.answer_alert(self.env, "excess:1")
        self.assertEqual(case.attention, "Look again.", msg="The newest that is still open.")
        alerts.answer_alert(self.env, "outcome:1")
        self.assertFalse(case.attention)
        self.assertFalse(case.activity_ids)

    def test_answer_leaves_what_else_the_case_asks_for(self):
        invoice, case = self._fail_invoice()
        alerts.raise_alert(invoice, "Look.", "outcome:1")
        case.sudo()._ask_for_attention("No e-mail address.")
        alerts.answer_alert(self.env, "outcome:1")
        self.assertEqual(case.attention, "No e-mail address.")

    def test_alert_about_money_survives_the_end_of_the_case_and_a_note_does_not(self):
        invoice, case = self._fail_invoice()
        case.sudo()._ask_for_attention("The case could not go on.", activity=True)
        self.assertEqual(len(case.activity_ids), 1)
        alerts.raise_alert(invoice, "Refund it.", "excess:1")
        case.action_stop()
        self.assertEqual((case.state, case.attention), ("lost", "Refund it."))
        self.assertEqual(self._find_todos().mapped("recovery_subject"), ["excess:1"])
        alerts.answer_alert(self.env, "excess:1")
        self.assertFalse(case.attention)

    def test_alert_of_the_invoice_stays_in_sight_when_a_case_opens(self):
        invoice = self._create_invoice(token=self._create_card())
        alerts.raise_alert(invoice, "Refund it.", "thing:1")
        self._collect()
        self.assertTrue(invoice.recovery_case_id)
        self.assertEqual(invoice.recovery_attention, "Refund it.")

    def test_to_do_goes_to_somebody_who_can_see_it(self):
        invoice, case = self._fail_invoice()
        gone = self.env["res.users"].create({"name": "Gone", "login": "gone", "active": False})
        blind = self.env["res.users"].create(
            {
                "name": "Blind",
                "login": "blind",
                "group_ids": [Command.set(self.env.ref("base.group_user").ids)],
            }
        )
        invoice.invoice_user_id = gone
        case.user_id = blind
        self.env.ref("base.user_admin").active = False
        alerts.raise_alert(invoice, "Look.", "excess:1")
        user = self._find_todos().user_id
        self.assertTrue(user.active)
        self.assertNotIn(user, gone + blind)
        self.assertTrue(case.with_user(user).has_access("read"))

    def test_person_ticks_an_alert_off_and_it_is_not_raised_again_in_the_same_words(self):
        invoice = self._create_invoice()
        alerts.raise_alert(invoice, "Refund it.", "excess:1")
        self._find_todos().action_feedback()
        self.assertFalse(invoice.recovery_attention)
        alerts.raise_alert(invoice, "Refund it.", "excess:1")
        self.assertFalse(self._find_todos())
        alerts.raise_alert(invoice, "Refund more.", "excess:1")
        self.assertEqual(invoice.recovery_attention, "Refund more.")

    def test_button_of_the_invoice_ticks_off_what_stands_on_it_and_on_its_case(self):
        invoice, case = self._fail_invoice()
        alerts.put_alert(invoice.sudo(), "Refund it.", "excess:1")
        case.sudo()._ask_for_attention("No e-mail address.", activity=True)
        self.assertEqual(invoice.recovery_attention, "No e-mail address. Refund it.")
        invoice.action_recovery_attention_done()
        self.assertFalse(invoice.recovery_attention)
        self.assertFalse(self._find_todos())

    def test_case_whose_to_do_is_cancelled_does_not_ask_for_attention_any_more(self):
        invoice, case = self._fail_invoice()
        alerts.raise_alert(invoice, "Refund it.", "excess:1")
        self._find_todos().with_user(self.env.user).unlink()
        self.assertFalse(case.attention)

    def test_question_about_an_outcome_cannot_be_ticked_off(self):
        invoice = self._create_invoice()
        alerts.raise_alert(invoice, "Look.", "outcome:1")
        todo = self._find_todos().with_user(self.env.user)
        for tick_off in (
            invoice.action_recovery_attention_done,
            todo.action_done,
            todo.unlink,
        ):
            with self.assertRaisesRegex(UserError, "Confirm first"):
                tick_off()
        self.assertEqual(invoice.recovery_attention, "Look.")
