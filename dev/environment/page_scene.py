# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The customer's page in the states that the pictures show. Needs Odoo."""

from datetime import timedelta

_PAGE = "/recovery/pay/"


class PageScene:
    """Failed payments beside those of the e-mails' scene, and the links to their pages."""

    def __init__(self, scene) -> None:
        self.scene = scene
        self.env = scene.env
        provider = self.env["payment.provider"].search([("code", "=", "demo")], limit=1)
        card = self.env.ref("payment.payment_method_card")
        # A form with one method is opened by itself, as in most shops.
        provider.payment_method_ids = card
        provider.write({"state": "test", "is_published": True, "allow_tokenization": True})
        card.write({"active": True, "support_tokenization": True})

    def find_pages(self) -> dict[str, str]:
        """Return the path of each page, by the name of its picture."""
        one = self._fail("later", 49.0)
        several = self._fail("fix_data", 49.0, 120.5)
        confirm = self._fail("customer_action", 49.0)
        busy = self._fail("later", 49.0)
        self._charge(busy, self.scene.now + timedelta(seconds=30))
        promised = self._fail("later", 49.0)
        promised._promise(self.scene.now.date() + timedelta(days=3))
        many = self._fail("later", *(20.0 + number for number in range(23)))
        withdrawn = self._fail("later", 49.0)
        withdrawn_path = self._get_path(withdrawn)
        withdrawn.action_withdraw_links()
        paid = self._fail("later", 49.0)
        payment = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.move_id.ids
        )
        payment.create({})._create_payments()
        return {
            "page": self._get_path(one),
            "page_several": self._get_path(several),
            "page_many": self._get_path(many),
            "page_many_one": f"{self._get_path(many)}?only={many[21].id}",
            "page_withdrawn": withdrawn_path,
            "page_confirm": self._get_path(confirm),
            "page_method": f"{self._get_path(one)}/method",
            "page_busy": self._get_path(busy),
            "page_promised": f"{self._get_path(promised)}?done=promise",
            "page_paid": self._get_path(paid),
            "page_expired": self._get_path(self._fail("later", 49.0), days=31),
            "page_wrong": f"{_PAGE}x",
        }

    def find_part_pages(self) -> dict[str, str]:
        """Return the paths of the pages about parts, by the names of their pictures."""
        from odoo.addons.revenue_recovery.models.schedule.part_offer import PartOffer

        self.scene.policy.write({"parts_most": 4, "parts_from": 100.0})
        self._book_with_entries()
        choice, agreed = self._fail("later", 149.0), self._fail("later", 149.0)
        for case in choice | agreed:
            case.ladder = self.scene.policy._get_schedule(case.move_id)
        offer = PartOffer(agreed)
        parts = offer.propose(3, self.scene.now.date(), "month")
        agreed._begin_parts(parts, offer.describe(parts))
        payment = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=agreed.move_id.ids
        )
        payment.create({"amount": parts[0][1]})._create_payments()
        return {
            "page_to_split": self._get_path(choice),
            "page_parts": f"{self._get_path(choice)}/parts",
            "page_in_parts": f"{self._get_path(agreed)}?done=parts",
        }

    def _book_with_entries(self):
        """Let payments have journal entries, without which nothing is paid in parts."""
        lines = self.env["account.journal"].search([("type", "=", "bank")])
        account = self.env["account.payment"]._get_outstanding_account("inbound")
        lines.inbound_payment_method_line_ids.payment_account_id = account

    def _fail(self, decline_class, *amounts):
        """Return the cases of a customer of their own, with a card unless that is what is wrong."""
        customer = self.scene.customer.copy({"name": self.scene.customer.name})
        cases = self.env["recovery.case"]
        for number, amount in enumerate(amounts):
            cases |= self.scene._create_case(amount, days=-9 + number)
        cases.move_id.button_draft()
        cases.move_id.write({"collect_token_id": False, "partner_id": customer.id})
        cases.write({"partner_id": customer.id, "decline_class": decline_class, "token_id": False})
        if decline_class == "later":
            card = self.scene.card.copy({"partner_id": customer.id})
            cases.token_id = card
        cases.move_id.action_post()
        cases.deadline_at = self.scene.now + timedelta(days=10)
        return cases

    def _charge(self, case, at):
        values = {"source": "ladder", "planned_at": at, "due_date": case.due_date}
        self.env["recovery.attempt"].create(
            case.move_id._prepare_attempt_vals(case_id=case.id, **values)
        )

    def _get_path(self, cases, days=0):
        from odoo.addons.revenue_recovery.tools.links import Link

        url = cases._get_recovery_link()
        link = Link.parse(self.env, url.rpartition("/")[2])
        link = link._replace(expires_at=link.expires_at - timedelta(days=days))
        return _PAGE + link.sign(self.env)
