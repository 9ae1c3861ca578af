# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The ledger read a second time in plain Python: raw transactions, payments, cards and rates."""

from collections import defaultdict
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

AMOUNTS = ("failed_amount", "recovered_amount", "in_recovery_amount", "lost_amount")
# What one dollar is worth from a day on: a rate that is read on the wrong day is noticed.
RATES = {
    "EUR": {"2026-01-01": 0.8, "2026-02-01": 0.9, "2026-03-01": 0.7},
    "GBP": {"2026-01-01": 0.75, "2026-02-15": 0.6},
    "JPY": {"2026-01-01": 150.0, "2026-02-20": 131.3},
}


class LedgerMixin:
    """What the reports say, worked out without them."""

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
                   other.date, payment.amount AS paid, transaction.operation,
                   transaction.token_id
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
        state = case.state
        rate = self._get_raw_rate(move.currency_id, company, failed_at.date())
        cent = Decimal(str(company.currency_id.rounding))

        def convert(amount):
            return (amount * rate / cent).quantize(Decimal(1), ROUND_HALF_UP) * cent

        recovered, written_off = Decimal(0), Decimal(0)
        channels, counts = defaultdict(Decimal), defaultdict(int)
        refunded = self.refunded.get(case, Decimal(0))
        for part in partials:
            amount = Decimal(str(part["amount"]))
            if part["move_type"] == "out_refund":
                continue
            if not (part["paid"] or part["statement_line_id"]):
                written_off += amount
                continue
            came = min(amount, Decimal(str(part["paid"] or amount)))
            if case not in self.granted:
                written_off += amount - came
            kept, refunded = max(came - refunded, Decimal(0)), max(refunded - came, Decimal(0))
            if kept:
                channel = self._get_raw_channel(part, transactions)
                channels[channel] += convert(recovered + kept) - convert(recovered)
                counts[channel] += 1
            recovered += kept
            paid_on = part["date"]
        for part, day in self._get_raw_unbooked(move.id):
            channels["manual"] += convert(recovered + part) - convert(recovered)
            counts["manual"] += 1
            recovered, paid_on = recovered + part, day
        rest_amount = self._get_raw_open(move.id) + written_off
        if state == "cancelled":
            rest_amount = Decimal(0)
        since = self.reopened.get(case, failed_at.date())
        # Recovered comes first, then what is no longer asked for, then what is left.
        rest = convert(asked) - convert(asked - rest_amount)
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
            "channel": max(channels, key=channels.get) if channels else False,
            "channels": channels,
            "counts": counts,
            "reason": self._get_raw_reason(transactions),
            "failed_on": failed_at.date(),
            "days": (paid_on - since).days if state == "recovered" else None,
            "customer": move.commercial_partner_id.id,
            "outcome": "in_recovery" if is_open else state,
        }

    def _get_raw_open(self, move_id):
        """Return what is open of an invoice in its own currency: billed less matched and paid."""
        (row,) = self._rows(
            """
            SELECT SUM(amount_currency) AS billed,
                   COALESCE((SELECT SUM(debit_amount_currency)
                               FROM account_partial_reconcile part
                               JOIN account_move_line line ON line.id = part.debit_move_id
                              WHERE line.move_id = %s), 0) AS matched
              FROM account_move_line WHERE move_id = %s AND display_type = 'payment_term'
            """,
            move_id,
            move_id,
        )
        unbooked = sum(amount for amount, _day in self._get_raw_unbooked(move_id))
        return Decimal(str(row["billed"])) - Decimal(str(row["matched"])) - unbooked

    def _get_raw_unbooked(self, move_id):
        rows = self._rows(
            """
            SELECT payment.amount, payment.date
              FROM account_move__account_payment relation
              JOIN account_payment payment ON payment.id = relation.payment_id
             WHERE relation.invoice_id = %s AND payment.move_id IS NULL
            """,
            move_id,
        )
        return [(Decimal(str(row["amount"])), row["date"]) for row in rows]

    def _get_raw_channel(self, part, transactions):
        if part["statement_line_id"]:
            return "bank_transfer"
        if part["operation"] == "offline":
            # A charge of another card than the one that had failed.
            is_other = part["token_id"] != transactions[0]["token_id"]
            return "new_method" if is_other else "retry"
        return "manual"

    def _get_raw_reason(self, transactions):
        decline = transactions[0]["recovery_decline"] if transactions else None
        return (decline or {}).get("reason", False)

    def _get_raw_tenures(self, company):
        """Return by customer the day of his first invoice."""
        rows = self._rows(
            """
            SELECT commercial_partner_id, invoice_date FROM account_move
             WHERE company_id = %s AND move_type = 'out_invoice' AND state = 'posted'
            """,
            company.id,
        )
        days = defaultdict(list)
        for row in rows:
            days[row["commercial_partner_id"]].append(row["invoice_date"])
        return {customer: str(min(found)) for customer, found in days.items()}

    def _get_raw_cards(self, company, today):
        """Return the cards that end within 60 days, with what is open on their invoices."""
        cards = {
            row["id"]: row["recovery_expiry"]
            for row in self._rows("SELECT id, recovery_expiry FROM payment_token WHERE active")
        }
        invoices = self._rows(
            """
            SELECT move.id, move.collect_token_id,
                   partner.collect_token_id ->> %s AS usual_id
              FROM account_move move
              JOIN res_partner partner ON partner.id = move.commercial_partner_id
             WHERE move.company_id = %s AND move.collect_automatically
               AND move.state = 'posted' AND move.move_type = 'out_invoice'
            """,
            str(company.id),
            company.id,
        )
        amounts = defaultdict(Decimal)
        for invoice in invoices:
            card = invoice["collect_token_id"] or int(invoice["usual_id"] or 0)
            expiry = cards.get(card)
            open_amount = self._get_raw_residual(invoice["id"])
            if open_amount and expiry and today <= expiry <= today + timedelta(days=60):
                amounts[card] += open_amount
        return amounts

    def _get_raw_residual(self, move_id):
        """Return what is open of an invoice in the company's currency: billed less matched."""
        lines = self._rows(
            """
            SELECT id, balance FROM account_move_line
             WHERE move_id = %s AND display_type = 'payment_term'
            """,
            move_id,
        )
        total = Decimal(0)
        for line in lines:
            parts = self._rows(
                "SELECT amount FROM account_partial_reconcile WHERE debit_move_id = %s", line["id"]
            )
            total += Decimal(str(line["balance"]))
            total -= sum(Decimal(str(part["amount"])) for part in parts)
        return total
