# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""One invoice, its provider in memory, and all who act on it: jobs, webhooks, customers, people.

An act is a name and its values, as JSON has them, so that a history can be printed and played
again. What can't be done at the moment is not done: acts may be left out of a history.
"""

from contextlib import suppress
from datetime import timedelta

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from ...models.case.recovery_invoice_queue import FOLLOW
from ...models.case.states import OPEN_STATES
from .judge import Judge
from .memory import Killed, Memory
from .shapes import describe

JOBS = {
    "collect": ("account.move", "_cron_collect"),
    "charge": ("recovery.attempt", "_cron_charge"),
    "follow": ("recovery.invoice.queue", "_cron_follow"),
    "book": ("payment.transaction", "_cron_post_process"),
}
# All that happens by itself, in an order in which what one job leaves the next one finds.
WORK = ("collect", "follow", "charge", "book", "follow")

# The steps of the follow job that have to do with money, and what each looks at.
STEPS = {
    name: FOLLOW._values[name] for name in ("unknown outcomes", "begun payments", "alerts", "ends")
}
_CASE = "SELECT FROM recovery_case WHERE state IN ('in_recovery', 'paused', 'suspended', 'grace')"
_IN_FLIGHT = "SELECT FROM recovery_attempt WHERE state IN ('running', 'unknown', 'pending')"
_UNBOOKED = "SELECT FROM payment_transaction WHERE is_post_processed IS NOT TRUE"
_PLANNED = "SELECT FROM recovery_attempt WHERE state = 'planned' AND planned_at <= %(now)s"
_QUEUED = "SELECT FROM recovery_invoice_queue"
_UNPLANNED = """
    SELECT FROM account_move
     WHERE id = %(move)s AND collect_automatically AND state = 'posted'
       AND payment_state IN ('not_paid', 'partial')
       AND NOT EXISTS (SELECT FROM recovery_attempt
                        WHERE move_id = %(move)s
                          AND state IN ('planned', 'running', 'unknown', 'pending'))
"""
LEFT = {
    "collect": {"unplanned": _UNPLANNED},
    "charge": {"planned": _PLANNED},
    "book": {"unbooked": _UNBOOKED},
    "follow": {
        "queued": _QUEUED,
        "unknown outcomes": _IN_FLIGHT,
        "begun payments": "SELECT FROM payment_transaction "
        "WHERE state IN ('draft', 'pending', 'error')",
        "alerts": "SELECT FROM mail_activity WHERE recovery_subject IS NOT NULL "
        f"UNION ALL {_UNBOOKED} AND state = 'done'",
        "ends": _CASE,
    },
}
GOING_ON = {
    "case": _CASE,
    "in flight": _IN_FLIGHT,
    "queued": _QUEUED,
    "unbooked": f"{_UNBOOKED} AND state != 'draft'",
    # That of the other invoices is far ahead.
    "planned": "SELECT FROM recovery_attempt WHERE state = 'planned' "
    "AND planned_at <= %(now)s + INTERVAL '1 year'",
}


class Acts:
    """What can be done to an invoice; each act returns whether it was done.

    :param test: the test case, with its fixtures and helpers
    :param invoice: a posted customer invoice that is due
    :param card: the saved method to charge
    """

    def __init__(self, test, invoice, card):
        self.test = test
        self.env = test.env
        self.invoice = invoice
        self.card = card
        self.judge = Judge(self)
        self.memory = Memory(fields.Datetime.now, self.judge.on_money)
        self.count = 0

    def do(self, name, *values):
        """Do one act, and look whether all is well afterwards.

        :raise AssertionError: when it isn't
        """
        self.memory.faults = []
        act = getattr(self, f"do_{name}")
        try:
            with self.env.cr.savepoint():
                done = act(*values)
                self.env.flush_all()
        # Razorpay's addon stumbles over an order that was refused to a customer.
        except (UserError, ValidationError, Killed, KeyError):
            done = False
        self.env.invalidate_all()
        self.count += 1
        self.judge.look(is_clean=name == "work" and done is True)

    # === JOBS === #

    def do_work(self, decision):
        """Run all jobs, undisturbed."""
        self.memory.decision = decision
        for job in WORK:
            self._run(job)
        return True

    def do_job(self, job, decision, faults, kill):
        """Run one job while calls fail, and kill it.

        :param list faults: what happens to its HTTP calls, in order
        :param list kill: at which of its commits, and whether before or after it; empty for never
        """
        self.memory.decision = decision
        self.memory.faults = list(faults)
        self._run(job, kill)

    def do_busy(self, runs):
        """Run the jobs each minute for a while."""
        for _run in range(runs):
            self.test.clock.move_to(fields.Datetime.now() + timedelta(minutes=1))
            self._run("charge")
            self._run("follow")

    def _run(self, job, kill=()):
        model, method = JOBS[job]
        self.env.flush_all()
        if not self._has_work(job):
            return
        with suppress(Killed), self.test.registry.cursor() as cr:
            if kill:
                _arm(cr, *kill)
            getattr(self.env(cr=cr, user=SUPERUSER_ID)[model], method)()
        self.env.invalidate_all()

    def _has_work(self, job):
        """Return whether a job has anything to look at: to run it for nothing takes long.

        The follow job is left those of its steps that have.
        """
        found = self._ask(LEFT[job])
        if job == "follow":
            steps = {name: found.pop(name) for name in STEPS}
            for name, step in STEPS.items():
                FOLLOW._values[name] = step if steps[name] else None
            return any((*steps.values(), *found.values()))
        return any(found.values())

    def _ask(self, questions):
        """Return which of these conditions of SQL hold."""
        columns = ", ".join(f"EXISTS ({question})" for question in questions.values())
        self.env.cr.execute(
            f"SELECT {columns}", {"now": fields.Datetime.now(), "move": self.invoice.id}
        )
        return dict(zip(questions, self.env.cr.fetchone(), strict=True))

    def is_over(self):
        """Return whether nothing is going on any more."""
        return not any(self._ask(GOING_ON).values())

    # === THE PROVIDER === #

    def do_decide(self, number, decision):
        """Let the provider decide what it left pending."""
        return self.memory.decide(number, decision)

    def do_tell(self, number):
        """Let a webhook arrive: any event, old or new, for the first time or again."""
        if not self.memory.events:
            return False
        payment, status, reason = self.memory.events[number % len(self.memory.events)]
        payload = describe(payment, status, reason)
        transaction = self.find_transaction(payment)
        if not payload or not transaction:
            return False
        transaction._process(payment.provider, payload)
        if status == "paid":
            payment.reported_at = payment.reported_at or fields.Datetime.now()
        return True

    def do_wait(self, minutes):
        """Let time go by."""
        self.test.clock.move_to(fields.Datetime.now() + timedelta(minutes=minutes))

    # === THE CUSTOMER === #

    def do_begin(self, faults):
        """Open Stripe's form, on the page of the case or in Odoo's portal."""
        self.memory.faults = list(faults)
        transaction = self._start("online_direct", self.test.stripe)
        transaction._get_processing_values()
        return True

    def do_finish(self, number, decision, returns):
        """Finish a payment at Stripe's form; the browser comes back to us or doesn't."""
        begun = [each for each in self.memory.payments if each.by_form]
        if not begun:
            return False
        payment = begun[number % len(begun)]
        if not self.memory.finish(payment, decision):
            return False
        return returns and self.do_tell(len(self.memory.events) - 1)

    def do_pay_saved(self, decision, faults):
        """Pay with the saved card, in Odoo's portal."""
        self.memory.decision = decision
        self.memory.faults = list(faults)
        transaction = self._start("online_token", self.card.provider_id, token_id=self.card.id)
        transaction._charge_with_token()
        return True

    def _start(self, operation, provider, **values):
        move = self.invoice.sudo()
        case = move.recovery_case_id
        owed = move.amount_residual
        is_on_page = case and operation == "online_direct" and case.state in OPEN_STATES
        if is_on_page:
            owed = case._get_owed()
            case._check_payable(owed)
        elif not move._has_to_be_paid() or move._get_online_payment_error():
            raise ValidationError(self.env._("Odoo's portal does not offer it."))
        reference = f"{move.name}-C{self.count}"
        self.judge.note_customer_pays(reference, in_portal=not is_on_page)
        return (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": self.card.payment_method_id.id,
                    "operation": operation,
                    "reference": reference,
                    "amount": owed,
                    "currency_id": move.currency_id.id,
                    "partner_id": move.partner_id.id,
                    "invoice_ids": [Command.set(move.ids)],
                    **values,
                }
            )
        )

    def do_new_card(self):
        """Save another card, to which the invoice is charged from then on."""
        self.card = self.card.copy({"provider_ref": self.card.provider_ref})
        self.invoice.collect_token_id = self.card
        return True

    # === PEOPLE === #

    def do_register(self, share):
        """Record a payment by hand of a share of what is open, in percent."""
        self._check_person_may_pay()
        self.test._register_payment(self.invoice, self._get_share(share))
        return True

    def do_credit(self, share):
        """Credit a share of what is open, in percent."""
        self._check_person_may_pay()
        refund = self.invoice._reverse_moves(
            [{"invoice_date": fields.Date.today(), "date": fields.Date.today()}]
        )
        refund.invoice_line_ids.price_unit = self._get_share(share)
        refund.action_post()
        lines = (refund | self.invoice).line_ids
        lines.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()
        return True

    def _check_person_may_pay(self):
        if self.invoice.state != "posted" or self.invoice.payment_state not in (
            "not_paid",
            "partial",
        ):
            raise UserError(self.env._("Nothing is open."))

    def _get_share(self, share):
        return self.invoice.currency_id.round(self.invoice.amount_residual * share / 100)

    def do_draft(self):
        """Reset the invoice to draft."""
        self.judge.note_person_unbooks()
        self.invoice.button_draft()
        return True

    def do_post(self):
        """Post the invoice again."""
        if self.invoice.state == "draft":
            self.invoice.action_post()

    def do_cancel(self):
        """Cancel the invoice."""
        if self.invoice.state == "draft":
            self.invoice.button_cancel()

    def do_unbook(self):
        """Cancel the latest payment in the books: its money counts for the invoice no more."""
        transactions = self.invoice.transaction_ids.filtered(
            lambda each: each.payment_id.state in ("in_process", "paid")
        )
        if not transactions:
            return False
        self.judge.note_person_unbooks()
        payment = transactions.sorted("id")[-1:].payment_id
        payment.action_draft()
        payment.action_cancel()
        return True

    def do_jam(self, is_jammed):
        """Let the accounting refuse payments, as in a locked period, or accept them again."""
        self.test.is_jammed[:] = [is_jammed]
        return True

    def do_limit(self, is_limited):
        """Let the provider take small amounts only, or any."""
        self.card.provider_id.maximum_amount = 1.0 if is_limited else 0.0
        return True

    def do_answer(self, is_true):
        """Say what became of a charge, as it is at the provider, or wrongly."""
        attempts = self.get_attempts().filtered("is_question")
        if not attempts:
            return False
        attempt = attempts[:1]
        found = self.find_payments(attempt.transaction_id.reference)
        statuses = {each.status for each in found}
        if "pending" in statuses:
            return False
        is_charged = ("paid" in statuses) is bool(is_true)
        if not is_true:
            self.judge.note_wrong_word(attempt.transaction_id.reference)
        if is_charged:
            attempt.action_confirm_charged()
        else:
            attempt.action_confirm_not_charged()
        return True

    def do_retry(self):
        """Press *Retry now*."""
        if not self.invoice.recovery_case_id:
            return False
        self.invoice.recovery_case_id.action_retry_now()
        return True

    # === GETTERS === #

    def get_attempts(self):
        """Return the charges of the invoice, oldest first."""
        return (
            self.env["recovery.attempt"]
            .sudo()
            .search([("move_id", "=", self.invoice.id)], order="id")
        )

    def find_transaction(self, payment):
        """Return Odoo's transaction of a payment at the provider."""
        return (
            self.env["payment.transaction"].sudo().search([("reference", "=", payment.reference)])
        )

    def find_payments(self, reference):
        """Return the payments at the provider with a reference."""
        return [each for each in self.memory.payments if each.reference == reference]


def _arm(cr, number, when):
    """Let the worker of a cursor die at one of its commits."""
    commit, left = cr.commit, [number]

    def commit_or_die():
        left[0] -= 1
        if left[0] == 0 and when == "before":
            raise Killed
        commit()
        if left[0] == 0:
            raise Killed

    cr.commit = commit_or_die
