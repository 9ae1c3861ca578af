# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from ...models.flow.recurrence import stop_recurrence
from ..flow.rules_common import RulesCommon


@tagged("post_install", "-at_install")
class TestSubscription(RulesCommon):
    """Subscriptions of the OCA's addon `subscription_oca` are known and closed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("sales_team.group_sale_manager")

    def _create_subscription(self, unit="months", count=1, mode="invoice"):
        """Create a subscription that is in progress."""
        template = self.env["sale.subscription.template"].create(
            {
                "name": "Plan",
                "code": "PLAN",
                "recurring_rule_type": unit,
                "recurring_interval": count,
                "invoicing_mode": mode,
            }
        )
        subscription = self.env["sale.subscription"].create(
            {
                "partner_id": self.customer.id,
                "template_id": template.id,
                "pricelist_id": self.env["product.pricelist"].create({"name": "Prices"}).id,
                "sale_subscription_line_ids": [
                    Command.create(
                        {"product_id": self.product_a.id, "price_unit": 100.0, "tax_ids": []}
                    )
                ],
            }
        )
        subscription.action_start_subscription()
        return subscription

    def _invoice(self, subscription):
        """Return the next invoice of a subscription, posted."""
        before = self.env["account.move"].search([])
        subscription.generate_invoice()
        return self.env["account.move"].search([]) - before

    def test_interval_is_that_of_the_template(self):
        for unit, count, interval in (
            ("weeks", 1, "weekly"),
            ("months", 1, "monthly"),
            ("months", 3, "quarterly"),
            ("years", 1, "yearly"),
            ("days", 10, "other"),
        ):
            with self.subTest(unit=unit, count=count):
                subscription = self._create_subscription(unit, count)
                invoice = self._invoice(subscription)
                self.assertEqual(invoice._get_recurrence(), (interval, subscription))

    def test_invoice_of_an_order_knows_the_subscription_that_made_the_order(self):
        subscription = self._create_subscription("years", mode="sale_and_invoice")
        invoice = self._invoice(subscription)
        self.assertFalse(invoice.subscription_id)
        self.assertEqual(invoice._get_recurrence(), ("yearly", subscription))

    def test_case_of_a_subscription_says_so(self):
        invoice = self._invoice(self._create_subscription("years"))
        case = self.env["recovery.case"].sudo()._open_overdue(invoice)
        self.assertEqual(case.recurrence, "yearly")

    def test_closed_subscription_makes_no_further_invoice(self):
        subscription = self._create_subscription()
        invoice = self._invoice(subscription)
        [sentence] = stop_recurrence(invoice, "Not paid for two months.")
        self.assertEqual(subscription.stage_type, "post")
        self.assertIn(sentence, subscription.message_ids[0].body)
        self.assertEqual(stop_recurrence(invoice, "Again."), [])
        self.assertFalse(self._bill_later(subscription))
        self.assertEqual(invoice.state, "posted")

    def test_subscription_that_goes_on_makes_further_invoices(self):
        subscription = self._create_subscription()
        self._invoice(subscription)
        self.assertTrue(self._bill_later(subscription), msg="Else the test above shows nothing.")

    def test_end_of_a_subscription_is_one_event_whoever_ends_it(self):
        self._create_rule("pass", model="recovery.event", trigger="on_create")
        by_person, by_us = self._create_subscription(), self._create_subscription()
        invoices = self._invoice(by_person) + self._invoice(by_us)
        by_person.close_subscription()
        stop_recurrence(invoices[1], "The end.")
        events = self.env["recovery.event"].search([("type", "=", "service_ended")])
        self.assertEqual(events.mapped("move_id"), invoices[1] + invoices[0])
        self.assertEqual(len(events), 2)
        by_person.close_subscription()
        self.assertEqual(
            self.env["recovery.event"].search_count([("type", "=", "service_ended")]),
            2,
            msg="What was closed before is not closed again.",
        )

    def _bill_later(self, subscription):
        """Let the subscriptions' job run in two months; return what it made for this one."""
        before = subscription.invoice_ids
        with freeze_time(fields.Date.today() + relativedelta(months=2)):
            subscription.env["sale.subscription"].cron_subscription_management()
        return subscription.invoice_ids - before
