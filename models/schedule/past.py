# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Payments of a company that recovery had no part in, read from transactions.

They are learned from once (`recovery.timing`), and shown by audits. Invoices with a case are left
out altogether: what their cases do is learned and reported as their own.
"""

from dataclasses import replace
from datetime import datetime, time
from functools import lru_cache

from odoo.tools import SQL

from ...audit.payments import Debt, PastPayment, gather
from ...audit.retries import find_finished, make_case
from ...declines import Decline
from ...declines.kept import read_kept
from ...tools.instants import aware, naive
from .facts import read_history

# Rows in the memory of this process at a time.
_BATCH = 20000
# More take the job longer and teach little more: what is older counts less.
MOST_TAUGHT = 3000
_FAILED = SQL(
    """
    (transaction.state = 'error' OR transaction.state = 'cancel' AND (
        transaction.recovery_decline IS NOT NULL
        -- Odoo's addon of Authorize.Net ends so what is declined, with the reason.
        OR provider.code = 'authorize' AND COALESCE(transaction.state_message, '') != ''))
    """
)
_PAYMENT = SQL("transaction.operation NOT IN ('validation', 'refund')")


class PastReader:
    """Reads the past of one company.

    :param since: naive UTC instant of the oldest failure
    :param until: naive UTC instant up to which is read
    """

    def __init__(self, company, since, until):
        self.env = company.env
        self.company, self.since, self.until = company, since, until
        self._taxonomy = self.env["recovery.decline.code"]._get_taxonomy()
        self._read = lru_cache(maxsize=20000)(self._read_decline)

    def read_debts(self):
        """Return the debts whose first payment failed, by the instant of the failure.

        :rtype: list[audit.Debt]
        """
        self._flush()
        debts = self._read_invoices()
        return gather(self._read_payments(list(debts)), debts) if debts else []

    def count(self):
        """Return how many payments there were, how many failed, and how many of no invoice."""
        self._flush()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT COUNT(*) FILTER (WHERE transaction.state = 'done' OR %(failed)s),
                       COUNT(*) FILTER (WHERE %(failed)s),
                       COUNT(*) FILTER (WHERE %(failed)s AND NOT EXISTS (
                           SELECT FROM account_invoice_transaction_rel rel
                            WHERE rel.transaction_id = transaction.id))
                  FROM payment_transaction transaction
                  JOIN payment_provider provider ON provider.id = transaction.provider_id
                 WHERE transaction.company_id = %(company)s AND %(payment)s
                   AND transaction.last_state_change BETWEEN %(since)s AND %(until)s
                """,
                **self._get_values(),
            )
        )
        return rows[0]

    def read_working_cards(self):
        """Return ids and debts of open invoices whose customer has a method that paid last."""
        self._flush()
        return self.env.execute_query(
            SQL(
                """
                WITH owing AS (
                    SELECT move.id, move.commercial_partner_id, move.amount_residual_signed AS owed
                      FROM account_move move
                     WHERE move.company_id = %(company)s AND move.move_type = 'out_invoice'
                       AND move.state = 'posted' AND move.payment_state IN ('not_paid', 'partial')
                       AND move.amount_residual_signed > 0
                       AND move.invoice_date_due <= %(until)s::date
                       AND NOT EXISTS (SELECT FROM recovery_case WHERE move_id = move.id)
                ), working AS (
                    SELECT DISTINCT partner.commercial_partner_id
                      FROM payment_token token
                      JOIN res_partner partner ON partner.id = token.partner_id
                      JOIN payment_provider provider ON provider.id = token.provider_id
                CROSS JOIN LATERAL (
                        SELECT transaction.state
                          FROM payment_transaction transaction
                         WHERE transaction.token_id = token.id AND %(payment)s
                           AND (transaction.state = 'done' OR %(failed)s)
                      ORDER BY transaction.last_state_change DESC, transaction.id DESC LIMIT 1
                      ) last
                     WHERE token.active AND token.recovery_removed_at IS NULL
                       AND token.company_id = %(company)s AND provider.state != 'disabled'
                       AND (token.recovery_expiry IS NULL OR token.recovery_expiry >= %(until)s)
                       AND last.state = 'done'
                       AND partner.commercial_partner_id IN (
                           SELECT commercial_partner_id FROM owing)
                )
                SELECT id, owed FROM owing JOIN working USING (commercial_partner_id)
              ORDER BY owed DESC, id
                """,
                **self._get_values(),
            )
        )

    # What is read

    def _get_values(self):
        return {
            "company": self.company.id,
            "since": self.since,
            "until": self.until,
            "failed": _FAILED,
            "payment": _PAYMENT,
        }

    def _flush(self):
        self.env["payment.transaction"].flush_model()
        self.env["payment.token"].flush_model()
        self.env["account.move"].flush_model()
        self.env["recovery.case"].flush_model(["move_id"])

    def _read_invoices(self):
        """Return the invoices with a failure, as debts by id; credited ones are none any more."""
        zone = self.company.partner_id._get_recovery_tz()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT move.id, move.commercial_partner_id, move.payment_state,
                       move.amount_total_signed, move.amount_residual_signed,
                       COALESCE(partner.tz, %(zone)s), country.code,
                       CASE WHEN move.payment_state IN ('paid', 'in_payment') THEN (
                           SELECT MAX(part.max_date)
                             FROM account_move_line line
                             JOIN account_partial_reconcile part ON part.debit_move_id = line.id
                            WHERE line.move_id = move.id) END
                  FROM account_move move
                  JOIN res_partner partner ON partner.id = move.commercial_partner_id
             LEFT JOIN res_country country ON country.id = partner.country_id
                 WHERE move.company_id = %(company)s AND move.move_type = 'out_invoice'
                   AND move.state = 'posted' AND move.payment_state != 'reversed'
                   AND NOT EXISTS (SELECT FROM recovery_case WHERE move_id = move.id)
                   AND move.id IN (
                       SELECT rel.invoice_id
                         FROM payment_transaction transaction
                         JOIN payment_provider provider ON provider.id = transaction.provider_id
                         JOIN account_invoice_transaction_rel rel
                           ON rel.transaction_id = transaction.id
                        WHERE transaction.company_id = %(company)s AND %(payment)s AND %(failed)s
                          AND transaction.last_state_change BETWEEN %(since)s AND %(until)s)
                """,
                zone=zone,
                **self._get_values(),
            )
        )
        return {
            move: Debt(
                move,
                partner,
                total,
                owed=max(residual, 0.0),
                settled_at=self._to_instant(settled),
                country=country or "",
                tz=tz,
            )
            for move, partner, _state, total, residual, tz, country, settled in rows
        }

    def _to_instant(self, day):
        """Return noon of the day on which an invoice was paid, or the end of what is read."""
        if not day:
            return None
        return min(aware(datetime.combine(day, time(12))), aware(self.until))

    def _read_payments(self, move_ids):
        """Yield the payments of invoices, and drop what does not belong to the past."""
        cursor = self.env.cr
        cursor.execute(
            SQL(
                """
                SELECT rel.invoice_id, transaction.last_state_change,
                       transaction.amount * COALESCE(
                           move.amount_total_signed / NULLIF(move.amount_total, 0), 1),
                       transaction.state = 'done' AND transaction.recovery_decline IS NULL,
                       provider.code, transaction.state_message, transaction.recovery_decline,
                       CASE WHEN transaction.token_id IS NOT NULL THEN COALESCE(
                           transaction.recovery_fingerprint, token.recovery_fingerprint,
                           'token ' || transaction.token_id) END,
                       transaction.operation, token.recovery_network, token.recovery_funding,
                       token.recovery_country
                  FROM account_invoice_transaction_rel rel
                  JOIN payment_transaction transaction ON transaction.id = rel.transaction_id
                  JOIN payment_provider provider ON provider.id = transaction.provider_id
                  JOIN account_move move ON move.id = rel.invoice_id
             LEFT JOIN payment_token token ON token.id = transaction.token_id
                 WHERE rel.invoice_id = ANY(%(moves)s) AND %(payment)s
                   AND transaction.last_state_change BETWEEN %(since)s AND %(until)s
                   AND (transaction.state = 'done' OR %(failed)s)
              ORDER BY transaction.last_state_change, transaction.id
                """,
                moves=move_ids,
                **self._get_values(),
            )
        )
        while rows := cursor.fetchmany(_BATCH):
            for row in rows:
                yield self._make_payment(*row)

    def _make_payment(
        self, move, at, amount, paid, code, message, decline, method, operation, *facts
    ):
        if paid:
            read = None
        elif decline:
            read = Decline.from_dict(decline)
        else:
            read = self._read(code, message or "", *(fact or "" for fact in facts))
        return PastPayment(
            move,
            aware(at),
            amount,
            paid,
            read,
            method,
            operation != "offline",
        )

    def _read_decline(self, code, message, network, funding, country):
        decline = read_kept(code, message, self._taxonomy)
        # Only what counts: texts of many transactions would fill the memory.
        return replace(
            decline, message="", excerpt=(), network=network, funding=funding, country=country
        )


def read_cases(company, debts):
    """Return debts as the timing engine reads them, with their customers' earlier charges.

    :return: cases by key of the debt
    """
    keys = [(debt.key, debt.customer, company.id, naive(debt.first.at)) for debt in debts]
    histories = read_history(company.env, keys) if keys else {}
    return {debt.key: make_case(debt, histories.get(debt.key, ())) for debt in debts}


def find_retries(debts, cases, name):
    """Yield the retries of debts as the timing engine learns them, the latest debts only.

    :param name: what the debts' keys begin with, so that no case of the engine has the same
    """
    for debt in debts:
        case = cases.get(debt.key)
        if case:
            yield from find_finished(debt, case, f"{name} {debt.key}")


def choose_taught(debts):
    """Return the debts to learn from: the latest with a retry."""
    retried = [debt for debt in debts if debt.first.method is not None and debt.later]
    return retried[-MOST_TAUGHT:]
