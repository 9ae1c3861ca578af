"""Unknown outcomes: resolved by a webhook, by asking for the same charge again, or by a person."""

import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...declines import Answer, Certainty
from ..case.recovery_attempt import TRANSITIONS
from .payment_provider import UnclearAnswer
from .recovery_attempt_charge import START_ALLOWANCE

_logger = logging.getLogger(__name__)

# A charge that the provider doesn't know after this time never reached it.
LOOK_UP_AGE = timedelta(minutes=10)


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    # === CRON === #

    @api.model
    def _resolve_due(self):
        """Resolve what dead workers left running, and the unknown outcomes that are due."""
        now = fields.Datetime.now()
        self._resolve_each(
            [("state", "=", "running"), ("started_at", "<", now - START_ALLOWANCE)],
            "_resolve_abandoned",
        )
        self._resolve_each(
            [("state", "=", "unknown"), ("resolve_at", "<=", now)], "_resolve_unknown"
        )

    @api.model
    def _resolve_each(self, domain, method):
        """Call a method on each attempt of a domain; one that fails does not stop the others."""
        for attempt_id in self.search(domain, limit=500).ids:
            attempt = self.browse(attempt_id)
            try:
                getattr(attempt.with_company(attempt.company_id), method)()
            except psycopg2.OperationalError:
                self.env.cr.rollback()  # Somebody else resolved it.
            except Exception:
                self.env.cr.rollback()
                _logger.exception("Attempt %s could not be resolved", attempt_id)
            if not self.env["ir.cron"]._commit_progress():
                break

    # === BUSINESS METHODS === #

    def _resolve_abandoned(self):
        """Take over an attempt whose worker died: whether it charged is unknown."""
        if not self._take_lock("running"):
            return  # The worker is alive.
        if not self._follow_transaction():
            self._set_state("unknown", **self._prepare_outcome_vals("unknown"))
        self.env["ir.cron"]._commit_progress()
        self.env["recovery.invoice.queue"]._work_off(self.move_id)

    def _resolve_unknown(self):
        """Ask for the outcome of the same charge again, or hand the question to a person."""
        if self._follow_transaction():
            self.env["ir.cron"]._commit_progress()
            self.env["recovery.invoice.queue"]._work_off(self.move_id)
            return
        resolve_at = self._get_next_resolve()
        # Before asking: should this worker die, too, the next one asks later, not at once.
        self.resolve_at = resolve_at
        self.env["ir.cron"]._commit_progress()
        # Whether it was sent at all is not known, either: what is not owed any more is only asked
        # for, since sending it again could be the first time.
        if resolve_at and self._is_still_wanted():
            self._carry_out()
        if self.state == "unknown" and self._look_up():
            self._finish()
        if self.state == "unknown" and (not resolve_at or self._is_stuck()):
            self._ask_person()

    def _is_stuck(self):
        """Return whether the charge can't be sent again, and asking for it has led to nothing."""
        is_old = self.started_at < fields.Datetime.now() - LOOK_UP_AGE
        return is_old and not self._is_still_wanted()

    def _look_up(self):
        """Ask the provider whether it knows the charge, where it can be asked.

        :return: whether the outcome is known and committed now
        """
        if not self._take_lock("unknown"):
            return False
        answer = Answer()
        transaction = self.transaction_id.with_context(
            recovery_answer=answer, recovery_own_work=True
        )
        try:
            payment_data = transaction._recovery_look_up()
        except (ValidationError, UnclearAnswer, ValueError):
            self.env.cr.rollback()
            _logger.info("Attempt %s could not be looked up", self.id, exc_info=True)
            return False
        if payment_data:
            transaction._process(transaction.provider_code, payment_data)
        elif payment_data is False and self.started_at < fields.Datetime.now() - LOOK_UP_AGE:
            answer.certainty = Certainty.NOT_SENT
            transaction._set_canceled(
                state_message=self.env._("The provider does not know this payment.")
            )
        else:
            return False
        self._record_outcome(answer)
        self.env["ir.cron"]._commit_progress()
        return True

    def _follow_transaction(self):
        """Bring unfinished attempts to the state that their transaction reached by itself.

        :return: the attempts that changed
        """
        changed = self.browse()
        for attempt in self:
            outcome = attempt.transaction_id._recovery_get_outcome()
            if outcome not in TRANSITIONS[attempt.state]:
                continue
            changed |= attempt._set_state(outcome, **attempt._prepare_outcome_vals(outcome))
        return changed

    def _get_next_resolve(self):
        """Return when to ask the provider again, or none when only a person can tell.

        Asking again is safe only where the provider answers the same key with the same charge,
        and only as long as it remembers the key.
        """
        # In sudo mode: providers are readable by administrators only.
        memory = self.transaction_id.provider_id.sudo()._get_idempotency_window()
        if not memory:
            return None
        waits = self._get_resolve_waits()
        elapsed = fields.Datetime.now() - self.started_at
        if elapsed >= memory:
            return None
        later = [wait for wait in waits if wait > elapsed]
        return self.started_at + (later[0] if later else memory)

    def _ask_person(self):
        """Tell the accountant once that only he can find out whether the money was taken."""
        self.resolve_at = False
        case = self.case_id or self.env["recovery.case"]._open(self.move_id, self)
        case._ask_for_attention(
            self.env._(
                "Look up the payment %(reference)s of %(amount)s at the provider, then confirm on "
                "the case whether it was charged. Nothing else is charged until then.",
                reference=self.transaction_id.reference,
                amount=self.currency_id.format(self.amount),
            ),
            activity=True,
        )

    def _confirm_outcome(self, charged):
        """Write what a person found out, and go on from there."""
        self.check_access("read")
        self.move_id.check_access("write")
        attempt_sudo = self.sudo()  # Attempts are written by the engine only.
        if attempt_sudo.state != "unknown" or not attempt_sudo._take_lock("unknown"):
            raise UserError(
                self.env._("The outcome of this charge is known, or being asked for, by now.")
            )
        name = {"user": self.env.user.name}
        attempt_sudo.transaction_id.recovery_unclear = False
        transaction_sudo = attempt_sudo.transaction_id.with_context(recovery_own_work=True)
        if charged:
            sentence = self.env._("Charged, as %(user)s found out at the provider.", **name)
            transaction_sudo._set_done(state_message=sentence)
            self.env.ref("payment.cron_post_process_payment_tx").sudo()._trigger()
        else:
            sentence = self.env._("Not charged, as %(user)s found out at the provider.", **name)
            if transaction_sudo.state != "error":  # As after an answer about another amount.
                transaction_sudo._set_canceled(state_message=sentence)
        attempt_sudo._set_state("paid" if charged else "not_sent", sentence=sentence)
        attempt_sudo.case_id._clear_attention()
        self.env["recovery.invoice.queue"]._add(attempt_sudo.move_id)
        return True
