# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What must always hold of the money of an invoice, judged by the truth at its provider."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Domain

# Charges of an invoice in a day: those that went to a provider, and those that were stopped.
MOST_SENT = 12
MOST_STOPPED = 12
DAY = timedelta(days=1)
# What the slowest rail takes to let know.
LONGEST = timedelta(days=14)
IN_FLIGHT = ("running", "unknown", "pending")


class Judge:
    """Looks on, and complains.

    :param acts: the :class:`Acts` of the history
    """

    def __init__(self, acts):
        self._acts = acts
        self._env = acts.env
        self._move = acts.invoice
        self._complaints = []
        # Payments that a person's wrong word is about: their money may be missed, and taken twice.
        self._wrong = set()
        # The customer may pay although a charge is overdue, and pay twice thereby.
        self._is_late = False
        self._booked = set()
        self._missed_at = {}
        self._in_portal = set()
        self._person_acts = 0

    # === WHAT EXCUSES === #

    def note_wrong_word(self, reference):
        """Somebody says of a charge what isn't true."""
        self._wrong.add(reference)

    def note_customer_pays(self, reference, in_portal):
        """The customer pays; a charge whose outcome is overdue may still succeed beside it."""
        if in_portal:
            self._in_portal.add(reference)
        now = fields.Datetime.now()
        self._is_late |= any(
            attempt.state in IN_FLIGHT and attempt.deadline_at and attempt.deadline_at <= now
            for attempt in self._acts.get_attempts()
        )

    def note_person_unbooks(self):
        """A person takes money off the invoice: what is booked on it by now was booked."""
        self._person_acts += 1
        for payment in self._acts.memory.payments:
            if payment.status == "paid" and self._is_accounted_for(payment):
                self._booked.add(payment)

    # === MONEY === #

    def on_money(self, payment):
        """Compare what a payment takes, or may take later, with what is owed at that instant."""
        if self._wrong or self._is_late:
            return
        owed = self._get_owed()
        under_way = sum(
            each.amount
            for each in self._acts.memory.payments
            if each is not payment
            and each.status in ("paid", "pending")
            and not self._is_in_books(each)
            # Odoo's portal lets them pay once more by an act of their own; our page does not.
            and not (each.by_customer and self._is_in_portal(payment))
        )
        taken = payment.amount + under_way
        if payment.by_customer:
            # They may finish what they began before somebody else paid.
            owed = round(self._move.amount_total * 100)
        if taken > owed:
            self._complaints.append(
                f"{payment.reference} takes {payment.amount}, {under_way} are under way, "
                f"and {owed} are owed"
            )

    def _get_owed(self):
        """Return what is owed by the books, in minor units."""
        rows = self._query(
            """
            SELECT COALESCE(SUM(line.amount_residual_currency), 0) - COALESCE((
                       SELECT SUM(payment.amount)
                         FROM account_payment payment
                         JOIN account_move__account_payment link ON link.payment_id = payment.id
                        WHERE link.invoice_id = %(move)s
                          AND payment.move_id IS NULL
                          AND payment.state IN ('in_process', 'paid')
                   ), 0)
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
             WHERE line.move_id = %(move)s
               AND line.display_type = 'payment_term'
               AND move.state = 'posted'
            """,
            move=self._move.id,
        )
        return round(float(rows[0][0]) * 100)

    def _is_in_portal(self, payment):
        return payment.reference in self._in_portal

    def _is_in_books(self, payment):
        return bool(
            self._query(
                """
                SELECT 1 FROM payment_transaction transaction
                  JOIN account_payment payment ON payment.id = transaction.payment_id
                 WHERE transaction.reference = %(reference)s
                """,
                reference=payment.reference,
            )
        )

    def _query(self, query, **values):
        # The jobs work in cursors on top of this one.
        self._env.cr.execute(query, values)
        return self._env.cr.fetchall()

    # === LOOKING ON === #

    def look(self, is_clean):
        """Complain of what does not hold.

        :param is_clean: whether all jobs have just run undisturbed
        :raise AssertionError: with what is wrong
        """
        if is_clean:
            now = fields.Datetime.now()
            for payment in self._acts.memory.payments:
                reported_at = payment.reported_at
                if payment.status == "paid" and reported_at and reported_at + DAY <= now:
                    self._look_for(payment, now)
            self._check_deadlines(now)
        self._check_number()
        if self._complaints:
            raise AssertionError("; ".join(self._complaints))

    def _look_for(self, payment, now):
        """Complain of a success that is still missed when the jobs had run twice."""
        if payment in self._booked or self._is_accounted_for(payment):
            self._missed_at.pop(payment, None)
        elif self._missed_at.setdefault(payment, now) < now:
            self._check_noticed(payment, "was reported")

    def look_at_the_end(self):
        """Complain of what does not hold when all has come to its end."""
        for payment in self._acts.memory.payments:
            if payment.status == "paid" and not self._is_excused(payment):
                self._check_noticed(payment, "was made")
        self.look(is_clean=True)

    def _is_excused(self, payment):
        """Return whether nobody could know of a success by now."""
        if payment.reported_at:
            return False
        if payment.reference in self._wrong:
            return True
        # What a customer finished is asked for when the invoice is to be charged.
        return payment.by_customer and not self._move._is_recoverable()

    def _check_noticed(self, payment, how):
        if payment in self._booked or self._is_accounted_for(payment):
            return
        transaction = self._acts.find_transaction(payment)
        self._complaints.append(
            f"{payment.reference} of {payment.amount} {how}, and nobody sees it: transaction "
            f"{transaction.state}, payment {transaction.payment_id.state}, invoice "
            f"{self._move.state} {self._move.payment_state}"
        )

    def _is_accounted_for(self, payment):
        """Return whether the money is on the invoice, or somebody is told of it."""
        transaction = self._acts.find_transaction(payment)
        attempt = self._acts.get_attempts().filtered(
            lambda attempt: attempt.transaction_id == transaction
        )
        if self._has_alert(
            *(f"{kind}:{transaction.id}" for kind in ("excess", "paid_twice", "begun", "unbooked")),
            *(f"{kind}:{attempt.id}" for kind in ("outcome", "overdue")),
            reference=payment.reference,
        ):
            return True
        booked = transaction.payment_id
        if transaction.state != "done" or booked.state not in ("in_process", "paid"):
            return False
        if not booked.move_id:
            return self._move in booked.invoice_ids
        lines = booked._seek_for_lines()[1]
        return self._move in booked.reconciled_invoice_ids and all(lines.mapped("reconciled"))

    def _has_alert(self, *subjects, reference=None):
        alerts = Domain("recovery_subject", "in", subjects)
        if reference:
            alerts |= Domain("recovery_sentence", "ilike", f"{reference} ")
        todos = self._env["mail.activity"].sudo().search(alerts)
        places = {("account.move", self._move.id)} | {
            ("recovery.case", case.id) for case in self._move.sudo().recovery_case_ids
        }
        return any((todo.res_model, todo.res_id) in places for todo in todos)

    def _check_deadlines(self, now):
        for attempt in self._acts.get_attempts():
            if attempt.state not in IN_FLIGHT:
                continue
            if not attempt.deadline_at or attempt.deadline_at > attempt.started_at + LONGEST:
                self._complaints.append(f"{attempt.display_name} has no deadline")
            elif attempt.deadline_at + DAY <= now and not self._has_alert(
                f"outcome:{attempt.id}", f"overdue:{attempt.id}"
            ):
                self._complaints.append(
                    f"{attempt.display_name} is {attempt.state} since {attempt.started_at}, and "
                    "nobody is asked"
                )

    def _check_number(self):
        rows = self._query(
            """
            SELECT COUNT(*) FILTER (WHERE transaction_id IS NOT NULL),
                   COUNT(*) FILTER (WHERE transaction_id IS NULL
                                      AND state IN ('refused', 'cancelled'))
              FROM recovery_attempt
             WHERE move_id = %(move)s
             GROUP BY COALESCE(started_at, finished_at, decided_at)::date
            """,
            move=self._move.id,
        )
        most = MOST_STOPPED + self._person_acts
        if any(sent > MOST_SENT or stopped > most for sent, stopped in rows):
            self._complaints.append(f"charges by day, sent and stopped: {rows}")
