"""A scene for the reports, and the ledger read a second time in plain Python."""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command

from .common import RecoveryCommon

AMOUNTS = ("failed_amount", "recovered_amount", "in_recovery_amount", "lost_amount")
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
