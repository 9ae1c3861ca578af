# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .notice_common import NoticeCommon


@tagged("post_install", "-at_install")
class TestNotice(NoticeCommon):
    NOW = "2026-03-02 08:00:00"

    def _follow_later(self, hours=3):
        with self.mock_mail_gateway(), freeze_time(fields.Datetime.now() + timedelta(hours=hours)):
            self._run_cron("follow")
        return self._new_mails

    def test_customer_is_told_with_the_link_to_pay(self):
        invoice, case = self._fail_invoice()
        self.assertEqual(case.notice_ids.state, "planned")
        mail = self._follow_later()
        self.assertEqual(case.notice_ids.state, "sent")
        self.assertEqual(mail.recipient_ids, self.customer)
        self.assertIn(invoice.name, mail.body_html)
        self.assertIn("/recovery/pay/", mail.body_html)
        self.assertIn("customer@example.com", case.notice_ids.sentence)

    def test_customer_who_paid_meanwhile_hears_nothing(self):
        invoice, case = self._fail_invoice()
        self._register_payment(invoice, 100.0)
        self.assertFalse(self._follow_later())
        self.assertEqual(case.notice_ids.state, "skipped")

    def test_one_mail_a_day_names_all_failing_invoices(self):
        first, case = self._fail_invoice()
        second, other_case = self._fail_invoice()
        mails = self._follow_later()
        self.assertEqual(len(mails), 1)
        self.assertIn(first.name, mails.body_html)
        self.assertIn(second.name, mails.body_html)
        self.assertEqual((case + other_case).notice_ids.mapped("state"), ["sent", "sent"])

    def test_notice_of_the_same_day_waits_for_the_next(self):
        with freeze_time("2026-03-02 08:00:00") as clock, self.mock_mail_gateway():
            self._fail_invoice()
            clock.move_to("2026-03-02 11:00:00")
            self._run_cron("follow")
            _invoice, later_case = self._fail_invoice()
            clock.move_to("2026-03-02 15:00:00")
            self._run_cron("follow")
            self.assertEqual(later_case.notice_ids.state, "planned")
            self.assertEqual(later_case.notice_ids.status, "held")
            self.assertIn("one message of the day", later_case.notice_ids.sentence)
            # The next day of the customer, who lives in Paris, begins an hour before UTC's.
            self.assertEqual(str(later_case.notice_ids.held_until), "2026-03-02 23:00:00")
            clock.move_to("2026-03-03 08:00:00")
            self._run_cron("follow")
            self.assertEqual(later_case.notice_ids.state, "sent")
            self.assertEqual(len(self._new_mails), 2)

    def test_mail_is_written_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.template.with_context(lang="fr_FR").subject = "Votre paiement a échoué"
        self.customer.lang = "fr_FR"
        self._fail_invoice()
        self.assertEqual(self._follow_later().subject, "Votre paiement a échoué")

    def test_markup_in_a_customers_name_is_escaped(self):
        self.customer.name = "<script>alert(1)</script>"
        self._fail_invoice()
        self.assertNotIn("<script>", self._follow_later().body_html)

    def test_customer_without_an_address_is_told_to_the_accountant(self):
        self.customer.email = False
        _invoice, case = self._fail_invoice()
        self.assertFalse(self._follow_later())
        self.assertEqual(case.notice_ids.state, "failed")
        self.assertIn("no e-mail address", case.attention)

    @mute_logger(
        "odoo.addons.mail.models.mail_render_mixin",
        "odoo.addons.revenue_recovery.models.notice.recovery_notice",
    )
    def test_template_that_fails_is_told_and_others_still_get_theirs(self):
        broken = self.template.copy()
        policy = self._create_policy(
            sequence=1,
            domain=f"[('partner_id', '=', {self.customer.id})]",
            step_ids=[self._prepare_step(mail_template_id=broken.id)],
        )
        self.env.cr.execute(
            "UPDATE mail_template SET body_html = %s WHERE id = %s",
            ['{"en_US": "<t t-out=\\"object.nonsense\\"/>"}', broken.id],
        )
        broken.invalidate_recordset()
        sender = "odoo.addons.revenue_recovery.models.notice.recovery_notice"
        with self.assertLogs(sender, "WARNING"):
            _invoice, case = self._fail_invoice()
        self.assertEqual(case.policy_id, policy)
        neighbour = self.env["res.partner"].create({"name": "N", "email": "n@example.com"})
        card = self._create_card(partner_id=neighbour.id)
        _invoice, other_case = self._fail_invoice(token=card, partner_id=neighbour.id)
        mails = self._follow_later()
        self.assertEqual((case.notice_ids.state, other_case.notice_ids.state), ("failed", "sent"))
        self.assertIn("could not be sent", case.attention)
        self.assertIn(neighbour, mails.recipient_ids)
        self.assertNotIn(self.customer, mails.recipient_ids)
