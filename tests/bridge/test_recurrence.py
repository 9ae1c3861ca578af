# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.tests import tagged

from ...models.flow.recurrence import stop_recurrence
from ..common import RecoveryCommon

MONTHS = {
    "monthly": relativedelta(months=1),
    "quarterly": relativedelta(months=3),
    "yearly": relativedelta(years=1),
}


@tagged("post_install", "-at_install")
class TestRecurrence(RecoveryCommon):
    """What makes further invoices of the same kind is known, and can be ended."""

    def _create_series(self, period="monthly", count=1):
        """Create the first invoices of a series and post them; Odoo drafts the next one."""
        # Odoo posts nothing that is dated ahead, so the series ends today.
        begins_on = fields.Date.today() - (count - 1) * MONTHS[period]
        invoice = self._create_invoice(
            auto_post=period, date=begins_on, invoice_date=begins_on, due=begins_on
        )
        series = invoice
        while len(series) < count:
            following = self._get_following(invoice)
            following._post(soft=False)
            series += following
        return series

    def _get_following(self, invoice):
        """Return the drafts that Odoo made after the invoices of a series."""
        return self.env["account.move"].search(
            [("auto_post_origin_id", "=", invoice.id), ("state", "=", "draft")]
        )

    def _watch_events(self):
        """Let a rule listen, so that events are written."""
        self.env["base.automation"].create(
            {
                "name": "Listener",
                "model_id": self.env["ir.model"]._get_id("recovery.event"),
                "trigger": "on_create",
            }
        )
        self.addCleanup(setattr, self.registry, "registry_invalidated", False)

    def _get_events(self):
        return self.env["recovery.event"].search([("type", "=", "service_ended")])

    def test_invoice_that_is_made_once_has_no_recurrence(self):
        self.assertIsNone(self._create_invoice()._get_recurrence())
        self.assertIsNone(self._create_invoice(auto_post="at_date")._get_recurrence())

    def test_recurrence_is_known_from_every_invoice_of_a_series(self):
        series = self._create_series("quarterly", count=2)
        for invoice in series + self._get_following(series[0]):
            self.assertEqual(invoice._get_recurrence(), ("quarterly", series[0]))

    def test_case_keeps_how_often_its_invoice_is_made(self):
        yearly = self._create_series("yearly")
        once = self._create_invoice()
        for invoice in yearly + once:
            self.env["recovery.case"].sudo()._open_overdue(invoice)
        self.assertEqual(yearly.recovery_case_id.recurrence, "yearly")
        self.assertEqual(once.recovery_case_id.recurrence, "once")
        annual = self.env["recovery.case"].search([("recurrence", "=", "yearly")])
        self.assertEqual(annual, yearly.recovery_case_id)

    def test_report_tells_recurring_invoices_by_their_cases(self):
        invoices = self._create_series() + self._create_invoice()
        for invoice in invoices:
            self.env["recovery.case"].sudo()._open_overdue(invoice)
        self.env.flush_all()
        rows = self.env["recovery.case.report"].search([("move_id", "in", invoices.ids)])
        self.assertEqual(
            {row.move_id: row.is_recurring for row in rows},
            {invoices[0]: True, invoices[1]: False},
        )

    def test_ending_a_series_cancels_the_next_draft_and_leaves_what_was_posted(self):
        series = self._create_series(count=2)
        following = self._get_following(series[0])
        sentences = stop_recurrence(series[1], "Not paid for two months.")
        self.assertEqual(following.state, "cancel")
        self.assertEqual(series.mapped("state"), ["posted"] * 2)
        self.assertEqual(len(sentences), 1)
        self.assertIn("Not paid for two months.", sentences[0])
        self.assertIn(sentences[0], series[1].message_ids[0].body)
        self.assertIn(sentences[0], following.message_ids.mapped("body")[0] or "")

    def test_series_that_was_ended_does_not_begin_anew(self):
        invoice = self._create_series()
        stop_recurrence(invoice, "The end.")
        invoice.button_draft()
        invoice.action_post()
        self.assertFalse(self._get_following(invoice))

    def test_series_is_ended_once(self):
        series = self._create_series(count=2)
        self.assertEqual(
            len(stop_recurrence(series, "The end.")),
            1,
            msg="Two invoices of one series have one recurrence.",
        )
        self.assertEqual(stop_recurrence(series, "The end."), [])
        self.assertEqual(stop_recurrence(self._create_invoice(), "The end."), [])

    def test_invoice_that_is_being_corrected_is_not_cancelled(self):
        series = self._create_series(count=2)
        series[1].button_draft()
        stop_recurrence(series[0], "The end.")
        self.assertEqual(series[1].state, "draft")
        series[1].action_post()
        self.assertFalse(self._get_following(series[0]))

    def test_end_of_a_service_is_an_event(self):
        self._watch_events()
        invoice = self._create_series()
        case = self.env["recovery.case"].sudo()._open_overdue(invoice)
        [sentence] = stop_recurrence(invoice, "The end.")
        event = self._get_events()
        self.assertEqual((event.case_id, event.move_id), (case, invoice))
        self.assertEqual(event.sentence, sentence)
        stop_recurrence(invoice, "The end.")
        self.assertEqual(len(self._get_events()), 1)
