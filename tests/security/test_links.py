# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import json
import logging
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

from odoo import fields
from odoo.http import root
from odoo.tests import tagged

from ...controllers.recovery_page_limit import LIMITS
from ...models.standing.memory import ANSWERS, KEYS
from ...tools.links import LINK_LIFE, VISIT_LIFE, Link
from ...tools.logs import LinkMask
from ..page.page_common import PageCommon

# QR codes of this many bytes are read from any screen (version 6, a seventh of it may be spoilt).
QR_BYTES = 106


class LinkCommon(PageCommon):
    def _parse(self, path):
        return Link.parse(self.env, path.split("/")[3].partition("?")[0])

    def _assert_withdrawn(self, path):
        page = self._get(path)
        self.assertEqual(page.status_code, 410)
        self.assertIn("This link was withdrawn", page.text)
        self.assertNotIn(self.invoice.name, page.text)
        self.assertNotIn("100.00", page.text)


@tagged("post_install", "-at_install")
class TestLinkForm(LinkCommon):
    """What a link names, and what stands in the links of a visit."""

    def test_link_names_one_record_and_is_as_short_for_any_customer(self):
        one = self._get_path(self.case)
        cases = self.case
        for _turn in range(3):
            cases |= self._fail_invoice()[1]
        several = self._get_path(cases)
        self.assertEqual(self._parse(several).ids, tuple(self.case.ids))
        self.assertEqual(len(several), len(one))
        self.assertLessEqual(len(f"https://odoo.example.com{several}"), QR_BYTES)

    def test_link_of_several_shows_whatever_is_open_of_the_customer(self):
        _other, other_case = self._fail_invoice(amount=55.0)
        path = self._get_path(self.case | other_case)
        third, _case = self._fail_invoice(amount=7.0)
        other_case.sudo()._close("lost", "Given up.")
        page = self._get(path).text
        self.assertIn(third.name, page)
        self.assertIn('data-amount="107.0"', page)

    def test_link_of_several_shows_nothing_of_what_the_customer_does_not_hear(self):
        other, other_case = self._fail_invoice(amount=55.0)
        path = self._get_path(self.case | other_case)
        for values in ({"waiting_since": fields.Datetime.now()}, {"excluded": "notices"}):
            other_case.sudo().write({"waiting_since": False, "excluded": False, **values})
            self.assertNotIn(other.name, self._get(path).text, msg=values)
        other_case.sudo().write({"excluded": "both", "contest_state": "open"})
        self.assertIn(other.name, self._get(path).text, msg="They contest it themselves.")

    def test_link_of_an_earlier_version_opens_what_it_named_until_it_expires(self):
        other, other_case = self._fail_invoice(amount=55.0)
        _third, third_case = self._fail_invoice(amount=7.0)
        ids = (self.case | other_case).ids
        until = fields.Datetime.now() + LINK_LIFE
        text = Link("cases", tuple(ids), self.customer.id, 0, until).sign(self.env)
        self.assertEqual(Link.parse(self.env, text).ids, tuple(ids))
        page = self._get(f"/recovery/pay/{text}").text
        self.assertIn(other.name, page)
        self.assertIn('data-amount="155.0"', page)
        third_case.action_withdraw_links()
        self.assertIn(other.name, self._get(f"/recovery/pay/{text}").text)
        other_case.action_withdraw_links()
        self._assert_withdrawn(f"/recovery/pay/{text}")

    def test_opening_a_link_leads_to_one_of_a_visit_that_opens_nothing_after_a_day(self):
        location = self._lead(f"{self.path}?done=promise")
        visit = location[location.index("/recovery/pay/") :]
        self.assertNotIn(self.path, visit)
        self.assertTrue(visit.endswith("?done=promise"))
        link = self._parse(visit)
        self.assertTrue(link.is_visit)
        life = link.expires_at - fields.Datetime.now()
        self.assertLessEqual(life, VISIT_LIFE)
        page = self._get(visit)
        self.assertFalse(page.history, msg="A visit leads nowhere else.")
        self.assertNotIn(self.path, page.text)
        self.assertIn("Send me a new link", self._get(self._age(visit, VISIT_LIFE)).text)

    def _age(self, path, time):
        link = self._parse(path)
        link = link._replace(expires_at=link.expires_at - time)
        return f"/recovery/pay/{link.sign(self.env)}"

    def test_visit_ends_with_its_link_at_the_latest(self):
        link = self._parse(self.path)
        last = link.expires_at - timedelta(hours=1)
        self.assertEqual(link.begin_visit(last).expires_at, link.expires_at)

    def test_payment_keeps_the_link_of_the_visit_only(self):
        location = self._lead(self.path)
        visit = location[location.index("/recovery/pay/") :]
        transaction = self._simulate(self._pay(path=visit))
        self.assertIn(visit, transaction.landing_route)
        self.assertNotIn(self.path, transaction.landing_route)

    def test_visits_of_one_link_share_its_limits(self):
        for turn in range(LIMITS["view"]["link"][0]):
            link = self._parse(self.path).begin_visit(
                fields.Datetime.now() - timedelta(minutes=turn)
            )
            self._get(f"/recovery/pay/{link.sign(self.env)}/state")
        self.assertEqual(self._get().status_code, 429)

    def test_log_of_odoo_holds_no_link(self):
        text = self.path.split("/")[3]
        for name in ("werkzeug", "odoo.http"):
            with self.subTest(logger=name):
                logger = logging.getLogger(name)
                line = f"GET {self.path}/state?x=1 HTTP/1.1"
                record = logger.makeRecord(name, logging.INFO, "", 0, '"%s" %s', (line, 200), None)
                masks = [each for each in logger.filters if isinstance(each, LinkMask)]
                self.assertEqual(len(masks), 1)
                self.assertTrue(masks[0].filter(record))
                self.assertNotIn(text, record.getMessage())
                self.assertEqual(
                    record.getMessage(), '"GET /recovery/pay/…/state?x=1 HTTP/1.1" 200'
                )


@tagged("post_install", "-at_install")
class TestWithdrawal(LinkCommon):
    def test_links_of_a_case_die_at_once_and_new_ones_open_the_page(self):
        visit = self._lead(self.path)
        visit = visit[visit.index("/recovery/pay/") :]
        self.assertEqual(self._get().status_code, 200)
        self.case.action_withdraw_links()
        for path in (self.path, visit, f"{self.path}/method"):
            self._assert_withdrawn(path)
        self.assertIn("reload the page", self._pay())
        self.assertIn("reload the page", self._save_method())
        new = self._get_path(self.case)
        self.assertNotEqual(new, self.path)
        self.assertIn(self.invoice.name, self._get(new).text)
        self.case.action_withdraw_links()
        self._assert_withdrawn(new)

    def test_withdrawal_is_told_in_the_chatter(self):
        self.case.action_withdraw_links()
        self.assertIn("withdrew the links", self.case.message_ids[0].body)
        self.customer.action_recovery_withdraw_links()
        self.assertIn("withdrew all links", self.case.message_ids[0].body)
        self.assertIn("withdrew all links", self.customer.message_ids[0].body)

    def test_links_of_a_case_end_those_that_list_it_and_no_others(self):
        _other, other_case = self._fail_invoice(amount=55.0)
        both = self._get_path(self.case | other_case)
        own = self._get_path(other_case)
        other_case.action_withdraw_links()
        self._assert_withdrawn(both)
        self.assertEqual(self._get(own).status_code, 410)
        self.assertEqual(self._get().status_code, 200)
        new = self._get_path(self.case | other_case)
        self.assertIn('data-amount="155.0"', self._get(new).text)

    def test_withdrawn_link_asks_for_no_new_one(self):
        path = self._expire(self.case)
        token = self._read_form_token(path)
        self.case.action_withdraw_links()
        mails = self.env["mail.mail"].search([])
        self._assert_withdrawn(path)
        self.assertNotIn("Send me a new link", self._get(path).text)
        self._post("renew", path, csrf_token=token)
        self.assertEqual(self.env["mail.mail"].search([]), mails)

    def test_links_of_a_customer_die_those_to_their_methods_as_well(self):
        card = self._create_card()
        link = card._get_recovery_method_link()
        method = link[link.index("/recovery/pay/") : -len("/method")]
        stranger = self.env["res.partner"].create({"name": "S", "email": "s@example.com"})
        strange_card = self._create_card(partner_id=stranger.id)
        strange, strange_case = self._fail_invoice(token=strange_card, partner_id=stranger.id)
        strange_path = self._get_path(strange_case)
        self.assertEqual(self._get(method).status_code, 200)
        self.customer.action_recovery_withdraw_links()
        self._assert_withdrawn(self.path)
        self._assert_withdrawn(method)
        self.assertIn(strange.name, self._get(strange_path).text)
        new = card._get_recovery_method_link()
        self.assertEqual(self._get(new[new.index("/recovery/pay/") :]).status_code, 200)

    def test_links_of_another_company_stay(self):
        other = self._create_company(name="Other")
        self.customer.with_company(other).with_context(
            allowed_company_ids=other.ids
        ).action_recovery_withdraw_links()
        self.assertEqual(self._get().status_code, 200)

    def test_product_that_keeps_an_answer_gets_the_new_link(self):
        key = self.env["recovery.standing.key"].create({"name": "Product"})
        secret = key.action_make_secret()["context"]["default_secret"]
        before, tag = self._ask(secret)
        self.case.action_withdraw_links()
        after, new_tag = self._ask(secret)
        self.assertNotEqual(new_tag, tag)
        self.assertNotEqual(after["page"], before["page"])
        page = after["page"]
        self.assertEqual(self._get(page[page.index("/recovery/pay/") :]).status_code, 200)

    def _ask(self, secret):
        for memory in (ANSWERS, KEYS):
            memory.forget()
        answer = self.url_open(
            f"/recovery/v1/standing?customer=id:{self.customer.id}",
            headers={"Authorization": f"Bearer {secret}"},
        )
        return json.loads(answer.text), answer.headers["ETag"]


@tagged("post_install", "-at_install")
class TestFarAway(LinkCommon):
    """What the page shows in a country that is not the customer's."""

    def _be_in(self, code):
        """Let addresses be of a country, as a geographic database tells."""
        record = SimpleNamespace(
            country=SimpleNamespace(iso_code=code), continent=SimpleNamespace(code=None)
        )
        database = SimpleNamespace(country=lambda _address: record)
        return patch.dict(vars(root), {"geoip_country_db": database})

    def setUp(self):
        super().setUp()
        self.customer.write(
            {
                "name": "Josephine Secret",
                "street": "Hidden Lane 7",
                "phone": "+32 470 12 34 56",
                "country_id": self.env.ref("base.be").id,
            }
        )
        self.card = self._create_card("done", payment_details="8765")
        self.invoice.collect_token_id = self.card

    def test_far_away_nobody_agrees_to_parts_or_sees_them(self):
        self.policy.write({"parts_most": 3, "parts_from": 0.0})
        with self._be_in("BR"):
            self.assertNotIn("/parts?", self._get().text)
            self.assertNotIn("8765", self._get(f"{self.path}/parts").text)
            values = {"count": "2", "first": str(fields.Date.today()), "step": "week"}
            self._post("parts", agree="1", **values)
            self.assertFalse(self.case.part_plan_id)
        with self._be_in("BE"):
            self.assertIn("/parts?", self._get().text)
            self.assertIn("8765", self._get(f"{self.path}/parts").text)

    def test_far_away_no_saved_method_is_shown_or_charged(self):
        offered = f"o_payment_token_{self.card.id}"
        token = {"flow": "token", "token_id": self.card.id, "payment_method_id": None}
        with self._be_in("BR"):
            page = self._get().text
            self.assertNotIn(offered, page)
            self.assertNotIn("8765", page + self._get(f"{self.path}/method").text)
            self.assertIn("another payment method", self._pay(**token))
            self.assertIn(self.invoice.name, page)
            self.assertIn('data-amount="100.0"', page)
            self.assertNotIn("try the saved payment method", page)
        with self._be_in("BE"):
            page = self._get().text
            self.assertIn(offered, page)
            self.assertIn("8765", page + self._get(f"{self.path}/method").text)

    def test_far_away_a_payment_goes_through(self):
        with self._be_in("BR"):
            self.assertEqual(self._simulate(self._pay()).state, "done")

    def test_place_that_nobody_knows_shows_what_is_shown_anywhere(self):
        self.assertIn(f"o_payment_token_{self.card.id}", self._get().text)
        with self._be_in(None):
            self.assertIn(f"o_payment_token_{self.card.id}", self._get().text)

    def test_customer_without_a_country_is_at_home_where_the_company_is(self):
        self.customer.country_id = False
        self.env.company.country_id = self.env.ref("base.fr")
        with self._be_in("FR"):
            self.assertIn("8765", self._get().text)
        with self._be_in("BE"):
            self.assertNotIn("8765", self._get().text)

    def test_nowhere_is_told_more_of_the_customer_than_it_takes_to_pay(self):
        self._prepare_stripe_provider().is_published = True
        secrets = ("Josephine", "Hidden Lane", "470 12 34", self.customer.email, "ref-77")
        self.customer.ref = "ref-77"
        for path in (self.path, f"{self.path}/method"):
            page = self._get(path).text
            self.assertIn("stripe", page)
            self.assertIn(f'data-partner-id="{self.customer.id}"', page)
            for secret in secrets:
                self.assertNotIn(secret, page)
