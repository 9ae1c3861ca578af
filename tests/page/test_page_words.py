# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Small things a customer trips over: where a message leads, and whom to ask when a link is cut."""

from odoo.tests import tagged

from .page_common import PageCommon


@tagged("post_install", "-at_install")
class TestPageWords(PageCommon):
    def test_outdated_details_lead_to_the_form_that_replaces_them(self):
        template = self.env.ref("revenue_recovery.mail_template_update_card")
        body = template._render_field("body_html", self.case.ids)[self.case.id]
        link = self.case._get_notice_link(to_replace=True)
        self.assertTrue(link.endswith("/method"))
        self.assertRegex(body, r'href="[^"]*/recovery/pay/[^"]+/method"')
        other = self.env.ref("revenue_recovery.mail_template_payment_failed")
        body = other._render_field("body_html", self.case.ids)[self.case.id]
        self.assertNotRegex(body, r'/recovery/pay/[^"]+/method"')

    def test_a_link_that_is_cut_shows_whom_to_ask_where_there_is_but_one_company(self):
        answer = self._get("/recovery/pay/cut-off")
        self.assertEqual(answer.status_code, 404)
        several = self.env["res.company"].sudo().search_count([]) > 1
        self.assertEqual("/logo.png" in answer.text, not several)

    def test_a_payment_that_the_customer_made_stands_in_the_timeline(self):
        transaction = self._create_portal_transaction(
            self.invoice, provider_id=self.demo_provider.id, operation="online_direct"
        )
        transaction._set_error("Your card was declined.")
        lines = self.case.timeline_ids.filtered(lambda line: line.kind == "payment")
        self.assertEqual(
            (lines.state, lines.amount, lines.sentence),
            ("declined", transaction.amount, "Your card was declined."),
        )
        own = self.case.timeline_ids.filtered(lambda line: line.kind == "charge")
        self.assertEqual(len(own), len(self.case.attempt_ids))
        self.assertEqual(len(set(self.case.timeline_ids.ids)), len(self.case.timeline_ids))
