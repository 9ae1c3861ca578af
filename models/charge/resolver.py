# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Unknown outcomes: resolved by a webhook, by asking for the same charge again, or by a person."""

import logging
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError

from ...declines import Answer, Certainty, Known
from ...tools import jobs, series
from ...tools.instants import CLOCKS_APART
from ...tools.said import Money, say
from ..case.alerts import raise_alert
from ..case.recovery_invoice_queue import OWN_WORK
from ..method.rail import PENDING_WAIT
from .outcomes import prepare_outcome_vals, record_outcome
from .pace import ProviderPace
from .payment_provider import UnclearAnswer

_logger = logging.getLogger(__name__)

# A charge that the provider doesn't know after this time never reached it, whatever the clocks of
# who began it and of who asks.
LOOK_UP_AGE = timedelta(minutes=10) + CLOCKS_APART
# After which waits the provider is asked again.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (0, 1, 5, 30, 120, 480))


class OutcomeResolver:
    """Finds out what became of one charge.

    :param attempt: a `recovery.attempt`, running or unknown, in its company
    """

    def __init__(self, attempt):
        self._attempt = attempt
        self._env = attempt.env
        # In sudo mode: providers are readable by administrators only.
        self._pace = ProviderPace(attempt.transaction_id.provider_id.sudo())

    def take_over(self):
        """Take over an attempt whose worker died: whether it charged is unknown."""
        attempt = self._attempt
        if not attempt._take_lock("running"):
            return  # The worker is alive.
        if not attempt._follow_transaction():
            attempt._set_state("unknown", **prepare_outcome_vals(attempt, Known.UNKNOWN))
        self._react()

    def resolve(self):
        """Ask for the outcome of the same charge again, or hand the question to a person."""
        attempt = self._attempt
        if attempt._follow_transaction():
            self._react()
        elif until := self._pace.take_turn():
            attempt._resolve_later(until)  # The provider takes no more requests now.
            jobs.commit(self._env)
        elif attempt.state == "pending":
            self._resolve_pending()
        else:
            self._resolve_unknown()

    def _resolve_unknown(self):
        attempt = self._attempt
        resolve_at = self._get_next_instant()
        # Before asking: should this worker die, too, the next one asks later, not at once. Also
        # where a person is told in the end, who would else never be.
        attempt._resolve_later(resolve_at or fields.Datetime.now() + WAITS[1])
        jobs.commit(self._env)
        may_repeat = bool(self._get_memory())
        if resolve_at and may_repeat:
            attempt._carry_out(is_repeat=True)
            if attempt.state == "unknown" and (until := self._pace.take_turn()):
                attempt._resolve_later(min(resolve_at, until))
                jobs.commit(self._env)
                return
        can_ask = attempt.state == "unknown" and self._look_up()
        if attempt.state == "unknown" and (
            not resolve_at or not (may_repeat or can_ask) or self._is_stuck()
        ):
            self._ask_person()

    def _resolve_pending(self):
        """Look up a charge that should have been decided by now, each day; tell a person."""
        attempt = self._attempt
        attempt._resolve_later(fields.Datetime.now() + PENDING_WAIT)
        jobs.commit(self._env)
        self._look_up()
        if attempt.state == "pending":
            self._ask_person()

    def confirm(self, charged):
        """Write what a person found out, and go on from there; the attempt is in sudo mode.

        :raise UserError: when the outcome is known, or being asked for, by now
        """
        attempt_sudo = self._attempt
        if not attempt_sudo.is_question or not attempt_sudo._take_lock("unknown", "pending"):
            raise UserError(
                self._env._("The outcome of this charge is known, or being asked for, by now.")
            )
        name = {"user": self._env.user.name}
        attempt_sudo.transaction_id.recovery_unclear = False
        transaction_sudo = attempt_sudo.transaction_id.with_context(recovery_own_work=OWN_WORK)
        if charged:
            sentence = say(self._env, "confirmed_charged", **name)
            series.set_state(transaction_sudo, "done", sentence)
            series.book_soon(self._env)
        else:
            sentence = say(self._env, "confirmed_not_charged", **name)
            if transaction_sudo.state != "error":  # As after an answer about another amount.
                series.set_state(transaction_sudo, "canceled", sentence)
        attempt_sudo._set_state("paid" if charged else "not_sent", sentence=sentence)
        self._env["recovery.invoice.queue"]._add(attempt_sudo.move_id)

    def _react(self):
        jobs.commit(self._env)
        self._env["recovery.invoice.queue"]._work_off(self._attempt.move_id)

    def _is_old(self):
        return self._attempt.started_at <= fields.Datetime.now() - LOOK_UP_AGE

    def _is_stuck(self):
        """Return whether the charge can't be sent again, and asking for it has led to nothing."""
        return self._is_old() and not self._attempt._is_still_wanted()

    def _look_up(self):
        """Ask the provider what became of the charge, where it can be asked, and commit it.

        :return: whether the provider can be asked, be it later
        """
        attempt = self._attempt
        state = attempt.state
        if not attempt._take_lock(state):
            return True
        try:
            payment_data = attempt.transaction_id._recovery_look_up()
            if payment_data is None:
                return False
            recorded = self._apply_look_up(payment_data)
        except (ValidationError, UnclearAnswer, ValueError) as error:
            self._env.cr.rollback()
            _logger.info("Attempt %s could not be looked up", attempt.id, exc_info=True)
            self._pace.note_error(error)
            return True
        if recorded:
            jobs.commit(self._env)
            attempt._finish(attempt.transaction_id, attempt.move_id)
        return True

    def _apply_look_up(self, payment_data):
        """Write what the provider knows of the charge; return whether that is something new."""
        attempt = self._attempt
        state = attempt.state
        answer = Answer(attempt.transaction_id.provider_code, is_repeat=True)
        transaction = attempt.transaction_id.with_context(
            recovery_answer=answer, recovery_own_work=OWN_WORK
        )
        if payment_data:
            series.process(transaction, payment_data)
        elif state == "unknown" and self._is_old():
            answer.certainty = Certainty.NOT_SENT
            message = self._env._("The provider does not know this payment.")
            series.set_state(transaction, "canceled", message)
        else:
            return False
        record_outcome(attempt, answer)
        return attempt.state != state

    def _get_next_instant(self):
        """Return when to ask the provider again, or none when only a person can tell.

        Sending it again is safe only where the provider answers the same key with the same charge,
        and only as long as it remembers the key; it can be looked up in any case.
        """
        attempt = self._attempt
        elapsed = fields.Datetime.now() - attempt.started_at
        last = self._get_memory() or WAITS[-1]
        if elapsed >= last:
            return None
        later = [wait for wait in WAITS if elapsed < wait < last]
        return attempt.started_at + (later[0] if later else last)

    def _get_memory(self):
        """Return how long the provider remembers the key of a charge, or none."""
        # In sudo mode: providers are readable by administrators only.
        return self._attempt.transaction_id.provider_id.sudo()._get_idempotency_window()

    def _ask_person(self):
        """Tell an accountant once that only they can find out whether the money was taken."""
        attempt = self._attempt
        known = {
            "reference": attempt.transaction_id.reference,
            "amount": Money(attempt.amount, attempt.currency_id),
        }
        if attempt.state == "unknown":
            attempt.resolve_at = False
            if not attempt.case_id:
                self._env["recovery.case"]._open(attempt.move_id, attempt)
            sentence = say(
                self._env,
                "ask_outcome",
                **known,
            )
            raise_alert(attempt.move_id, sentence, f"outcome:{attempt.id}")
            return
        sentence = say(
            self._env,
            "ask_overdue",
            day=attempt.started_at.date(),
            **known,
        )
        raise_alert(attempt.move_id, sentence, f"overdue:{attempt.id}")
