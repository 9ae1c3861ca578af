"""Every number of the reports, worked out a second time from the ledger."""

import random
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .common import RecoveryCommon

AMOUNTS = ("failed_amount", "recovered_amount", "in_recovery_amount", "lost_amount")
DIMENSIONS = (
    "arm",
    "company_id",
    "country_id",
    "currency_id",
    "decline_class",
    "failed_on:month",
    "funding",
    "is_recurring",
    "issuer_country",
    "journal_id",
    "network",
    "outcome",
    "partner_id",
    "partner_tag_ids",
    "policy_id",
    "product_categ_id",
    "provider_id",
    "reason_id",
    "recovery_day",
    "user_id",
    "way",
)
# What one dollar is worth from a day on: a rate that is read on the wrong day is noticed.
RATES = {
    "EUR": {"2026-01-01": 0.8, "2026-02-01": 0.9, "2026-03-01": 0.7},
    "GBP": {"2026-01-01": 0.75, "2026-02-15": 0.6},
    "JPY": {"2026-01-01": 150.0, "2026-02-20": 131.3},
}


class ReportCommon(RecoveryCommon):
    """Three companies that bill in four currencies, and all that can happen to a case."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.currencies = cls._create_rates()
        cls.company = cls.env.company
        cls.euro_company = cls._create_company(name="Euro", currency_id=cls.currencies["EUR"].id)
        cls.yen_company = cls._create_company(name="Yen", currency_id=cls.currencies["JPY"].id)
        cls.companies = cls.company + cls.euro_company + cls.yen_company
        cls.env.user.company_ids += cls.companies
        cls.env = cls.env(context=dict(cls.env.context, allowed_company_ids=cls.companies.ids))
        cls.policy.company_id = False
        cls.tag = cls.env["res.partner.category"].create({"name": "Gold"})
        cls.customer.write(
            {"category_id": [Command.set(cls.tag.ids)], "country_id": cls.env.ref("base.fr").id}
        )

    @classmethod
    def _create_rates(cls):
        """Return the currencies by name, each with rates that move."""
        currencies = cls.env["res.currency"].with_context(active_test=False)
        currencies = currencies.search([("name", "in", ["USD", *RATES])])
        currencies.active = True
        currencies.rate_ids.unlink()
        cls.env["res.currency.rate"].create(
            [
                {"currency_id": currency.id, "name": day, "rate": rate, "company_id": False}
                for currency in currencies
                for day, rate in RATES.get(currency.name, {}).items()
            ]
        )
        return {currency.name: currency for currency in currencies}

    # === SCENE === #

    def _fail(self, amount, currency="USD", company=None, **values):
        """Return an invoice whose payment failed, and its case."""
        values["currency_id"] = self.currencies[currency].id
        if not company or company == self.company:
            return self._fail_invoice(amount=amount, **values)
        # Companies without a provider: somebody told that the payment failed.
        env = self.env(context={"allowed_company_ids": company.ids})
        invoice = (
            env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "invoice_date": fields.Date.today(),
                    "invoice_date_due": fields.Date.today(),
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [
                        Command.create({"name": "Service", "price_unit": amount, "tax_ids": []})
                    ],
                    **values,
                }
            )
        )
        invoice.action_post()
        cases = env["recovery.case"].sudo().with_company(company)
        case = cases._open(invoice, transaction=env["payment.transaction"])
        self._run_cron("follow")
        return invoice, case.with_env(self.env)

    def _pay(self, invoice, amount):
        company = invoice.company_id
        env = self.env(context={"allowed_company_ids": company.ids})
        payment = self._register_payment(invoice.with_env(env), amount)
        self._run_cron("follow")
        return payment.with_env(self.env)

    def _pay_by_bank(self, invoice, amount):
        """Match an invoice with a line of a bank statement in the company's currency."""
        company = invoice.company_id
        journal = self.env["account.journal"].search(
            [("company_id", "=", company.id), ("type", "=", "bank")], limit=1
        )
        transaction = (
            self.env["account.bank.statement.line"]
            .with_company(company)
            .create(
                {
                    "journal_id": journal.id,
                    "date": fields.Date.today(),
                    "payment_ref": "bank",
                    "amount": amount,
                }
            )
        )
        _liquidity, suspense, _other = transaction._seek_for_lines()
        receivable = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        suspense.write({"account_id": receivable.account_id.id, "partner_id": self.customer.id})
        (suspense + receivable).reconcile()
        self._run_cron("follow")

    def _credit(self, invoice, amount):
        """Credit a part of an invoice."""
        refund = invoice._reverse_moves(
            [{"invoice_date": fields.Date.today(), "date": fields.Date.today()}]
        )
        refund.invoice_line_ids.price_unit = amount
        refund.action_post()  # It is matched with the invoice by that.
        self._run_cron("follow")

    def _retry(self, case, card):
        """Let the next charge of a case succeed."""
        card.demo_simulated_state = "done"
        self._charge_next(case)
        self._run_cron("follow")
        self.assertEqual(case.state, "recovered")

    def _write_difference_off(self, invoice, amount):
        """Record a payment that closes the invoice though it is less."""
        account = self.company_data["default_account_expense"]
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create(
            {
                "amount": amount,
                "payment_date": fields.Date.today(),
                "payment_difference_handling": "reconcile",
                "writeoff_account_id": account.id,
            }
        )._create_payments()
        self._run_cron("follow")

    def _play(self):
        """Let three months pass; return the cases by the name of what happened to them."""
        played = {}
        with freeze_time("2026-01-10 12:00:00"):
            card = self._create_card()
            _invoice, played["retried"] = self._fail(100.0, token=card)
            euros, played["given up"] = self._fail(200.0, "EUR")
            credited, played["credited"] = self._fail(300.0)
            nothing, played["cancelled"] = self._fail(50.0)
            renewed, played["new card"] = self._fail(70.0)
            far, played["far"] = self._fail(12345.0, "JPY", self.yen_company)
        with freeze_time("2026-01-20 12:00:00"):
            self._retry(played["retried"], card)
            self._pay(euros, 80.0)
            self._credit(credited, 100.0)
            self._credit(nothing, 50.0)
            renewed.collect_token_id = self._create_card("done")
            self._retry(played["new card"], renewed.collect_token_id)
            self._pay_by_bank(far, 12345.0)
        with freeze_time("2026-02-03 12:00:00"):
            pounds, played["taken back"] = self._fail(120.01, "GBP")
            late, played["late"] = self._fail(90.0)
            written, played["written off"] = self._fail(64.0)
            discounted, played["discounted"] = self._fail(100.0)
            partial, played["partial"] = self._fail(500.0, "EUR", self.euro_company)
            _invoice, played["open"] = self._fail(77.77, "USD", self.euro_company)
            _invoice, played["lost"] = self._fail(33.33, "GBP", self.yen_company)
            self._create_invoice(amount=40.0, token=self._create_card("done"))
            self._collect()
            self._pay(credited, 150.0)
            self._pay_by_bank(credited, 50.0)
            played["given up"].action_stop()
        with freeze_time("2026-02-25 12:00:00"):
            payment = self._pay(pounds, 120.01)
            played["late"].action_stop()
            played["written off"].action_stop()
            played["lost"].action_stop()
            self._write_difference_off(discounted, 94.5)
            played["written off"].sudo()._write_off(
                self.company_data["default_account_expense"], fields.Date.today()
            )
            self._pay(partial, 123.45)
            self._run_cron("follow")
        with freeze_time("2026-03-05 12:00:00"):
            _invoice, played["new"] = self._fail(60.0)
            lines = pounds.line_ids.filtered(lambda line: line.display_type == "payment_term")
            lines.remove_move_reconcile()
            payment.action_cancel()
            self._pay(late, 90.0)
            self._run_cron("follow")
        self.env.flush_all()
        self.env.invalidate_all()
        return played

    # === THE LEDGER, READ AGAIN === #

    def _rows(self, query, *values):
        self.env.cr.execute(query, values)
        return self.env.cr.dictfetchall()

    def _get_raw_rate(self, currency, company, day):
        """Return what one unit is worth in the company's currency, from the rates as told."""

        def per_dollar(name):
            days = {since: rate for since, rate in RATES.get(name, {}).items() if since <= str(day)}
            return Decimal(str(days[max(days)])) if days else Decimal(1)

        return per_dollar(company.currency_id.name) / per_dollar(currency.name)

    def _work_out(self, case):
        """Return the measures of a case from transactions, payments, credit notes and states."""
        move, company = case.move_id, case.company_id
        transactions = self._rows(
            """
            SELECT transaction.* FROM payment_transaction transaction
              JOIN account_invoice_transaction_rel relation
                ON relation.transaction_id = transaction.id
             WHERE relation.invoice_id = %s AND transaction.state = 'error'
          ORDER BY transaction.id
            """,
            move.id,
        )
        asked = Decimal(str(transactions[0]["amount"] if transactions else move.amount_total))
        failed_at = transactions[0]["last_state_change"] if transactions else case.first_failure_at
        partials = self._rows(
            """
            SELECT part.debit_amount_currency AS amount, other.move_type, other.statement_line_id,
                   payment.amount AS paid, transaction.operation, transaction.token_id
              FROM account_partial_reconcile part
              JOIN account_move_line line ON line.id = part.debit_move_id
              JOIN account_move_line other_line ON other_line.id = part.credit_move_id
              JOIN account_move other ON other.id = other_line.move_id
         LEFT JOIN account_payment payment ON payment.id = other.origin_payment_id
         LEFT JOIN payment_transaction transaction
                ON transaction.id = payment.payment_transaction_id
             WHERE line.move_id = %s AND line.display_type = 'payment_term'
          ORDER BY part.id
            """,
            move.id,
        )
        recovered, credited, ways = Decimal(0), Decimal(0), defaultdict(Decimal)
        for part in partials:
            amount = Decimal(str(part["amount"]))
            if part["move_type"] == "out_refund":
                credited += amount
            elif part["paid"] or part["statement_line_id"]:
                amount = min(amount, Decimal(str(part["paid"] or amount)))
                recovered += amount
                ways[self._get_raw_way(part, transactions)] += amount
        state = case.state
        credited = asked - recovered if state == "cancelled" else credited
        rate = self._get_raw_rate(move.currency_id, company, failed_at.date())
        cent = Decimal(str(company.currency_id.rounding))

        def convert(amount):
            return (amount * rate / cent).quantize(Decimal(1), ROUND_HALF_UP) * cent

        rest = convert(asked) - convert(recovered + credited)
        is_open = state in ("in_recovery", "grace", "paused", "suspended")
        return {
            "failed_amount": rest + convert(recovered),
            "recovered_amount": convert(recovered),
            "in_recovery_amount": rest if is_open else Decimal(0),
            "lost_amount": Decimal(0) if is_open else rest,
            "asked_amount": convert(asked),
            "failed_count": int(state != "cancelled"),
            "recovered_count": int(state == "recovered"),
            "month": failed_at.date().replace(day=1),
            "way": max(ways, key=ways.get) if ways else False,
            "outcome": "in_recovery" if is_open else state,
        }

    def _get_raw_way(self, part, transactions):
        if part["statement_line_id"]:
            return "bank_transfer"
        if part["operation"] == "offline":
            is_other = part["token_id"] != transactions[0]["token_id"]
            return "new_method" if is_other else "retry"
        return "manual"


@tagged("post_install", "-at_install")
class TestReport(ReportCommon):
    def test_every_measure_is_that_of_the_ledger_to_the_cent(self):
        cases = self._play()
        self._check_story(cases)
        raw = {case: self._work_out(case) for case in cases.values()}
        self._check_lines(cases, raw)
        self._check_groups(raw)
        self._check_dashboard(raw)
        self._check_charges()
        self._check_rebuilding()

    def _check_story(self, cases):
        """The scene is what it is meant to be, else the comparison proves less."""
        self.assertEqual(
            {
                name: self.env["recovery.case.report"].browse(case.id).outcome
                for name, case in cases.items()
            },
            {
                "retried": "recovered",
                "given up": "lost",
                "credited": "recovered",
                "cancelled": "cancelled",
                "new card": "recovered",
                "far": "recovered",
                "taken back": "in_recovery",
                "late": "recovered",
                "written off": "lost",
                "discounted": "recovered",
                "partial": "in_recovery",
                "open": "in_recovery",
                "lost": "lost",
                "new": "in_recovery",
            },
        )
        ways = {name: case.reported_way for name, case in cases.items() if case.reported_way}
        self.assertEqual(
            ways,
            {
                "retried": "retry",
                "given up": "manual",
                "credited": "manual",
                "new card": "new_method",
                "far": "bank_transfer",
                "late": "manual",
                "discounted": "manual",
                "partial": "manual",
            },
        )
        # 5.50 of the hundred were written off with the payment: nobody will ever pay them.
        report = self.env["recovery.case.report"].browse(cases["discounted"].id)
        self.assertEqual((report.recovered_amount, report.lost_amount), (94.5, 5.5))
        self.assertEqual(
            str(cases["taken back"].failed_on),
            "2026-02-03",
            msg="A case that opens again stays in the month of its first failure.",
        )

    def _check_lines(self, cases, raw):
        for name, case in cases.items():
            report = self.env["recovery.case.report"].browse(case.id)
            for measure in (*AMOUNTS, "asked_amount", "failed_count", "recovered_count"):
                with self.subTest(case=name, measure=measure):
                    self.assertEqual(Decimal(str(report[measure])), raw[case][measure])
            for name in ("way", "outcome"):
                with self.subTest(case=case.display_name, field=name):
                    self.assertEqual(report[name], raw[case][name])
            self.assertEqual(report.original_amount, case.failed_amount)

    def _check_groups(self, raw):
        """Sums and rates by month and company, as pivot and graph read them."""
        reports = self.env["recovery.case.report"]
        groups = reports._read_group(
            [("case_id", "in", [case.id for case in raw])],
            ["company_id", "failed_on:month"],
            [*(f"{name}:sum" for name in AMOUNTS), "recovery_rate:avg", "recovery_rate_count:avg"],
        )
        self.assertEqual(len(groups), 6)
        for company, month, *figures, rate, rate_count in groups:
            facts = [
                row
                for case, row in raw.items()
                if case.company_id == company and row["month"] == month
            ]
            sums = [sum(row[name] for row in facts) for name in AMOUNTS]
            with self.subTest(company=company.name, month=month):
                self.assertEqual([Decimal(str(figure)) for figure in figures], sums)
                self.assertAlmostEqual(float(rate), float(sums[1] / sums[0]))
                counted = [row for row in facts if row["outcome"] != "cancelled"]
                recovered = [row for row in counted if row["outcome"] == "recovered"]
                self.assertAlmostEqual(float(rate_count), len(recovered) / len(counted))

    def _check_dashboard(self, raw):
        for company in self.companies:
            with freeze_time("2026-03-10 12:00:00"):
                data = self.env["recovery.dashboard"].get_data("quarter", company.ids)
            facts = [row for case, row in raw.items() if case.company_id == company]
            with self.subTest(company=company.name):
                self._assert_total(data["total"], facts)
                for month in data["months"]:
                    in_month = [row for row in facts if str(row["month"]) == month["month"]]
                    self._assert_total(month, in_month)
                    is_open = any(row["outcome"] == "in_recovery" for row in in_month)
                    is_over = month["month"] < "2026-03"
                    self.assertEqual(month["is_final"], is_over and not is_open)
                ways = defaultdict(Decimal)
                for row in facts:
                    if row["way"]:
                        ways[row["way"]] += row["recovered_amount"]
                self.assertEqual(
                    {row["way"]: round(row["amount"], 2) for row in data["ways"]},
                    {way: float(amount) for way, amount in ways.items()},
                )

    def _assert_total(self, total, facts):
        for name in AMOUNTS:
            expected = float(sum(row[name] for row in facts))
            self.assertAlmostEqual(total[name.removesuffix("_amount")], expected, msg=name)
        self.assertEqual(total["count"], sum(row["failed_count"] for row in facts))
        self.assertEqual(total["recovered_count"], sum(row["recovered_count"] for row in facts))

    def _check_charges(self):
        """First charges and retries, from the transactions."""
        with freeze_time("2026-03-10 12:00:00"):
            data = self.env["recovery.dashboard"].get_data("quarter", self.company.ids)
        charged = self._rows(
            """
            SELECT transaction.state, transaction.amount, currency.name,
                   transaction.create_uid, relation.invoice_id, transaction.last_state_change AS at
              FROM payment_transaction transaction
              JOIN account_invoice_transaction_rel relation
                ON relation.transaction_id = transaction.id
              JOIN res_currency currency ON currency.id = transaction.currency_id
             WHERE transaction.operation = 'offline' AND transaction.company_id = %s
          ORDER BY transaction.id
            """,
            self.company.id,
        )
        first, retries, numbers = [], defaultdict(list), defaultdict(int)
        for row in charged:
            number = numbers[row["invoice_id"]]
            numbers[row["invoice_id"]] += 1
            (retries[number] if number else first).append(row)
        failed = [row for row in first if row["state"] == "error"]
        self.assertEqual(data["first_charges"]["charges"], len(first))
        self.assertAlmostEqual(
            data["first_charges"]["failure_rate_count"], len(failed) / len(first)
        )
        amounts = [self._in_dollars(row) for row in first]
        failed_amounts = [self._in_dollars(row) for row in failed]
        self.assertAlmostEqual(
            data["first_charges"]["failure_rate"], float(sum(failed_amounts) / sum(amounts))
        )
        shown = {row["number"]: (row["charges"], row["paid"]) for row in data["retries"]}
        expected = {
            number: (len(rows), sum(row["state"] == "done" for row in rows))
            for number, rows in retries.items()
        }
        self.assertEqual(shown, expected)

    def _in_dollars(self, row):
        currency = self.currencies[row["name"]]
        rate = self._get_raw_rate(currency, self.company, row["at"].date())
        return round(Decimal(str(row["amount"])) * rate, 2)

    def _check_rebuilding(self):
        """What is stored for the reports can be worked out anew from the plain records."""
        names = [
            "asked_company_amount",
            "company_rate",
            "credited_amount",
            "failed_company_amount",
            "failed_on",
            "first_reason_id",
            "provider_id",
            "recovered_company_amount",
            "reported_way",
        ]
        cases = self.env["recovery.case"].sudo().search([])
        before = cases.read(names)
        self.env.cr.execute(
            """
            UPDATE recovery_case SET asked_company_amount = 1, credited_amount = 2,
                   failed_company_amount = 3, recovered_company_amount = 4, company_rate = 5,
                   reported_way = 'portal', failed_on = '2001-01-01', first_reason_id = NULL,
                   provider_id = NULL
            """
        )
        self.env.invalidate_all()
        cases._rebuild_figures()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(cases.read(names), before)

    def test_recovered_in_recovery_and_lost_are_what_failed_under_every_filter(self):
        self._play()
        total = self._check_identity([])
        self.assertGreater(total, 1000, msg="Else there is nothing to add up.")
        chance = random.Random(6)
        reports = self.env["recovery.case.report"]
        for dimension in DIMENSIONS:
            self._check_identity([], dimension)
        # And under filters on several dimensions that chance puts together.
        values = {
            name: [report[name] for report in reports.search([])]
            for name in ("company_id", "outcome", "way", "reason_id", "currency_id", "failed_on")
        }
        for _turn in range(60):
            names = chance.sample(list(values), chance.randint(1, 3))
            domain = []
            for name in names:
                value = chance.choice(values[name])
                value = value.id if hasattr(value, "_name") else value
                operator = chance.choice(("<=", ">=")) if name == "failed_on" else "="
                domain.append((name, operator, value or False))
            if chance.random() < 0.3:
                domain = ["!", domain[0]]
            self._check_identity(domain, chance.choice(DIMENSIONS))

    def _check_identity(self, domain, dimension=None):
        """Check the sums of each group, also where its own domain is the filter; return the sum."""
        groupby = [dimension] if dimension else []
        groups = self.env["recovery.case.report"].formatted_read_group(
            domain, groupby, [f"{name}:sum" for name in AMOUNTS]
        )
        total = Decimal(0)
        for group in groups:
            failed, *parts = (Decimal(str(group[f"{name}:sum"] or 0)) for name in AMOUNTS)
            total += failed
            if dimension:
                self.assertEqual(
                    self._check_identity(domain + group["__extra_domain"]), failed, msg=group
                )
            with self.subTest(domain=domain, group=group.get(dimension)):
                self.assertEqual(sum(parts), failed)
                self.assertTrue(all(part >= 0 for part in parts))
        return total
