# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .page_common import PageCommon


@tagged("post_install", "-at_install")
class TestPagePeople(PageCommon):
    """Who may see and pay what on the page, and with whose cards."""

    def setUp(self):
        super().setUp()
        partners = self.env["res.partner"]
        self.firm = partners.create({"name": "Firm", "is_company": True, "email": "f@example.com"})
        self.anna, self.ben = partners.create(
            [
                {"name": name, "parent_id": self.firm.id, "email": f"{name}@example.com"}
                for name in ("Anna", "Ben")
            ]
        )
        self.stranger = partners.create(
            {"name": "Stranger Ltd", "email": "s@example.com", "street": "Secret Street 1"}
        )

    def _fail_for(self, person, **values):
        """Return the failed invoice of a contact, charged to a card of the firm, and its page."""
        self.firm_card = self._create_card(partner_id=self.firm.id, payment_details="7000")
        invoice, case = self._fail_invoice(partner_id=person.id, token=self.firm_card, **values)
        return invoice, case, self._get_path(case)

    def _give_to(self, invoice, partner):
        invoice.button_draft()
        invoice.partner_id = partner
        invoice.action_post()

    def _is_offered(self, card, path):
        return f"o_payment_token_{card.id}" in self._get(path).text

    def _try_card(self, card, path, **values):
        return self._pay(
            path=path, flow="token", token_id=card.id, payment_method_id=None, **values
        )

    # === CARDS === #

    def test_colleagues_card_is_neither_offered_nor_charged(self):
        card = self._create_card("done", partner_id=self.ben.id)
        invoice, _case, path = self._fail_for(self.anna)
        self.assertFalse(self._is_offered(card, path))
        self.assertIn("choose another payment method", self._try_card(card, path))
        self.assertEqual(invoice.payment_state, "not_paid")

    def test_own_card_is_offered_and_pays(self):
        card = self._create_card("done", partner_id=self.anna.id)
        invoice, _case, path = self._fail_for(self.anna)
        self.assertTrue(self._is_offered(card, path))
        self._try_card(card, path)
        transaction = self.env["payment.transaction"].search([], order="id desc", limit=1)
        self.assertEqual((transaction.token_id, transaction.partner_id), (card, self.anna))
        self.assertEqual(transaction.state, "done")

    def test_card_that_is_charged_anyway_is_offered_to_whoever_has_the_link(self):
        _invoice, _case, path = self._fail_for(self.anna)
        self.assertTrue(self._is_offered(self.firm_card, path))

    def test_card_of_one_invoice_does_not_pay_another(self):
        _invoice, case, _path = self._fail_for(self.anna)
        bens = self._create_card(partner_id=self.ben.id)
        _other, other_case = self._fail_invoice(partner_id=self.anna.id, token=bens, amount=50.0)
        path = self._get_path(case | other_case)
        self.assertFalse(self._is_offered(bens, path))
        answer = self._pay(case, path, flow="token", token_id=bens.id, payment_method_id=None)
        self.assertIn("choose another payment method", answer)
        self.assertTrue(self._is_offered(bens, f"{path}?only={other_case.id}"))

    def test_firms_private_contact_card_is_not_offered_on_the_firms_link(self):
        card = self._create_card("done", partner_id=self.ben.id)
        _invoice, _case, path = self._fail_for(self.firm)
        self.assertFalse(self._is_offered(card, path))

    def test_link_from_the_portal_is_for_whoever_is_logged_in(self):
        user = new_test_user(
            self.env,
            "page ben",
            "base.group_portal",
            company_id=self.env.company.id,
            company_ids=[Command.set(self.env.company.ids)],
        )
        user.partner_id.parent_id = self.firm
        own = self._create_card("done", partner_id=user.partner_id.id)
        annas = self._create_card("done", partner_id=self.anna.id)
        self._fail_for(self.anna)
        self.authenticate("page ben", "page ben")
        link = self._lead("/my/invoices/recovery")
        path = link[link.index("/recovery/pay/") :]
        self.assertTrue(self._is_offered(own, path))
        self.assertFalse(self._is_offered(annas, path))

    def test_link_in_a_notice_is_for_whom_the_notice_went_to(self):
        template = self.env.ref("revenue_recovery.mail_template_payment_failed").copy()
        template.partner_to = str(self.ben.id)
        step = {"name": "F", "mail_template_id": template.id, "delay_hours": 0}
        step |= {"hour_from": 0, "hour_to": 24, "working_days": False}
        self.policy.step_ids = [Command.create(step)]
        cards = {
            person: self._create_card("done", partner_id=person.id)
            for person in (self.anna, self.ben)
        }
        _invoice, case, _path = self._fail_for(self.anna)
        self._run_cron("follow")
        notice = case.notice_ids
        self.assertEqual(notice.recipient_id, self.ben)
        path = self._get_path(case, notice=notice)
        self.assertTrue(self._is_offered(cards[self.ben], path))
        self.assertFalse(self._is_offered(cards[self.anna], path))

    def test_contact_who_has_left_opens_nothing_of_the_firm_any_more(self):
        invoice, case, path = self._fail_for(self.anna)
        self.anna.parent_id = False
        page = self._get(path)
        self.assertEqual(page.status_code, 410)
        self.assertNotIn(invoice.name, page.text)
        mails = self.env["mail.mail"].search([])
        self._post("renew", path)
        sent = self.env["mail.mail"].search([]) - mails
        self.assertEqual(sent.recipient_ids, self.firm, msg="Who still owes it.")

    # === ANOTHER CUSTOMER === #

    def test_old_link_shows_nothing_of_the_new_customer(self):
        invoice, case, path = self._fail_for(self.anna)
        card = self._create_card("done", partner_id=self.stranger.id)
        invoice.button_draft()
        invoice.partner_id = self.stranger
        for is_posted in (False, True):
            if is_posted:
                invoice.action_post()
            for part in ("", "/method"):
                page = self._get(f"{path}{part}")
                self.assertEqual(page.status_code, 410)
                for secret in (invoice.name, "100.00", "Stranger Ltd", "Secret Street"):
                    self.assertNotIn(secret, page.text)
            with mute_logger("odoo.http"):
                self.assertIn("reload the page", self._pay(path=path))
                self.assertIn("reload the page", self._try_card(card, path))
                self.assertIn("reload the page", self._save_method(path))
        self._run_cron("follow")
        self.assertEqual(self._get(path).status_code, 410)
        self.assertEqual(case.state, "cancelled")

    def test_old_link_sends_the_new_customer_nothing(self):
        invoice, case, _path = self._fail_for(self.anna)
        self._give_to(invoice, self.stranger)
        mails = self.env["mail.mail"].search([])
        self.assertEqual(self._get(self._expire(case)).status_code, 410)
        case.sudo()._send_new_link()
        self.assertEqual(self.env["mail.mail"].search([]), mails)

    def test_link_keeps_the_invoices_that_are_still_owed(self):
        invoice, case, _path = self._fail_for(self.anna)
        other, other_case = self._fail_invoice(
            partner_id=self.anna.id, token=self.firm_card, amount=50.0
        )
        path = self._get_path(case | other_case)
        self._give_to(invoice, self.stranger)
        page = self._get(path).text
        self.assertIn(other.name, page)
        self.assertIn('data-amount="50.0"', page)
        self.assertNotIn(invoice.name, page)

    def test_new_customer_has_a_page_of_his_own(self):
        invoice, case, _path = self._fail_for(self.anna)
        self._give_to(invoice, self.stranger)
        self._run_cron("follow")
        page = self._get(self._get_path(invoice.recovery_case_id)).text
        self.assertIn(invoice.name, page)
        self.assertNotIn(f"o_payment_token_{self.firm_card.id}", page)
