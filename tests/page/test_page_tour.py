# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.tests import tagged
from odoo.tools import mute_logger

from .page_common import PageCommon


@tagged("post_install", "-at_install")
class TestPageTour(PageCommon):
    """The page in a browser, with Odoo's own payment form."""

    def _open(self, name, path=None):
        self.start_tour(path or self.path, f"recovery_page_{name}")

    def test_customer_pays_with_a_new_card_and_keeps_it(self):
        self._open("pay")
        self.assertEqual(self.invoice.payment_state, "paid")
        self.assertEqual(self.customer.collect_token_id.payment_details, "1111")

    def test_customer_replaces_his_card_and_the_retry_pays(self):
        self._open("replace")
        self._run_cron("follow")
        self.assertEqual(self.case.next_attempt_id._get_token(), self.customer.collect_token_id)
        self._make_due(self.case)
        self._run_cron("charge")
        self.assertEqual((self.invoice.payment_state, self.case.channel), ("paid", "new_method"))
        self._open("paid")

    def test_customer_promises_a_day(self):
        self._open("promise")
        self.assertEqual(self.case.promise_date, self.case._get_promise_bounds().last)

    @mute_logger("odoo.http")
    def test_two_tabs_pay_once(self):
        self._open("two_tabs")
        transactions = self.env["payment.transaction"].search(
            [("invoice_ids", "in", self.invoice.ids), ("operation", "=", "online_direct")]
        )
        self.assertEqual(transactions.mapped("state"), ["done"])

    def test_links_that_open_nothing_say_so(self):
        self._open("expired", self._expire(self.case))
        with mute_logger("odoo.addons.base.models.ir_http"):
            self._open("tampered", f"{self.path}x")
