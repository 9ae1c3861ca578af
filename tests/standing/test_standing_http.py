# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import time
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.revenue_recovery.models.standing.customers import find_customer
from odoo.addons.revenue_recovery.models.standing.memory import ANSWERS
from odoo.addons.revenue_recovery.models.standing.standing import read_standing

from .standing_common import ORIGIN, StandingCommon

CONTROLLER = "odoo.addons.revenue_recovery.controllers.standing"


@tagged("post_install", "-at_install")
class TestStandingHttp(StandingCommon):
    """The interface, over real HTTP."""

    def _assert_problem(self, response, status, kind):
        self.assertEqual(response.status_code, status, msg=response.text)
        self.assertEqual(response.headers["Content-Type"], "application/problem+json")
        body = response.json()
        self.assertEqual(body["type"], f"urn:revenue-recovery:standing:{kind}")
        self.assertEqual(body["status"], status)
        self.assertTrue(body["title"] and body["detail"])

    # === ANSWERS === #

    def test_answer_follows_the_customer_from_failure_to_payment(self):
        self.assertEqual(self._ask_anew()["standing"], "good")
        invoice, case = self._fail_invoice()
        answer = self._ask_anew()
        self.assertEqual(
            {**answer, "page": None, "as_of": None},
            {
                "standing": "failing",
                "until": None,
                "processing": False,
                "in_parts": False,
                "owed": {invoice.currency_id.name: "100.00"},
                "page": None,
                "as_of": None,
            },
        )
        self.assertEqual(self.url_open(answer["page"]).status_code, 200)
        case.sudo()._begin_grace("Test")
        answer = self._ask_anew()
        self.assertEqual(answer["standing"], "grace")
        self.assertEqual(answer["until"], f"{case.grace_until.replace(microsecond=0).isoformat()}Z")
        case.sudo()._close("lost", "Test")
        self.assertEqual(self._ask_anew()["standing"], "ended")
        self._register_payment(invoice, 100.0)
        answer = self._ask_anew()
        self.assertEqual((answer["standing"], answer["owed"]), ("good", {}))
        self.assertNotIn("set-cookie", self._ask().headers, msg="A program has no session.")

    def test_scopes_limit_what_is_told(self):
        self._fail_invoice()
        self.key.write({"scope_amounts": False, "scope_page": False})
        self.assertEqual(
            self._ask_anew().keys(), {"standing", "until", "processing", "in_parts", "as_of"}
        )
        self.key.scope_read = False
        self._assert_problem(self._ask(), 403, "no-scope")
        self.key.scope_browser = False
        self._assert_problem(self._ask(key=self._sign()), 403, "no-scope")

    def test_answer_is_not_sent_again_while_it_is_the_same(self):
        self._fail_invoice()
        first = self._ask()
        tag = first.headers["ETag"]
        self.assertEqual(first.headers["Cache-Control"], "private, no-cache")
        for wanted in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
            self._forget()
            same = self._ask(If_None_Match=wanted)
            self.assertEqual((same.status_code, same.text), (304, ""))
            self.assertEqual(same.headers["ETag"], tag)
        _invoice, _case = self._fail_invoice(amount=5.0)
        self._forget()
        changed = self._ask(If_None_Match=tag)
        self.assertEqual(changed.status_code, 200)
        self.assertNotEqual(changed.headers["ETag"], tag)

    def test_question_may_name_the_database(self):
        self.assertEqual(self._ask(X_Odoo_Database=self.cr.dbname).status_code, 200)

    def test_head_is_answered_and_other_methods_are_not(self):
        self.assertEqual(self._ask(method="HEAD").status_code, 200)
        for method in ("POST", "PUT", "DELETE"):
            refused = self._ask(method=method)
            self._assert_problem(refused, 405, "method-not-allowed")
            self.assertIn("GET", refused.headers["Allow"])

    def test_customer_that_nothing_tells_is_asked_for(self):
        for customer in (None, "", "x" * 300):
            self._assert_problem(self._ask(customer), 400, "no-customer")

    def test_customers_of_one_reference_are_ambiguous(self):
        self.customer.copy({"ref": "C-1"})
        self._assert_problem(self._ask(), 409, "ambiguous-customer")

    @mute_logger("odoo.addons.revenue_recovery.controllers.standing")
    def test_unexpected_trouble_is_a_problem_too(self):
        with patch(f"{CONTROLLER}.read_standing", side_effect=KeyError("x")):
            self._assert_problem(self._ask(), 500, "internal-error")

    # === WHO MAY ASK === #

    def test_key_of_another_company_learns_nothing(self):
        self._fail_invoice()
        other = self._create_company(name="Other")
        _key, secret = self._create_key(company_id=other.id)
        foreign, unknown = self._ask("C-1", key=secret), self._ask("C-2", key=secret)
        self._assert_problem(foreign, 404, "unknown-customer")
        self.assertEqual(foreign.content, unknown.content)
        dull = {"Date", "Content-Length"}
        self.assertEqual(
            {name: value for name, value in foreign.headers.items() if name not in dull},
            {name: value for name, value in unknown.headers.items() if name not in dull},
        )

    def test_keys_never_get_what_others_have_asked_of_one_customer(self):
        """The answers of all keys lie in one memory."""
        invoice, _case = self._fail_invoice()
        self.customer.company_id = False
        other = self._create_company(name="Other")
        _key, foreign = self._create_key(company_id=other.id)
        _key, silent = self._create_key(scope_amounts=False)
        _key, blind = self._create_key(scope_page=False)
        self._forget()
        told = {"standing", "until", "processing", "in_parts", "as_of"}
        for _turn in range(2):
            own = self._ask().json()
            self.assertEqual(own["owed"], {invoice.currency_id.name: "100.00"})
            self.assertEqual(own.keys(), told | {"owed", "page"})
            self._assert_problem(self._ask(key=foreign), 404, "unknown-customer")
            self.assertEqual(self._ask(key=silent).json().keys(), told | {"page"})
            self.assertEqual(self._ask(key=blind).json().keys(), told | {"owed"})

    def test_answer_takes_the_same_few_queries_for_any_number_of_invoices(self):
        counts = []
        for _turn in range(3):
            self._fail_invoice()
            counts.append(self._count_queries())
        self.assertEqual(counts[1], counts[2], msg=counts)
        self.assertLessEqual(counts[2], 14)

    def _count_queries(self):
        self.env.invalidate_all()
        company = self.env.company.sudo()
        before = self.cr.sql_log_count
        standing = read_standing(company, find_customer(company, "C-1", tuple(company.ids)))
        self.assertEqual(standing.standing, "failing")
        return self.cr.sql_log_count - before

    def test_foreign_customer_costs_no_more_queries_than_an_unknown_one(self):
        self._fail_invoice()
        other = self._create_company(name="Other").sudo()
        counts = []
        for text in ("C-1", "C-2", f"id:{self.customer.id}", "id:999999999"):
            self.env.invalidate_all()
            other.read(["parent_ids"])  # The key's company is known by then.
            before = self.cr.sql_log_count
            self.assertFalse(find_customer(other, text))
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(len(set(counts)), 1, msg=counts)

    def test_wrong_keys_are_turned_away(self):
        wrong = f"{self.secret[:-1]}{'0' if self.secret[-1] != '0' else '1'}"
        for key in (wrong, "rrk_x_y", "rrt_.", "rrt_e30.x", "x"):
            self._assert_problem(self._ask(key=key), 401, "wrong-key")
        refused = self._ask(key="")
        self._assert_problem(refused, 401, "no-key")
        self.assertEqual(refused.headers["WWW-Authenticate"], "Bearer")
        self._assert_problem(self._ask(Authorization="Basic eDp5"), 401, "no-key")

    def test_new_secret_and_revocation_void_the_old_one(self):
        old = self.secret
        secret = self.key.action_make_secret()["context"]["default_secret"]
        self._assert_problem(self._ask(key=old), 401, "wrong-key")
        self.assertEqual(self._ask(key=secret).status_code, 200)
        token = self._sign(secret=secret)
        self.key.action_revoke()
        for key in (secret, token):
            self._assert_problem(self._ask(key=key), 401, "wrong-key")

    def test_use_is_noted(self):
        self.assertFalse(self.key.last_used_at)
        self._ask()
        self.env.invalidate_all()
        self.assertTrue(self.key.last_used_at)

    # === TOKENS === #

    def test_token_asks_for_its_customer_only(self):
        invoice, _case = self._fail_invoice()
        other = self.customer.copy({"ref": "C-2"})
        self.assertTrue(other)
        answer = self._ask(None, key=self._sign())
        self.assertEqual(answer.json()["owed"], {invoice.currency_id.name: "100.00"})
        self.assertEqual(self._ask("C-1", key=self._sign()).status_code, 200)
        self._assert_problem(self._ask("C-2", key=self._sign()), 403, "other-customer")

    def test_token_is_good_for_a_day_at_most(self):
        self._assert_problem(self._ask(None, key=self._sign(seconds=-1)), 401, "token-expired")
        self._assert_problem(
            self._ask(None, key=self._sign(seconds=25 * 3600)), 401, "token-too-long"
        )

    def test_token_that_was_tampered_with_is_wrong(self):
        start, signature = self._sign("C-2").split(".")
        mine, _signature = self._sign("C-1").split(".")
        for token in (f"{mine}.{signature}", start, f"{start}.", f"{start}.{signature}0"):
            self._assert_problem(self._ask(None, key=token), 401, "wrong-key")

    def test_token_signed_with_another_key_is_wrong(self):
        _key, other = self._create_key()
        head, identifier, _rest = self.secret.split("_")
        forged = f"{head}_{identifier}_{other.split('_')[2]}"
        self._assert_problem(self._ask(None, key=self._sign(secret=forged)), 401, "wrong-key")

    # === BROWSERS === #

    def test_browser_may_ask_from_a_listed_page_only(self):
        listed = self._ask(None, key=self._sign(), Origin=ORIGIN)
        self.assertEqual(listed.headers["Access-Control-Allow-Origin"], ORIGIN)
        self.assertIn("Origin", listed.headers["Vary"])
        for origin in ("https://evil.example.com", "http://app.example.com", "null"):
            refused = self._ask(None, key=self._sign(), Origin=origin)
            self._assert_problem(refused, 403, "wrong-origin")
            self.assertNotIn("Access-Control-Allow-Origin", refused.headers)

    def test_page_learns_that_its_token_has_expired(self):
        refused = self._ask(None, key=self._sign(seconds=-1), Origin=ORIGIN)
        self._assert_problem(refused, 401, "token-expired")
        self.assertEqual(refused.headers["Access-Control-Allow-Origin"], ORIGIN)

    def test_secret_is_nothing_for_browsers(self):
        self.assertNotIn("Access-Control-Allow-Origin", self._ask(Origin=ORIGIN).headers)

    def test_preflight_lets_listed_pages_ask(self):
        def preflight(origin):
            return self._ask(
                None, "", "OPTIONS", Origin=origin, Access_Control_Request_Method="GET"
            )

        allowed = preflight(ORIGIN)
        self.assertEqual(allowed.status_code, 204)
        self.assertEqual(allowed.headers["Access-Control-Allow-Origin"], ORIGIN)
        self.assertIn("Authorization", allowed.headers["Access-Control-Allow-Headers"])
        self.assertNotIn("Access-Control-Allow-Origin", preflight("https://evil.example").headers)
        self.key.scope_browser = False
        self.assertNotIn("Access-Control-Allow-Origin", preflight(ORIGIN).headers)

    # === LIMITS === #

    def test_key_asks_so_many_times_a_minute(self):
        self.key.rate = 2
        self.assertEqual([self._ask().status_code for _turn in range(2)], [200, 200])
        refused = self._ask()
        self._assert_problem(refused, 429, "too-many-requests")
        self.assertTrue(1 <= int(refused.headers["Retry-After"]) <= 30)
        _key, other = self._create_key()
        self.assertEqual(self._ask(key=other).status_code, 200, msg="Each key has its own limit.")

    def test_guesses_are_limited(self):
        with patch(f"{CONTROLLER}.STRANGER_RATE", 2):
            statuses = [self._ask(key="rrk_x_y").status_code for _turn in range(3)]
        self.assertEqual(statuses, [401, 401, 429])
        self.assertEqual(self._ask().status_code, 200, msg="A key is answered all the same.")

    def test_answers_are_remembered_for_seconds_only(self):
        first = self._ask().json()
        self._fail_invoice()
        began = time.monotonic()
        while (answer := self._ask().json()) == first and time.monotonic() - began < 30:
            pass
        self.assertEqual(answer["standing"], "failing")

    def test_payment_is_seen_within_five_seconds(self):
        invoice, _case = self._fail_invoice()
        self.assertEqual(self._ask_anew()["standing"], "failing")
        self._register_payment(invoice, 100.0)
        began = time.monotonic()
        while self._ask().json()["standing"] != "good":
            self.assertLess(time.monotonic() - began, 5)
        # With a second for the way, on any worker.
        self.assertLessEqual(ANSWERS.seconds, 4)
