"""The charge: claim, charge, settle, react, each in a database transaction of its own."""

import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import SQL

from ...declines import Answer, Certainty
from ..case.recovery_case import CHARGING_STATES

_logger = logging.getLogger(__name__)

# How long a claimed attempt without a living worker may be the one of a worker just starting.
START_ALLOWANCE = timedelta(seconds=10)
# How often a worker looks again for work that others take from under its hands.
LOCK_TRIES = 10
# How often an outcome that is known is written again after losing a race for the same rows.
RECORD_TRIES = 5


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    def _carry_out(self):
        """Charge a claimed attempt and let the case react to the outcome."""
        self.ensure_one()
        if self._charge():
            self._finish()

    def _finish(self):
        """Book a recorded outcome, then let the case react to it."""
        self._settle()
        self._react()

    # === CLAIM === #

    @api.model
    def _claim(self):
        """Return one due attempt, committed as running for this worker alone, or none.

        Attempts that may not be charged now are put off, refused or cancelled on the way.
        """
        while attempt_id := self._lock_due():
            attempt = self.browse(attempt_id)
            try:
                claimed = attempt.with_company(attempt.company_id)._start()
                has_time = self.env["ir.cron"]._commit_progress()
            except psycopg2.OperationalError:
                self.env.cr.rollback()  # Lost a race: the invoice changed under our eyes.
                continue
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Attempt %s could not be started", attempt_id)
                attempt._fail_to_start(error)
                continue
            if claimed:
                return attempt.with_company(attempt.company_id)
            if not has_time:
                break
        return self.browse()

    @api.model
    def _lock_due(self):
        """Return the id of a due attempt, its row locked by a fresh database transaction."""
        query = SQL(
            """
            SELECT id FROM recovery_attempt
             WHERE state = 'planned' AND planned_at <= %s
             ORDER BY planned_at, id LIMIT 1
               FOR NO KEY UPDATE SKIP LOCKED
            """,
            fields.Datetime.now(),
        )
        return self._lock_one(query)

    @api.model
    def _lock_one(self, query):
        """Return the one value of a query that locks its row, or none.

        A row that another worker finished between our snapshot and our lock makes PostgreSQL
        raise instead of skipping it; the database transaction, in which nothing has been done
        yet, is begun anew.
        """
        for _turn in range(LOCK_TRIES):
            try:
                rows = self.env.execute_query(query)
                return rows[0][0] if rows else None
            except psycopg2.OperationalError:
                self.env.cr.rollback()
        return None

    def _start(self):
        """Check the blocks on the locked invoice and create the transaction.

        :return: whether the attempt is running now
        """
        if not self._lock_invoice():
            self._postpone(
                fields.Datetime.now() + timedelta(minutes=1),
                self.env._("The invoice is being changed by somebody; trying again in a minute."),
            )
            return False
        block = self._get_block()
        if block:
            self._apply_block(block)
            return False
        token = self._get_token()
        values = {
            "amount": self._get_amount(),
            "token_id": token.id,
            "method_label": token._recovery_get_label(),
            "started_at": fields.Datetime.now(),
        }
        self.write(values)
        transaction = (
            self.env["payment.transaction"]
            .with_context(recovery_claim=self.id)
            .create(self._prepare_transaction_vals())
        )
        return bool(self._set_state("running", transaction_id=transaction.id))

    def _lock_invoice(self):
        """Lock the invoice, without waiting, until the claim is committed.

        The row is touched, not only locked: a payment that the portal starts at the same moment
        then fails to serialise and looks again, where a mere lock would leave it its old picture.
        """
        query = SQL(
            """
            UPDATE account_move SET write_date = write_date
             WHERE id = (SELECT id FROM account_move WHERE id = %s
                            FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING id
            """,
            self.move_id.id,
        )
        return bool(self.env.execute_query(query))

    def _prepare_transaction_vals(self):
        """Return the values of the transaction that charges this attempt.

        Hook for addons that add provider-specific values.
        """
        self.ensure_one()
        token = self.token_id
        provider_sudo = token.provider_id.sudo()  # Providers are for administrators only.
        invoices = [Command.set(self.move_id.ids)]
        return {
            "provider_id": provider_sudo.id,
            "payment_method_id": token.payment_method_id.id,
            # Of its own: Odoo gives the reference of a payment that was rolled back once more,
            # and the provider would take our charge for that one.
            "reference": self.env["payment.transaction"]._compute_reference(
                provider_sudo.code, prefix=f"{self.move_id.name}-R{self.id}"
            ),
            "amount": self.amount,
            "currency_id": self.currency_id.id,
            "partner_id": self.move_id.partner_id.id,
            "token_id": self.token_id.id,
            "operation": "offline",
            "invoice_ids": invoices,
        }

    def _fail_to_start(self, error):
        """Refuse an attempt that raised before anything was sent, and let its case go on."""
        sentence = self.env._("The charge could not be prepared: %(error)s", error=error)
        self._set_state("refused", sentence=sentence)
        self.env["recovery.invoice.queue"]._add(self.move_id)
        self.env["ir.cron"]._commit_progress()

    # === CHARGE === #

    def _charge(self):
        """Send a running or unknown attempt to the provider and commit what became of it.

        :return: whether this worker recorded an outcome
        """
        self.ensure_one()
        answer = Answer()
        try:
            if not self._take_lock("running", "unknown"):
                return False
            if self.state == "running" and self._withdraw_if_changed():
                self.env["ir.cron"]._commit_progress()
                return True
            self.transaction_id.with_context(
                recovery_answer=answer, recovery_own_work=True
            )._charge_with_token()
            self._record_outcome(answer)
            self.env["ir.cron"]._commit_progress()
        except Exception as error:
            self.env.cr.rollback()
            return self._record_after_rollback(answer, error)
        return True

    def _take_lock(self, *states):
        """Take the attempt's advisory lock until this database transaction ends.

        Who moves an attempt out of `running` or `unknown` must hold it; that it is free tells
        that the worker died. The row is locked only to fail when somebody changed it before our
        lock, and let go at once: webhooks and the portal must not wait for a provider.

        :return: whether the lock was free and the attempt is in one of the states
        :raise psycopg2.OperationalError: when the attempt has just been changed
        """
        self.ensure_one()
        cr = self.env.cr
        cr.execute(
            "SELECT pg_try_advisory_xact_lock('recovery_attempt'::regclass::oid::integer, %s)",
            [self.id],
        )
        if not cr.fetchone()[0]:
            return False
        savepoint = cr.savepoint(flush=False)
        try:
            cr.execute(
                "SELECT state FROM recovery_attempt WHERE id = %s FOR NO KEY UPDATE NOWAIT",
                [self.id],
            )
            return cr.fetchone()[0] in states
        finally:
            savepoint.close(rollback=True)

    def _withdraw_if_changed(self):
        """Give up a claimed attempt whose invoice no longer owes what was claimed."""
        if self._is_still_wanted():
            return False
        sentence = self.env._("The invoice changed just before the charge; nothing was sent.")
        self.transaction_id._set_canceled(state_message=sentence)
        self._set_state("cancelled", sentence=sentence)
        self.env["recovery.invoice.queue"]._put(self.move_id)
        return True

    def _is_still_wanted(self):
        """Return whether the claim still holds; in SQL, since it is asked for every charge."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT move.state = 'posted'
                   AND move.payment_state IN ('not_paid', 'partial')
                   AND provider.state != 'disabled'
                   AND (recovery_case.id IS NULL OR recovery_case.state IN %s)
                  FROM recovery_attempt attempt
                  JOIN account_move move ON move.id = attempt.move_id
                  JOIN payment_transaction transaction ON transaction.id = attempt.transaction_id
                  JOIN payment_provider provider ON provider.id = transaction.provider_id
             LEFT JOIN recovery_case ON recovery_case.id = attempt.case_id
                 WHERE attempt.id = %s
                """,
                CHARGING_STATES,
                self.id,
            )
        )
        debt = self.move_id._get_debt(self.due_date)
        is_same_amount = not self.currency_id.compare_amounts(self.amount, debt.owed)
        return rows == [(True,)] and is_same_amount and not debt.is_excluded

    def _record_outcome(self, answer):
        """Write what the call's answer and the transaction's state say, and queue the reaction."""
        transaction = self.transaction_id
        if transaction.state == "draft" and answer.certainty is Certainty.ANSWERED:
            transaction._recovery_cancel_unfinished()
        outcome = transaction._recovery_get_outcome() or "unknown"
        if outcome == "declined" and answer.certainty is Certainty.NOT_SENT:
            outcome = "not_sent"
        if answer.error and outcome in ("declined", "not_sent"):
            transaction._recovery_note_answer(answer.error)
        self._set_state(outcome, **self._prepare_outcome_vals(outcome))
        self.env["recovery.invoice.queue"]._put(self.move_id)

    def _prepare_outcome_vals(self, outcome):
        """Return the values that go with an outcome, its sentence among them."""
        decline = self.transaction_id._recovery_get_decline()
        amount = self.currency_id.format(self.amount)
        message = decline.message or decline.code or self.transaction_id.state_message or ""
        known = {"amount": amount, "method": self.method_label, "message": message}
        sentences = {
            "paid": self.env._("%(amount)s charged to %(method)s.", **known),
            "pending": self.env._("%(amount)s accepted by %(method)s, not arrived yet.", **known),
            "declined": self.env._("%(method)s was declined: %(message)s", **known),
            "not_sent": self.env._(
                "Nothing was charged, the provider could not take the request: %(message)s",
                **known,
            ),
            "unknown": self.env._(
                "The provider's answer did not arrive. Nothing else is charged until it is clear "
                "whether %(amount)s were taken.",
                **known,
            ),
        }
        values = {"sentence": sentences[outcome]}
        if outcome == "unknown":
            values["resolve_at"] = fields.Datetime.now()
        if outcome == "declined":
            values |= self._prepare_decline_vals(decline)
        return values

    def _record_after_rollback(self, answer, error):
        """Write the outcome of a charge whose database transaction was lost.

        When the provider's answer is at hand it is applied once more, without asking again;
        otherwise the outcome is unknown.
        """
        if isinstance(error, psycopg2.OperationalError):
            _logger.info("The outcome of attempt %s is written again: %s", self.id, error)
        else:
            _logger.warning("The charge of attempt %s raised", self.id, exc_info=error)
        for _turn in range(RECORD_TRIES):
            try:
                if not self._take_lock("running", "unknown"):
                    return False
                self._apply_answer(answer)
                self._record_outcome(answer)
                self.env["ir.cron"]._commit_progress()
                return True
            except psycopg2.OperationalError:
                self.env.cr.rollback()
            except Exception:
                self.env.cr.rollback()
                _logger.exception("The answer to attempt %s could not be applied", self.id)
                answer = Answer(certainty=Certainty.UNCLEAR)
        return False  # The attempt stays running, without a worker: it is resolved like a crash.

    def _apply_answer(self, answer):
        """Bring the transaction to the state that the provider's answer says."""
        transaction = self.transaction_id.with_context(recovery_own_work=True)
        if transaction.state != "draft" or answer.certainty is Certainty.UNCLEAR:
            return
        for payload in answer.payloads:
            transaction._process(transaction.provider_code, payload)
        if answer.refusal and transaction.state == "draft":
            transaction._set_error(answer.refusal)

    # === SETTLE === #

    def _settle(self):
        """Book the payment; when that fails, the money is recorded and Odoo's own job books it."""
        transaction = self.transaction_id.with_context(recovery_own_work=True)
        if transaction.state == "draft" or transaction.is_post_processed:
            return
        try:
            transaction._post_process()
            if (
                transaction.state == "done"
            ):  # What didn't move money is committed with the reaction.
                self.env["ir.cron"]._commit_progress()
        except Exception as error:
            self.env.cr.rollback()
            if not isinstance(error, psycopg2.OperationalError):
                _logger.exception("Transaction %s could not be booked", transaction.reference)
            self.env.ref("payment.cron_post_process_payment_tx")._trigger()
            self.env["ir.cron"]._commit_progress()

    # === REACT === #

    def _react(self):
        """Let the case follow the outcome: end, plan again, write; nothing can undo the charge."""
        if self.state == "paid":
            self._tell_siblings()
        self.env["recovery.invoice.queue"]._work_off(self.move_id)
