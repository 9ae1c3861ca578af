# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import re
import time

from odoo.tests import tagged
from odoo.tools import SQL

from ...controllers.recovery_page import PAGE_SIZE
from .page_common import PageCommon

# What opening the page may cost, however much a customer owes.
MOST_QUERIES = 60
MOST_SECONDS = 1.0
_COLUMNS = """
    SELECT column_name FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'
"""


@tagged("post_install", "-at_install")
class TestPageMany(PageCommon):
    """The page of a customer who owes very many invoices."""

    def _owe(self, count):
        """Let the customer owe so many invoices, copies of one that has failed; return the cases.

        A real failure takes a third of a second, so that the rows are copied.
        """
        self.env.flush_all()
        case, move = self.case, self.invoice
        last = self._find_last()
        line = move.line_ids.filtered(lambda each: each.display_type == "payment_term")
        self._copy(
            "account_move",
            move.id,
            count - 1,
            {
                "name": SQL("'MANY/' || number"),
                "sequence_number": SQL("number"),
                "access_token": SQL("NULL"),
            },
        )
        moves = SQL("(SELECT id FROM account_move WHERE name = 'MANY/' || number)")
        self._copy("account_move_line", line.id, count - 1, {"move_id": moves})
        self._copy(
            "recovery_case", case.id, count - 1, {"move_id": moves, "next_attempt_id": SQL("NULL")}
        )
        cases = SQL("(SELECT id FROM recovery_case WHERE move_id = %s)", moves)
        attempt = {"move_id": moves, "case_id": cases, "transaction_id": SQL("NULL")}
        self._copy("recovery_attempt", case.first_attempt_id.id, count - 1, attempt)
        self.env.execute_query(
            SQL(
                """
                UPDATE account_move SET recovery_case_id = recovery_case.id
                  FROM recovery_case
                 WHERE recovery_case.move_id = account_move.id AND account_move.id > %s
                RETURNING account_move.id
                """,
                last,
            )
        )
        self.env.invalidate_all()
        return self.env["recovery.case"].search(
            [("partner_id", "=", self.customer.id)], order="first_failure_at, id"
        )

    def _find_last(self):
        [(last,)] = self.env.execute_query(SQL("SELECT max(id) FROM account_move"))
        return last

    def _copy(self, table, record_id, count, values):
        """Copy a row so many times, with other values in some columns."""
        self.cr.execute(_COLUMNS, [table])
        columns = sorted({name for (name,) in self.cr.fetchall()} - {"id"})
        values = {name: value for name, value in values.items() if name in columns}
        selected = SQL(", ").join(values.get(name, SQL.identifier(name)) for name in columns)
        self.env.execute_query(
            SQL(
                "INSERT INTO %s (%s) SELECT %s FROM %s, generate_series(1, %s) number "
                "WHERE %s.id = %s ORDER BY number RETURNING id",
                SQL.identifier(table),
                SQL(", ").join(map(SQL.identifier, columns)),
                selected,
                SQL.identifier(table),
                count,
                SQL.identifier(table),
                record_id,
            )
        )

    def _open(self, path):
        """Open a page as a worker does that knows nothing of it yet.

        :return: the page, its queries, and the seconds of processor time of it
        """
        self.env.flush_all()
        self.env.invalidate_all()
        queries, seconds = self.cr.sql_log_count, time.process_time()
        page = self._get(path)
        self.assertEqual(page.status_code, 200)
        return page, self.cr.sql_log_count - queries, time.process_time() - seconds

    def _begin(self, cases):
        """Return the path of a visit to the page of these cases."""
        location = self._lead(self._get_path(cases))
        return location[location.index("/recovery/pay/") :]

    def test_queries_and_time_do_not_grow_with_what_is_owed(self):
        costs = {}
        for count in (10, 1000):
            with self.cr.savepoint() as savepoint:
                path = self._begin(self._owe(count))
                self._open(path)  # The templates are compiled when they are first used.
                page, *costs[count] = self._open(path)
                self.assertIn(f'data-amount="{count * 100.0}"', page.text)
                savepoint.rollback()
                self.env.invalidate_all()
        (few, _seconds), (many, seconds) = costs[10], costs[1000]
        self.assertLessEqual(many, MOST_QUERIES, msg=costs)
        self.assertLessEqual(many, few + 5, msg=costs)
        self.assertLessEqual(seconds, MOST_SECONDS, msg=costs)

    def test_list_has_pages_and_says_what_is_paid(self):
        cases = self._owe(45)
        path = self._begin(cases)
        first = self._get(path).text
        self.assertEqual(first.count('class="o_recovery_page_bill '), PAGE_SIZE)
        self.assertIn("Page 1 of 3, 45 invoices in all", first)
        self.assertIn("You pay all 45 open invoices at once.", first)
        self.assertIn('data-amount="4500.0"', first)
        self.assertNotIn('rel="prev"', first)
        last = self._get(f"{path}?page=3").text
        self.assertEqual(last.count('class="o_recovery_page_bill '), 5)
        self.assertIn('data-amount="4500.0"', last, msg="All are paid from any page.")
        self.assertNotIn('rel="next"', last)
        names = {
            name
            for page in (1, 2, 3)
            for name in re.findall(
                r"<strong>([A-Z]+/[\w/]+)</strong>", self._get(f"{path}?page={page}").text
            )
        }
        self.assertEqual(names, set(cases.move_id.mapped("name")))
        for nonsense in ("0", "99", "-1", "x", "²"):
            self.assertEqual(self._get(f"{path}?page={nonsense}").status_code, 200)

    def test_one_of_many_is_chosen_and_the_whole_is_still_told(self):
        cases = self._owe(45)
        path = self._begin(cases)
        chosen = cases[-1]
        page = self._get(f"{path}?only={chosen.id}").text
        self.assertIn("Page 3 of 3", page, msg="Where it is listed.")
        self.assertIn("You pay 1 of 45 open invoices.", page)
        self.assertIn("4,500.00", page)
        self.assertIn('data-amount="100.0"', page)
        self.assertIn(f"page=2&amp;only={chosen.id}", page, msg="The next page keeps it.")
        other = self._get(f"{path}?page=1&only={chosen.id}").text
        self.assertIn("Page 1 of 3", other)
        self.assertIn('data-amount="100.0"', other)
        # The one of them that can be booked: the others have no lines but what is owed.
        transaction = self._simulate(self._pay(self.case, path))
        self.assertEqual(transaction.invoice_ids, self.invoice)
        self.assertEqual(self.invoice.payment_state, "paid")
        self.assertIn("You pay all 44 open invoices at once.", self._get(path).text)

    def test_all_are_begun_by_one_payment_with_a_short_name(self):
        cases = self._owe(45)
        path = self._begin(cases)
        currency = self.case.currency_id.name
        self.assertIn(f"/transaction/all-{currency}", self._get(path).text)
        self.assertIn("amount has changed", self._pay(f"all-{currency}", path, amount=4400.0))
        self.assertIn("reload the page", self._pay("all-XXX", path, amount=4500.0))
        values = self._pay(f"all-{currency}", path, amount=4500.0)
        transaction = self.env["payment.transaction"].search(
            [("reference", "=", values["reference"])]
        )
        self.assertEqual(transaction.invoice_ids, cases.move_id)
        self.assertEqual(transaction.amount, 4500.0)
        self.assertLessEqual(len(transaction.reference), 40)

    def test_a_day_is_promised_for_all_of_them(self):
        cases = self._owe(45)
        page = self._get(self._begin(cases)).text
        day = re.search(r'min="(\d{4}-\d\d-\d\d)"', page)[1]
        answer = self._post("promise", self._begin(cases), day=day)
        self.assertIn("We wait until the day you promised", answer.text)
        self.env.invalidate_all()
        self.assertTrue(all(cases.mapped("promise_date")))
        self.assertEqual(set(cases.mapped("promise_count")), {1})
        self.assertFalse(cases.next_attempt_id)
        queue = self.env["recovery.invoice.queue"].search([("move_id", "in", cases.move_id.ids)])
        noted = queue.filtered(lambda each: "promised to pay by" in (each.note or ""))
        self.assertEqual(noted.move_id, cases.move_id, msg="The job tells it on each.")
        self.assertEqual((queue - noted).move_id, cases.move_id, msg="The job plans for each.")

    def test_one_of_many_is_contested_and_not_all_by_accident(self):
        cases = self._owe(45)
        path = self._begin(cases)
        refused = self._post("question", path, question="Wrong.", reason="amount")
        self.assertEqual(refused.status_code, 422)
        self.assertIn("Please choose the invoice", refused.text)
        self.assertFalse(any(cases.mapped("contest_state")))
        self._post("question", path, question="W.", reason="amount", invoice=str(cases[30].id))
        self.env.invalidate_all()
        self.assertEqual(cases.filtered("contest_state"), cases[30])
