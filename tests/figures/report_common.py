# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A scene for the reports: three companies, four currencies, and all that can happen."""

from decimal import Decimal

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command

from odoo.addons.revenue_recovery.declines import read_return

from ..common import RecoveryCommon
from .report_ledger import RATES, LedgerMixin


class ReportCommon(LedgerMixin, RecoveryCommon):
    """Three companies that bill in four currencies, and all that can happen to a case."""

    NOW = "2026-01-10 12:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The tables hold what one transaction has written, and PostgreSQL takes them for empty.
        cls.env.cr.execute("SET LOCAL enable_seqscan TO off")
        cls.currencies = cls._create_rates()
        cls.company = cls.env.company
        cls.euro_company = cls._create_company(name="Euro", currency_id=cls.currencies["EUR"].id)
        cls.yen_company = cls._create_company(name="Yen", currency_id=cls.currencies["JPY"].id)
        cls.companies = cls.company + cls.euro_company + cls.yen_company
        cls.env.user.company_ids += cls.companies
        cls.env = cls.env(context=dict(cls.env.context, allowed_company_ids=cls.companies.ids))
        cls.policy.company_id = False
        cls.stripe = cls._prepare_stripe_provider()
        cls.customers = cls.customer + cls.env["res.partner"].create(
            [{"name": name, "tz": "UTC"} for name in ("Second", "Third")]
        )
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

    def _run_cron(self, name):
        # The job books payments with a cursor of its own: the numbers kept here are outdated.
        result = super()._run_cron(name)
        self.env.cr.precommit.data.pop("sequence.mixin", None)
        return result

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

    def _decline(self, reason, amount, card=None, customer=None, **error):
        """Return the case of an invoice that Stripe refused to charge, for a reason."""
        customer = customer or self.customer
        token = self._create_stripe_card(self.stripe)
        token.partner_id = customer
        facts = {"fingerprint": f"fp_{token.id}", **(card or {})}
        with self._decline_charges(reason, facts, **error):
            _invoice, case = self._fail(amount, token=token, partner_id=customer.id)
        return case

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

    def _take_back(self, invoice, payment):
        """Cancel a payment that had paid an invoice."""
        lines = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        lines.remove_move_reconcile()
        payment.action_cancel()
        self._run_cron("follow")

    def _correct(self, invoice, amount=None, due=None):
        """Change an invoice in draft."""
        invoice.button_draft()
        if amount:
            invoice.invoice_line_ids.price_unit = amount
        if due:
            invoice.invoice_date_due = due
        invoice.action_post()
        self._run_cron("follow")

    def _pay_without_entry(self, invoice, amount):
        payment = self.env["account.payment"].create(
            {
                "amount": amount,
                "partner_id": self.customer.id,
                "journal_id": self.company_data["default_journal_bank"].id,
                "invoice_ids": [Command.set(invoice.ids)],
            }
        )
        payment.outstanding_account_id = False
        payment.action_post()
        self._run_cron("follow")

    def _pay_out(self, invoice, amount):
        """Give a part of what was paid back to the customer, with a credit note."""
        note = invoice._reverse_moves(
            [{"invoice_date": fields.Date.today(), "date": fields.Date.today()}]
        )
        note.invoice_line_ids.price_unit = amount
        note.action_post()
        self._pay(note, amount)

    def _create_discount_term(self):
        return self.env["account.payment.term"].create(
            {
                "name": "2 % within 30 days",
                "early_discount": True,
                "discount_percentage": 2.0,
                "discount_days": 30,
                "early_pay_discount_computation": "included",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 0})
                ],
            }
        )

    def _fail_what_changes(self, played):
        """Return invoices to which something happens that is not a payment in full."""
        term = self._create_discount_term()
        early = {"invoice_payment_term_id": term.id, "invoice_date_due": False}
        invoices = {}
        for name, amount, currency, values in (
            ("corrected", 80.0, "USD", {}),
            ("postponed", 44.44, "EUR", {}),
            ("refunded", 61.5, "GBP", {}),
            ("disputed", 75.0, "USD", {}),
            ("without entry", 18.25, "USD", {}),
            ("early", 150.0, "USD", early),
        ):
            invoices[name], played[name] = self._fail(amount, currency, **values)
        return invoices

    def _change(self, invoices, played):
        """Let it happen; keep what the books don't say by themselves."""
        self._correct(invoices["corrected"], amount=55.0)
        self._correct(invoices["postponed"], due="2026-04-20")
        self._pay_without_entry(invoices["without entry"], 18.25)
        self._pay(invoices["early"], 147.0)
        self._pay(invoices["corrected"], 55.0)
        self._pay(invoices["refunded"], 61.5)
        self._pay_out(invoices["refunded"], 20.25)
        payment = self._pay(invoices["disputed"], 75.0)
        payment._recovery_return(read_return("sepa", "MD06"), fields.Date.today(), is_dispute=True)
        self._run_cron("follow")
        self.refunded = {played["refunded"]: Decimal("20.25")}
        self.granted = {played["early"]}

    def _open_old_business(self):
        """Give the customers invoices of earlier years, which tell since when they are."""
        for customer, year in zip(self.customers, (2019, 2022, 2025), strict=True):
            self._create_invoice(
                partner_id=customer.id,
                collect_automatically=False,
                invoice_date=f"{year}-05-01",
                due=f"{year}-05-31",
            )

    def _decline_for_many_reasons(self):
        """Return cases of several customers by their reason; one is held by a network's rule."""
        _first, second, third = self.customers
        master = {"brand": "mastercard"}
        return {
            "no money": self._decline("insufficient_funds", 110.0, customer=second),
            "no money either": self._decline("insufficient_funds", 15.25, customer=third),
            "expired": self._decline("expired_card", 45.0, customer=third),
            "lost card": self._decline("lost_card", 36.6, customer=second),
            "held": self._decline(
                "insufficient_funds", 21.0, card=master, network_advice_code="30"
            ),
        }

    def _save_cards_that_end(self):
        """Save cards that will collect invoices, some of which stop working within 60 days."""
        third = self.customers[2]
        for number, expiry in enumerate(
            ("2026-03-31", "2026-05-09", "2026-05-31", "2026-02-28", "2026-03-31")
        ):
            token = self._create_card(recovery_expiry=expiry)
            values = {"token": token, "due": "2026-06-01"}
            self._create_invoice(amount=20.0 + number, **values)
            self._create_invoice(
                amount=7.77, currency_id=self.currencies["EUR"].id, post=number != 4, **values
            )
        part = self._create_invoice(amount=50.0, **values)
        self._pay(part, 12.5)
        self._credit(part, 5.0)
        refund = part._reverse_moves([{"invoice_date": fields.Date.today()}])
        refund.action_post()
        refund.line_ids.remove_move_reconcile()
        default = self._create_card(recovery_expiry="2026-04-30", partner_id=third.id)
        third.collect_token_id = default
        self._create_invoice(amount=31.0, due="2026-06-01", partner_id=third.id)
        unused = self._create_card(recovery_expiry="2026-04-30")
        self._create_invoice(
            amount=99.0, token=unused, due="2026-06-01", collect_automatically=False
        )

    def _play(self):
        """Let three months pass; return the cases by the name of what happened to them."""
        played = {}
        with freeze_time("2026-01-10 12:00:00"):
            card = self._create_card()
            self._open_old_business()
            _invoice, played["retried"] = self._fail(100.0, token=card)
            slow = self._create_card()
            _invoice, played["third try"] = self._fail(130.0, token=slow)
            mixed = self._create_card()
            parts, played["two ways"] = self._fail(100.0, token=mixed)
            euro_card = self._create_card()
            euro_parts, played["two ways, euros"] = self._fail(200.01, "EUR", token=euro_card)
            euros, played["given up"] = self._fail(200.0, "EUR")
            credited, played["credited"] = self._fail(300.0)
            nothing, played["cancelled"] = self._fail(50.0)
            renewed, played["new card"] = self._fail(70.0)
            far, played["far"] = self._fail(12345.0, "JPY", self.yen_company)
        for day in (13, 16):
            with freeze_time(f"2026-01-{day} 12:00:00"):
                self._charge_next(played["third try"])
                self._run_cron("follow")
        with freeze_time("2026-01-20 12:00:00"):
            self._retry(played["third try"], slow)
            self._pay_by_bank(parts, 33.33)
            self._pay(euro_parts, 80.33)
            self._retry(played["retried"], card)
            self._pay(euros, 80.0)
            self._credit(credited, 100.0)
            self._credit(nothing, 50.0)
            renewed.collect_token_id = self._create_card("done")
            self._retry(played["new card"], renewed.collect_token_id)
            self._pay_by_bank(far, 12345.0)
        with freeze_time("2026-01-22 12:00:00"):
            self._retry(played["two ways"], mixed)
            self._retry(played["two ways, euros"], euro_card)
        with freeze_time("2026-02-03 12:00:00"):
            pounds, played["taken back"] = self._fail(120.01, "GBP")
            again, played["paid again"] = self._fail(210.5)
            played |= self._decline_for_many_reasons()
            late, played["late"] = self._fail(90.0)
            written, played["written off"] = self._fail(64.0)
            discounted, played["discounted"] = self._fail(100.0)
            partial, played["partial"] = self._fail(500.0, "EUR", self.euro_company)
            _invoice, played["open"] = self._fail(77.77, "USD", self.euro_company)
            # Without a saved method they would be given up before long.
            (played["partial"] | played["open"]).sudo()._pause(False, "A person looks at them.")
            _invoice, played["lost"] = self._fail(33.33, "GBP", self.yen_company)
            self._create_invoice(amount=40.0, token=self._create_card("done"))
            self._collect()
            self._pay(credited, 150.0)
            self._pay_by_bank(credited, 50.0)
            played["given up"].action_stop()
            changing = self._fail_what_changes(played)
        with freeze_time("2026-02-25 12:00:00"):
            payment = self._pay(pounds, 120.01)
            bounced = self._pay(again, 210.5)
            played["expired"].action_stop()
            played["late"].action_stop()
            played["written off"].action_stop()
            played["lost"].action_stop()
            self._write_difference_off(discounted, 94.5)
            played["written off"].sudo()._write_off(
                self.company_data["default_account_expense"], fields.Date.today()
            )
            self._pay(partial, 123.45)
            self._change(changing, played)
        with freeze_time("2026-03-05 12:00:00"):
            _invoice, played["new"] = self._fail(60.0)
            self._take_back(pounds, payment)
            self._take_back(again, bounced)
            self.reopened = {played["paid again"]: fields.Date.today()}
            self._pay(late, 90.0)
            self._run_cron("follow")
        with freeze_time("2026-03-07 12:00:00"):
            self._pay(again, 110.0)
            self._pay_by_bank(again, 100.5)
            self._save_cards_that_end()
        self.env.flush_all()
        self.env.invalidate_all()
        return played
