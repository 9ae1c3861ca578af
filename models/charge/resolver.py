"""Unknown outcomes: resolved by a webhook, by asking for the same charge again, or by a person."""

import logging
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError

from ...declines import Answer, Certainty
from ...tools import jobs
from ..case.alerts import raise_alert
from .outcomes import prepare_outcome_vals, record_outcome
from .payment_provider import UnclearAnswer

_logger = logging.getLogger(__name__)

# A charge that the provider doesn't know after this time never reached it.
LOOK_UP_AGE = timedelta(minutes=10)
# After which waits the provider is asked again.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (0, 1, 5, 30, 120, 480))


class OutcomeResolver:
    """Finds out what became of one charge.

    :param attempt: a `recovery.attempt`, running or unknown, in its company
    """

    def __init__(self, attempt):
        self._attempt = attempt
        self._env = attempt.env

    def take_over(self):
        """Take over an attempt whose worker died: whether it charged is unknown."""
        attempt = self._attempt
        if not attempt._take_lock("running"):
            return  # The worker is alive.
        if not attempt._follow_transaction():
            attempt._set_state("unknown", **prepare_outcome_vals(attempt, "unknown"))
        self._react()

    def resolve(self):
        """Ask for the outcome of the same charge again, or hand the question to a person."""
        attempt = self._attempt
        if attempt._follow_transaction():
            self._react()
            return
        resolve_at = self._get_next_instant()
        # Before asking: should this worker die, too, the next one asks later, not at once.
        attempt.resolve_at = resolve_at
        jobs.commit(self._env)
        # Whether it was sent at all is not known, either: what is not owed any more is only asked
        # for, since sending it again could be the first time.
        if resolve_at and attempt._is_still_wanted():
            attempt._carry_out()
        if attempt.state == "unknown" and self._look_up():
            attempt._finish()
        if attempt.state == "unknown" and (not resolve_at or self._is_stuck()):
            self._ask_person()

    def confirm(self, charged):
        """Write what a person found out, and go on from there; the attempt is in sudo mode.

        :raise UserError: when the outcome is known, or being asked for, by now
        """
        attempt_sudo = self._attempt
        if attempt_sudo.state != "unknown" or not attempt_sudo._take_lock("unknown"):
            raise UserError(
                self._env._("The outcome of this charge is known, or being asked for, by now.")
            )
        name = {"user": self._env.user.name}
        attempt_sudo.transaction_id.recovery_unclear = False
        transaction_sudo = attempt_sudo.transaction_id.with_context(recovery_own_work=True)
        if charged:
            sentence = self._env._("Charged, as %(user)s found out at the provider.", **name)
            transaction_sudo._set_done(state_message=sentence)
            self._env.ref("payment.cron_post_process_payment_tx").sudo()._trigger()
        else:
            sentence = self._env._("Not charged, as %(user)s found out at the provider.", **name)
            if transaction_sudo.state != "error":  # As after an answer about another amount.
                transaction_sudo._set_canceled(state_message=sentence)
        attempt_sudo._set_state("paid" if charged else "not_sent", sentence=sentence)
        self._env["recovery.invoice.queue"]._add(attempt_sudo.move_id)

    def _react(self):
        jobs.commit(self._env)
        self._env["recovery.invoice.queue"]._work_off(self._attempt.move_id)

    def _is_old(self):
        return self._attempt.started_at < fields.Datetime.now() - LOOK_UP_AGE

    def _is_stuck(self):
        """Return whether the charge can't be sent again, and asking for it has led to nothing."""
        return self._is_old() and not self._attempt._is_still_wanted()

    def _look_up(self):
        """Ask the provider whether it knows the charge, where it can be asked.

        :return: whether the outcome is known and committed now
        """
        attempt = self._attempt
        if not attempt._take_lock("unknown"):
            return False
        answer = Answer()
        transaction = attempt.transaction_id.with_context(
            recovery_answer=answer, recovery_own_work=True
        )
        try:
            payment_data = transaction._recovery_look_up()
        except (ValidationError, UnclearAnswer, ValueError):
            self._env.cr.rollback()
            _logger.info("Attempt %s could not be looked up", attempt.id, exc_info=True)
            return False
        if payment_data:
            transaction._process(transaction.provider_code, payment_data)
        elif payment_data is False and self._is_old():
            answer.certainty = Certainty.NOT_SENT
            transaction._set_canceled(
                state_message=self._env._("The provider does not know this payment.")
            )
        else:
            return False
        record_outcome(attempt, answer)
        jobs.commit(self._env)
        return True

    def _get_next_instant(self):
        """Return when to ask the provider again, or none when only a person can tell.

        Asking again is safe only where the provider answers the same key with the same charge,
        and only as long as it remembers the key.
        """
        attempt = self._attempt
        # In sudo mode: providers are readable by administrators only.
        memory = attempt.transaction_id.provider_id.sudo()._get_idempotency_window()
        if not memory:
            return None
        elapsed = fields.Datetime.now() - attempt.started_at
        if elapsed >= memory:
            return None
        later = [wait for wait in WAITS if wait > elapsed]
        return attempt.started_at + (later[0] if later else memory)

    def _ask_person(self):
        """Tell an accountant once that only they can find out whether the money was taken."""
        attempt = self._attempt
        attempt.resolve_at = False
        if not attempt.case_id:
            self._env["recovery.case"]._open(attempt.move_id, attempt)
        sentence = self._env._(
            "Look up the payment %(reference)s of %(amount)s at the provider, then confirm "
            "whether it was charged. Nothing else is charged until then.",
            reference=attempt.transaction_id.reference,
            amount=attempt.currency_id.format(attempt.amount),
        )
        raise_alert(attempt.move_id, sentence, f"outcome:{attempt.id}")
