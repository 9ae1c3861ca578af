# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The books, brought in line with what a provider told of money that it takes back."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError

from ...tools import series
from ...tools.said import Money, join, say
from .alerts import answer_alert, find_alerts, raise_alert
from .returns import close_as_disputed, mark_declined

# Until a payment that a provider takes back has been booked by Odoo's own job.
_MISSING_WAIT = timedelta(minutes=10)
_MISSING_PATIENCE = timedelta(hours=12)
# In another currency the amount moves with the rate; less than this is a part of the payment.
_NEARLY_ALL = 0.9


class TakingBack:
    """One return, and what is to be done for it; doing it twice changes nothing.

    :param record: a `recovery.return`, in sudo mode and in its company
    """

    def __init__(self, record):
        self.env = record.env
        self.record = record
        self.transaction = record.transaction_id
        self.payment = record.payment_id or record.transaction_id.payment_id

    def follow(self):
        """Book what was told, and tell people of it.

        :raise UserError: when it can't be booked
        """
        record = self.record
        if record.kind == "refund":
            is_done = self._follow_refund()
        elif record.state in ("taken", "lost"):
            is_done = bool(record.booked_amount) or self._take()
        elif record.state == "won":
            is_done = self._give_back()
        else:
            is_done = self._announce()
        if record.kind == "dispute":
            self._tell_of_dispute()
        if is_done:
            answer_alert(self.env, f"booking:{record.id}")
            record.write({"is_due": False, "not_before": False})
        else:
            record.not_before = fields.Datetime.now() + _MISSING_WAIT
            self.env["recovery.invoice.queue"]._wake(record.not_before)
        self.env["recovery.invoice.queue"]._put(record.move_ids)

    # === THE MONEY === #

    def _announce(self):
        """Let a card that is called stolen be charged no more, while the money is still there."""
        decline = self.record._get_decline()
        if decline.decline_class == "never" and self.transaction.state == "done":
            mark_declined(self.transaction, decline)
        return True

    def _take(self):
        """Book that the money is gone.

        :return: whether it is booked; it isn't as long as its payment is not
        """
        record, payment = self.record, self.payment
        if payment and payment._recovery_is_returned():
            # Somebody was first, by hand or from the bank's file: the books know it.
            record.write(
                {
                    "payment_id": payment.id,
                    "entry_id": payment.recovery_return_move_id.id,
                    "booked_amount": payment.amount,
                }
            )
            if record.kind == "dispute":
                for case in record.move_ids.recovery_case_id:
                    close_as_disputed(case, self._describe())
            return True
        if not series.has_arrived(payment):
            if record.noted_at > fields.Datetime.now() - _MISSING_PATIENCE:
                return False
            raise UserError(self.env._("its payment is not in the books."))
        record.move_ids |= payment._recovery_get_paid_moves()
        amount = self._find_part(payment)
        entry = payment._recovery_return(
            record._get_decline(),
            self._find_date(payment),
            is_dispute=record.kind == "dispute",
            amount=amount,
        )
        record.write(
            {
                "payment_id": payment.id,
                "entry_id": entry.id,
                "back_entry_id": False,
                "booked_amount": payment.amount if amount is None else amount,
            }
        )
        return True

    def _give_back(self):
        """Book that the money came back, where it was booked as gone."""
        record = self.record
        if record.booked_amount:
            back = self.payment._recovery_give_back(
                record.entry_id, fields.Date.context_today(record), record.move_ids
            )
            record.write({"back_entry_id": back.id, "entry_id": False, "booked_amount": 0.0})
            sentence = self.env._("The money came back: %(what)s", what=self._describe())
            for thread in (self.payment, *record.move_ids):
                thread.message_post(body=sentence)
        others = record.search(
            [
                ("transaction_id", "=", self.transaction.id),
                ("kind", "!=", "refund"),
                ("state", "!=", "won"),
            ]
        )
        if not others:
            self.transaction.write({"recovery_decline": False, "recovery_reason_id": False})
        return True

    def _find_part(self, payment):
        """Return which part of a payment was taken back, in its currency; none for all of it.

        :raise UserError: when that can't be told, or nothing is left of it
        """
        record = self.record
        booked = sum(
            record.search([("payment_id", "=", payment.id), ("id", "!=", record.id)]).mapped(
                "booked_amount"
            )
        )
        left = payment.currency_id.round(payment.amount - booked)
        amount = record.amount or left
        if record.currency_id != payment.currency_id:
            amount = self._convert(payment)
        if payment.currency_id.compare_amounts(left, 0) <= 0:
            raise UserError(
                self.env._(
                    "All of %(payment)s was taken back before.", payment=payment.display_name
                )
            )
        if not booked and payment.currency_id.compare_amounts(amount, payment.amount) >= 0:
            return None
        return min(amount, left)

    def _convert(self, payment):
        """Return the whole payment, where an amount in another currency is about as much.

        :raise UserError: when it is less, so that nobody knows which part it is
        """
        record = self.record
        amount = record.currency_id._convert(
            record.amount,
            payment.currency_id,
            payment.company_id,
            fields.Date.context_today(record),
        )
        if amount < _NEARLY_ALL * payment.amount:
            raise UserError(
                self.env._(
                    "the amount is in another currency than %(payment)s. Book it by hand.",
                    payment=payment.display_name,
                )
            )
        return payment.amount

    def _find_date(self, payment):
        """Return the accounting date: when it happened, unless that is closed, else today."""
        record = self.record
        today = fields.Date.context_today(record)
        at = record.told_at and fields.Datetime.context_timestamp(record, record.told_at).date()
        date = max(min(at or today, today), payment.date)
        move = payment.move_id
        if move and move._get_violated_lock_dates(date, move._affect_tax_report()):
            return max(today, payment.date)
        return date

    # === REFUNDS === #

    def _follow_refund(self):
        """Let Odoo book a refund that was made at the provider, or take one back that failed.

        :return: whether it is done
        """
        record, transaction = self.record, self.transaction
        refund = self._find_refund()
        if record.state == "won":
            return self._take_back_refund(refund)
        if record.state == "opened":
            return True  # Not paid out yet; the provider tells of it again.
        if transaction.state != "done" or record.currency_id != transaction.currency_id:
            raise UserError(self.env._("its payment, or its currency, is another one."))
        if not transaction.provider_id.journal_id:
            raise UserError(self.env._("its provider has no journal. Choose one, or book it."))
        if not refund:
            refund = transaction._create_child_transaction(
                record.amount or transaction.amount,
                is_refund=True,
                provider_reference=record.reference,
            )
        refund.provider_reference = refund.provider_reference or record.reference
        if refund.state != "done":
            series.set_state(refund, "done")
        if not refund.is_post_processed:
            series.post_process(refund)
        record.write({"payment_id": refund.payment_id.id, "booked_amount": abs(refund.amount)})
        return True

    def _find_refund(self):
        """Return the refund that Odoo knows of already, by its name at the provider.

        One that Odoo has asked for without learning its name has the amount.
        """
        record = self.record
        refunds = self.transaction.child_transaction_ids.filtered(
            lambda child: child.operation == "refund"
        )
        named = refunds.filtered(lambda child: child.provider_reference == record.reference)
        currency = self.transaction.currency_id
        return (
            named
            or refunds.filtered(
                lambda child: (
                    not child.provider_reference
                    and child.state in ("draft", "pending")
                    and not currency.compare_amounts(-child.amount, record.amount)
                )
            )
        )[:1]

    def _take_back_refund(self, refund):
        """Let a refund count no more that the customer did not get."""
        record = self.record
        if refund.state in ("draft", "pending", "authorized", "done"):
            message = self.env._("The provider could not pay this refund out.")
            was_done = refund.state == "done"
            series.set_state(refund, "error", message, further=["done"])
            if was_done and refund.payment_id:
                refund.payment_id._recovery_reverse_refund(fields.Date.context_today(record))
                sentence = say(
                    self.env,
                    "refund_came_back",
                    refund=refund.reference,
                    amount=Money(-refund.amount, refund.currency_id),
                )
                for move in record.move_ids[:1]:
                    raise_alert(move, sentence, f"refund:{record.id}")
        record.booked_amount = 0.0
        return True

    # === THE PEOPLE === #

    def _describe(self):
        """Return what was taken back and why, for a person."""
        record = self.record
        reason = ": ".join(filter(None, (record.code, record.reason_id.name, record.message)))
        return say(
            self.env,
            "part_taken",
            amount=Money(record.amount or self.transaction.amount, record.currency_id),
            payment=self.transaction.reference or self.payment.display_name,
            reason=reason or say(self.env, "no_reason"),
        )

    def _tell_of_dispute(self):
        """Raise the one alert of a dispute, or take it back once it is over."""
        record = self.record
        subject = f"dispute:{record.id}"
        if record.state not in ("opened", "taken"):
            answer_alert(self.env, subject)
            self._tell_of_end()
            return
        deadline = record.deadline_at
        known = {
            "what": self._describe(),
            "deadline": deadline,
        }
        if record.state == "taken":
            sentence = say(self.env, "disputed_taken", **known)
        else:
            sentence = say(self.env, "customer_disputes", **known)
        if deadline:
            until = say(self.env, "evidence_until", **known)
            sentence = join(self.env, sentence, until)
        for move in record.move_ids[:1]:
            raise_alert(move, sentence, subject)
        if deadline:
            day = fields.Datetime.context_timestamp(record, deadline).date()
            find_alerts(self.env, subject).date_deadline = day

    def _tell_of_end(self):
        """Say on the invoices how a dispute ended; the money that came back is told already."""
        if self.record.state == "lost":
            sentence = self.env._("The dispute is lost: %(what)s", what=self._describe())
            for move in self.record.move_ids:
                move.message_post(body=sentence)
