# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Random lives of an invoice whose payment failed, and what the figures have to say of each."""

from datetime import timedelta

from odoo import fields

from odoo.addons.revenue_recovery.declines import read_return
from odoo.addons.revenue_recovery.models.case.states import OPEN_STATES


class Payment:
    """What is known of a payment without looking at the books."""

    def __init__(self, record, came, written_off=0.0, is_booked=True):
        self.record, self.came, self.written_off = record, came, written_off
        self.is_booked, self.refunded = is_booked, 0.0


class Life:
    """One invoice, and what was done to it, kept beside the books by plain arithmetic.

    :param test: the test case, which acts
    :param chance: the only source of randomness
    """

    def __init__(self, test, chance):
        self.test, self.chance = test, chance
        self.billed = chance.choice((100.0, 33.33, 250.01, 1999.99))
        self.currency = test.currencies[chance.choice(("USD", "EUR", "GBP"))]
        # Of its own: what is left of another life would be credit that is used first.
        customer = test.customer.copy({"name": "Customer of one life"})
        self.card = test._create_card(partner_id=customer.id)
        self.invoice, self.case = test._fail_invoice(
            amount=self.billed,
            token=self.card,
            currency_id=self.currency.id,
            partner_id=customer.id,
        )
        # Given up and put off, it would be charged again, and fail once more: in another case.
        self.invoice.collect_automatically = False
        self.asked = self.billed
        self.payments, self.notes = [], []
        self.credited = self.paid_out = 0.0
        self.is_over = self.is_cancelled = False
        self.story = [f"billed {self.billed} {self.currency.name}"]

    # === WHAT MUST BE SAID === #

    @property
    def written_off(self):
        return self._round(sum(payment.written_off for payment in self.payments))

    @property
    def booked(self):
        """What the books have taken off the invoice."""
        came = sum(payment.came for payment in self.payments if payment.is_booked)
        return self._round(came + self.written_off + self.credited)

    @property
    def owed(self):
        unbooked = sum(payment.came for payment in self.payments if not payment.is_booked)
        return self._round(max(self.billed - self.booked - unbooked, 0.0))

    @property
    def recovered(self):
        left = self._round(self.billed - self.booked)
        kept = 0.0
        for payment in self.payments:
            came = payment.came
            if not payment.is_booked:
                came = min(came, left)
                left -= came
            kept += max(came - payment.refunded, 0.0)
        return self._round(max(kept - self.paid_out, 0.0))

    def get_expected(self):
        """Return failed, recovered, in recovery and lost, in the currency of the invoice."""
        recovered, written_off, owed = self.recovered, self.written_off, self.owed
        if self.is_cancelled or not (owed or recovered or written_off):
            return 0.0, 0.0, 0.0, 0.0
        failed = self._round(recovered + written_off + owed)
        if owed and self.case.state in OPEN_STATES:
            return failed, recovered, owed, written_off
        return failed, recovered, 0.0, self._round(owed + written_off)

    def get_states(self):
        """Return the states that the case may have now."""
        if self.is_cancelled:
            return ("cancelled",)
        if self.owed:
            return (*OPEN_STATES, "lost")
        if self.recovered:
            return ("recovered",)
        return ("lost",) if self.written_off else ("cancelled",)

    def _round(self, amount):
        return self.currency.round(amount)

    # === WHAT MAY HAPPEN === #

    def step(self):
        """Let something happen that may happen now."""
        acts = [
            self.pay_part,
            self.pay_all,
            self.pay_by_statement,
            self.pay_without_entry,
            self.write_difference_off,
            self.charge,
            self.credit,
            self.correct,
            self.postpone,
            self.refund,
            self.pay_out,
            self.give_back,
            self.give_up,
        ]
        self.chance.shuffle(acts)
        if self.chance.random() < 0.05:
            acts.insert(0, self.cancel)
        for act in acts:
            told = act()
            if told:
                self.story.append(f"{act.__name__} {told if told is not True else ''}")
                break
        self.test._run_cron("follow")

    def pay_part(self):
        amount = self._round(self.owed * self.chance.choice((0.1, 0.5, 0.77)))
        return amount and self._pay(amount)

    def pay_all(self):
        return self.owed and self._pay(self.owed)

    def pay_without_entry(self):
        amount = self.owed
        if not amount:
            return None
        payment = self.test._create_payment_without_entry(self.invoice, amount)
        self.payments.append(Payment(payment, amount, is_booked=False))
        return amount

    def pay_by_statement(self):
        # By hand, in whole: a statement may show the money of a payment without an entry.
        if self.currency != self.test.company.currency_id or not self._is_all_booked():
            return None
        amount = self.owed
        if amount:
            line = self.test._match_statement(self.invoice, amount)
            self.payments.append(Payment(line, amount))
        return amount

    def write_difference_off(self):
        amount = self._round(self.owed * 0.9)
        if not amount or not self._is_all_booked():
            return None
        expense = self.test.company_data["default_account_expense"].id
        given_up = self._round(self.owed - amount)
        return self._pay(
            amount, given_up, payment_difference_handling="reconcile", writeoff_account_id=expense
        )

    def charge(self):
        if not (self.owed and self.case.next_attempt_id and self._is_all_booked()):
            return None
        amount = self.owed
        self.card.demo_simulated_state = "done"
        self.test._charge_next(self.case)
        self.card.demo_simulated_state = "error"
        transaction = self.invoice.transaction_ids.filtered(lambda each: each.state == "done")
        known = [payment.record for payment in self.payments]
        payment = transaction.payment_id.filtered(lambda each: each not in known)
        if not payment:
            return None
        self.test.assertEqual(payment.amount, amount, msg="What is charged is what is owed.")
        self.payments.append(Payment(payment, amount))
        return amount

    def credit(self):
        amount = self._round(self.owed * self.chance.choice((0.2, 0.5, 1.0)))
        if not amount or not self._is_all_booked():
            return None
        self.notes.append(self._create_note(amount))
        self.credited = self._round(self.credited + amount)
        return amount

    def correct(self):
        """Correct the invoice in draft; what had paid it is matched with it again."""
        share = self.chance.choice((0.0, 0.3, 1.1))
        if not self._is_all_booked() or not (share or self.booked):
            return None
        self.invoice.button_draft()
        # What a bank statement had shown is back on its suspense account.
        self.payments = [each for each in self.payments if each.record._name == "account.payment"]
        amount = self._round(self.booked + self.asked * (share or (not self.booked)))
        if self.chance.random() < 0.5:
            self.test._run_cron("follow")
        self.invoice.invoice_line_ids.price_unit = amount
        self.invoice.action_post()
        moves = self.invoice.browse([note.id for note in self.notes])
        for payment in self.payments:
            moves |= payment.record.move_id
        terms = self._get_terms()
        for line in moves.line_ids.sorted("id"):
            if line.account_id == terms.account_id and not line.reconciled:
                (line + terms).reconcile()
        self.billed = amount
        return amount

    def postpone(self):
        if not self.owed or not self.payments and self.case.state == "lost":
            return None
        day = fields.Date.today() + timedelta(days=self.chance.choice((1, 20)))
        self._get_terms().date_maturity = day
        self.test._run_cron("follow")
        if self.chance.random() < 0.5:
            self.test._move_to(day)
        return day

    def refund(self):
        for payment in self.payments:
            transaction = payment.record._name == "account.payment" and (
                payment.record.payment_transaction_id
            )
            left = self._round(payment.came - payment.refunded)
            if transaction and left and not self.paid_out:
                amount = self._round(left * self.chance.choice((0.4, 1.0)))
                refund = transaction._create_child_transaction(amount, is_refund=True)
                refund._set_done()
                refund._post_process()
                payment.refunded = self._round(payment.refunded + amount)
                return amount
        return None

    def pay_out(self):
        """Refund through a credit note, which is paid back to the customer."""
        if self.owed or not self.recovered or not self._is_all_booked():
            return None
        amount = self._round(self.recovered * self.chance.choice((0.3, 1.0)))
        note = self._create_note(amount)
        self.test._register(note, amount)
        self.paid_out = self._round(self.paid_out + amount)
        return amount

    def give_back(self):
        """Let the bank take a payment back."""
        for payment in self.payments:
            if payment.record._name == "account.payment" and not payment.refunded:
                if payment.is_booked:
                    decline = read_return("sepa", "AM04")
                    payment.record._recovery_return(decline, fields.Date.today())
                else:
                    payment.record.action_reject()
                self.payments.remove(payment)
                return payment.came
        return None

    def give_up(self):
        if self.case.state not in OPEN_STATES:
            return None
        self.case.action_stop()
        return True

    def cancel(self):
        if not self._is_all_booked():
            return None
        self.invoice.button_draft()
        self.invoice.button_cancel()
        self.is_cancelled = self.is_over = True
        return True

    def _pay(self, amount, written_off=0.0, **values):
        if not self._is_all_booked():
            return None
        payment = self.test._register(self.invoice, amount, **values)
        self.payments.append(Payment(payment, amount, written_off))
        return amount

    def _is_all_booked(self):
        return all(payment.is_booked for payment in self.payments)

    def _create_note(self, amount):
        note = self.invoice._reverse_moves(
            [{"invoice_date": fields.Date.today(), "date": fields.Date.today()}]
        )
        note.invoice_line_ids.price_unit = amount
        note.action_post()
        return note

    def _get_terms(self):
        return self.invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
