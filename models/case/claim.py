# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What became of the instalments that are in recovery, as the ledger has them now."""

from dataclasses import dataclass, field
from datetime import date

from odoo.tools import SQL

from ...tools.series import GONE_STATES
from .settlements import MATCHES, REFUNDED, Settlement, find_channel


@dataclass
class _Instalment:
    """A line of an invoice's payment terms, with what is matched with it.

    :ivar open: what nothing was matched with
    """

    due: date | None
    billed: float
    open: float
    discount_until: date | None
    discounted: float
    matches: list = field(default_factory=list)


class Claim:
    """What is, and was, asked of an invoice's instalments due up to a day. Reads, never writes.

    In the currency of the invoice. All that was billed is in one of the parts: `settlements`, what
    was `refunded` of them, `credited`, `written_off`, `discounted` (early-payment discounts, and
    differences of rates), `returned` (a payment that went back, and is still matched), `open`.

    An instalment that was put off to a later day stays a part of it.

    :param move: the invoice, in its company
    :param due_date: up to which instalments are meant; all of them when not told
    :param case: whose charges and notices tell the channels; may be none
    """

    def __init__(self, move, due_date=None, case=None):
        self.env, self.move, self.case = move.env, move, case
        self.settlements = []
        self.credited = self.written_off = self.discounted = self.refunded = self.returned = 0.0
        instalments = self._read_instalments()
        self._set_apart(instalments, due_date)
        self.billed = self._sum(each.billed for each in self.instalments)
        self.open = self._sum(each.open for each in self.instalments)
        unbooked = self._read_unbooked()
        for match in sorted(
            (match for each in self.instalments for match in each.matches),
            key=lambda match: match["partial_id"],
        ):
            self._add_match(match, unbooked)
        self._add_unbooked(unbooked, instalments)
        self._take_off_payouts()

    # === WHAT IS SAID OF IT === #

    @property
    def paid(self):
        """What was paid and kept."""
        return self._sum(each.amount for each in self.settlements)

    @property
    def owed(self):
        """What is not settled: open, or matched with a payment whose money went back."""
        return self._sum((self.open, self.returned))

    @property
    def next_due(self):
        """The day on which the first instalment that is open falls due; none for no such day."""
        return min((each.due for each in self._get_open() if each.due), default=None)

    def get_postponed(self, today):
        """Return what is open and falls due after a day only."""
        later = (each.open for each in self._get_open() if each.due and each.due > today)
        return min(self._sum(later), self.open)

    def _get_open(self):
        return [
            each
            for each in self.instalments
            if self.move.currency_id.compare_amounts(each.open, 0) > 0
        ]

    # === READING === #

    def _read_instalments(self):
        self.env.flush_all()
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT term.id, term.date_maturity, term.discount_date,
                       term.amount_currency AS billed, term.amount_residual_currency AS open,
                       term.discount_amount_currency AS discounted,
                       EXISTS (SELECT FROM account_partial_reconcile part
                                WHERE part.debit_move_id = term.id) AS is_matched
                  FROM account_move_line term
                 WHERE term.move_id = %s AND term.display_type = 'payment_term'
              ORDER BY term.date_maturity NULLS FIRST, term.id
                """,
                self.move.id,
            )
        )
        instalments = {
            row["id"]: _Instalment(
                row["date_maturity"],
                float(row["billed"]),
                float(row["open"] or 0.0),
                row["discount_date"],
                float(row["discounted"] or 0.0),
            )
            for row in rows
        }
        # PostgreSQL thinks long about what is matched, and of most invoices in recovery nothing is.
        if matched := tuple(row["id"] for row in rows if row["is_matched"]):
            for match in self._read_matches(matched):
                instalments[match["line_id"]].matches.append(match)
        return list(instalments.values())

    def _read_matches(self, line_ids):
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT part.debit_move_id AS line_id, part.id AS partial_id,
                       part.debit_amount_currency AS amount,
                       kind.name AS kind, money.came, money.kept, facts.is_discount,
                       entry.statement_line_id, payment.id AS payment_id,
                       payment.payment_transaction_id AS transaction_id
                  FROM account_partial_reconcile part
                    %s
                 WHERE part.debit_move_id IN %s
              ORDER BY part.id
                """,
                MATCHES,
                line_ids,
            )
        )

    def _set_apart(self, instalments, due_date):
        """Tell the instalments that are meant from the others.

        Those that were put off are found by what has come to the later ones since the case opened
        while it is missing among the others: the first ones of it.
        """
        in_time = [
            each for each in instalments if not (due_date and each.due and each.due > due_date)
        ]
        later = [each for each in instalments if each not in in_time]
        self.later = self._sum(each.billed for each in later)
        case = self.case
        moved = 0.0
        if case and case.billed_amount:
            missing = case.billed_amount - sum(each.billed for each in in_time)
            if self.move.currency_id.compare_amounts(missing, 0) > 0:
                moved = self.later - case.later_amount
        self.instalments = in_time
        while later and self.move.currency_id.compare_amounts(moved, 0) > 0:
            instalment = later.pop(0)
            moved -= self._take_part(instalment, moved)
            self.instalments.append(instalment)

    def _take_part(self, instalment, moved):
        """Leave of an instalment what has moved into it, which what is paid on it pays first.

        :return: what it was
        """
        billed = instalment.billed
        if billed > moved:
            matched = billed - instalment.open
            instalment.billed, instalment.open = moved, max(moved - matched, 0.0)
        return billed

    def _read_unbooked(self):
        """Return the payments of the invoice that have no journal entry, oldest first."""
        if self.move.payment_state == "not_paid":
            return []
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT payment.id AS payment_id, payment.amount, payment.date,
                       payment.currency_id,
                       payment.payment_transaction_id AS transaction_id, %s AS refunded
                  FROM account_move__account_payment relation
                  JOIN account_payment payment ON payment.id = relation.payment_id
                 WHERE relation.invoice_id = %s AND payment.move_id IS NULL
                   AND payment.payment_type = 'inbound'
                   AND payment.state NOT IN %s AND payment.state != 'draft'
              ORDER BY payment.id
                """,
                REFUNDED,
                self.move.id,
                GONE_STATES,
            )
        )
        for row in rows:
            row["left"] = self._convert(row, self._get_share(row))
        return rows

    def _get_share(self, row):
        """Return what of a payment without entry is this invoice's: the oldest come first."""
        payment = self.env["account.payment"].sudo().browse(row["payment_id"])
        left = float(row["amount"])
        for move in payment.invoice_ids.sorted("id"):
            if move == self.move:
                return left
            left = max(left - move.amount_total, 0.0)
        return left

    def _convert(self, row, amount):
        currency = self.env["res.currency"].browse(row["currency_id"])
        if currency == self.move.currency_id:
            return amount
        return currency._convert(amount, self.move.currency_id, self.move.company_id, row["date"])

    # === ADDING UP === #

    def _add_match(self, match, unbooked):
        amount, came, kept = (float(match[name]) for name in ("amount", "came", "kept"))
        kind = match["kind"]
        if kind == "credit":
            self.credited = self._sum((self.credited, amount))
            return
        if kind == "exchange":
            self.discounted = self._sum((self.discounted, amount))
            return
        given_up = self._sum((amount, -came))
        if match["is_discount"]:
            self.discounted = self._sum((self.discounted, given_up))
        else:
            self.written_off = self._sum((self.written_off, given_up))
        if kind == "returned":
            self.returned = self._sum((self.returned, came))
        elif came:
            source = match
            if match["statement_line_id"]:
                source = self._find_announced(came, unbooked) or match
            self._add_settlement(source, kept, came - kept, match)

    def _find_announced(self, amount, unbooked):
        """Return the payment without entry whose money a bank statement shows."""
        for row in unbooked:
            if self.move.currency_id.compare_amounts(row["left"], amount) >= 0:
                row["left"] = self._sum((row["left"], -amount))
                return row
        return None

    def _add_unbooked(self, unbooked, instalments):
        """Let payments without entry pay what is open: nothing in the ledger says that they do."""
        for row in unbooked:
            came = min(row["left"], self.open)
            if self.move.currency_id.compare_amounts(came, 0) <= 0:
                continue
            refunded = min(self._convert(row, float(row["refunded"])), came)
            self._add_settlement(row, came - refunded, refunded)
            self.open = self._sum((self.open, -came))
            for each in instalments:
                if each.discount_until and each.discount_until >= row["date"]:
                    self._take_discount(each, came)

    def _take_discount(self, instalment, came):
        """Take what is left for an early-payment discount that the invoice had granted."""
        compare = self.move.currency_id.compare_amounts
        left = self._sum((instalment.billed, -instalment.discounted))
        if not compare(came, instalment.discounted) and not compare(self.open, left):
            self.discounted = self._sum((self.discounted, self.open))
            self.open = 0.0

    def _add_settlement(self, source, kept, refunded, match=None):
        is_statement = bool(match and match["statement_line_id"])
        # What a statement shows of a payment that was known came as that payment.
        is_new = is_statement and source is match
        self.refunded = self._sum((self.refunded, refunded))
        self.settlements.append(
            Settlement(
                find_channel(self.env, source["transaction_id"], is_new, self.case),
                self._sum((kept,)),
                match and match["partial_id"],
                source["payment_id"],
                source["transaction_id"],
                is_statement,
                self._sum((refunded,)),
            )
        )

    def _take_off_payouts(self):
        """Count what a credit note paid back to the customer as refunded, of the last payments."""
        left = self._read_payouts() if self.settlements else 0.0
        for position in reversed(range(len(self.settlements))):
            settlement = self.settlements[position]
            taken = min(settlement.amount, left)
            if taken <= 0:
                continue
            left -= taken
            self.refunded = self._sum((self.refunded, taken))
            self.settlements[position] = settlement._replace(
                amount=self._sum((settlement.amount, -taken)),
                refunded=self._sum((settlement.refunded, taken)),
            )

    def _read_payouts(self):
        """Return what the invoice's credit notes paid out; a refund of ours is known by itself."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(SUM(part.credit_amount_currency), 0)
                  FROM account_move note
                  JOIN account_move_line line ON line.move_id = note.id
                  JOIN account_partial_reconcile part ON part.credit_move_id = line.id
                  JOIN account_move_line other ON other.id = part.debit_move_id
                  JOIN account_move entry ON entry.id = other.move_id
             LEFT JOIN account_payment payment ON payment.id = entry.origin_payment_id
             LEFT JOIN payment_transaction transaction
                    ON transaction.id = payment.payment_transaction_id
                 WHERE note.reversed_entry_id = %s AND note.move_type = 'out_refund'
                   AND note.currency_id = %s
                   AND (payment.id IS NOT NULL AND payment.state NOT IN %s
                        OR entry.statement_line_id IS NOT NULL)
                   AND transaction.operation IS DISTINCT FROM 'refund'
                """,
                self.move.id,
                self.move.currency_id.id,
                GONE_STATES,
            )
        )
        return float(rows[0][0])

    def _sum(self, amounts):
        return self.move.currency_id.round(sum(amounts))
