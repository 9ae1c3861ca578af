# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""One charge is sent, and what became of it is committed, whatever happens on the way."""

import logging
import time
from datetime import timedelta

import psycopg2
from psycopg2.pool import PoolError

from odoo import fields

from ...declines import Answer, Certainty, Known
from ...declines.limits import read_back_off
from ...tools import jobs, series
from ...tools.instants import aware
from ...tools.kept import keep_once
from ...tools.said import say
from ..case.recovery_invoice_queue import OWN_WORK
from .outcomes import apply_answer, record_outcome
from .pace import ProviderPace

_logger = logging.getLogger(__name__)

# How often an outcome that is known is written again after losing a race for the same rows.
RECORD_TRIES = 5
# What the database raises when others are in the way, or when it has no connection left, and when
# such a charge is sent instead: soon, but not in the same moment again.
IN_THE_WAY = (psycopg2.OperationalError, PoolError)
SOON = timedelta(seconds=5)
# How long a new database session is waited for, in seconds, before each further try.
SESSION_PAUSE = 2.0


class Sender:
    """Sends a claimed attempt to its provider, or one of unknown outcome once more.

    A worker that was taken for dead while it stood still finds its attempt unknown, and leaves it
    to those who resolve it. What is not owed any more is sent by nobody: whether it was sent before
    is not known, and this could be the first time.

    :param attempt: a `recovery.attempt`, running or unknown, in its company
    :param is_repeat: whether to ask once more for a charge of unknown outcome
    :ivar is_recorded: whether this worker recorded an outcome
    :ivar is_settled: whether it was declined, and nothing is left to book
    :ivar rests_until: when (UTC, naive) its provider takes more, where it was put back for that
    """

    def __init__(self, attempt, is_repeat=False):
        self._attempt = attempt
        self._env = attempt.env
        self._is_repeat = is_repeat
        self.is_recorded = self.is_settled = False
        self.rests_until = None
        self._answer = Answer(attempt.transaction_id.provider_code, is_repeat)
        # In sudo mode: providers are readable by administrators only.
        self._pace = ProviderPace(attempt.transaction_id.provider_id.sudo())

    def send(self):
        """Send the attempt and commit what became of it.

        What its provider does not take yet is put back, and not sent.
        """
        # Whoever asks once more has waited before.
        if not self._is_repeat and (until := self._pace.take_turn()):
            self._try_to_put_back(until, say(self._env, "provider_busy"))
            self.rests_until = until
            return
        self.is_recorded = self._send_and_record()
        self._pace.back_off(self._answer.back_off)

    def _send_and_record(self):
        try:
            return self._send()
        except Exception as error:
            self._answer.note_exception(error)
            if not self._answer.back_off:
                now = aware(fields.Datetime.now())
                self._answer.back_off = read_back_off(error, now)
            self.is_settled = False
            try:
                self._env.cr.rollback()
            except psycopg2.Error:
                self._go_on_anew(error)
                raise  # Nothing else can be done with this session.
            return self._record_or_put_back(error)

    def _record_or_put_back(self, error):
        """Do after a rollback what is right for what is known; return whether it was recorded."""
        if self._was_stopped_before(error):
            _logger.info("Attempt %s is sent a little later: %s", self._attempt.id, error)
            self._try_to_put_back(fields.Datetime.now() + SOON, say(self._env, "lost_race"))
            return False
        return self._record_after_rollback(error)

    def _go_on_anew(self, error):
        """Write down what the provider answered although PostgreSQL has ended the session.

        As a restart does. If it does not come back soon the attempt is resolved like a crash.
        """
        for turn in range(RECORD_TRIES):
            time.sleep(turn and SESSION_PAUSE)
            try:
                with self._env.registry.cursor() as cr:
                    sender = Sender(self._attempt.with_env(self._env(cr=cr)), self._is_repeat)
                    sender._answer = self._answer
                    attempt = sender._attempt
                    transaction, move = attempt.transaction_id, attempt.move_id
                    if sender._record_or_put_back(error):
                        attempt._finish(transaction, move)
                return
            except psycopg2.Error as again:
                _logger.info("Attempt %s: no database session: %s", self._attempt.id, again)

    def _was_stopped_before(self, error):
        """Return whether it was our own database that failed, before the provider was asked."""
        return (
            isinstance(error, IN_THE_WAY)
            and not self._answer.calls
            and self._answer.certainty is Certainty.NOT_SENT
        )

    def _try_to_put_back(self, until, sentence):
        """Put the attempt back, committed; should it fail, it is resolved like a crash."""
        for _turn in range(RECORD_TRIES):
            if jobs.work(
                self._env,
                lambda: self._put_back(until, sentence),
                doing=f"Putting attempt {self._attempt.id} back",
            ):
                return

    def _put_back(self, until, sentence):
        """Plan a claimed attempt anew, that nobody has sent, as if it had not been claimed.

        Its transaction goes: a cancelled one would look like somebody's failed payment.

        :param datetime until: when it may be sent (UTC, naive)
        :param str sentence: why not before
        """
        attempt = self._attempt
        if not attempt._take_lock("running"):
            return
        transaction = attempt.transaction_id
        chosen = attempt.token_id
        default = attempt.move_id._get_collect_token() or attempt.case_id.token_id
        attempt._set_state(
            "planned",
            planned_at=until,
            sentence=sentence,
            token_id=False if chosen == default else chosen.id,
            transaction_id=False,
            started_at=False,
            deadline_at=False,
        )
        transaction.unlink()
        attempt._make_due(until)

    def _send(self):
        attempt = self._attempt
        if not attempt._take_lock("unknown" if self._is_repeat else "running"):
            return False
        if attempt._is_still_wanted():
            transaction = attempt.transaction_id.with_context(
                recovery_answer=self._answer, recovery_own_work=OWN_WORK
            )
            series.charge(transaction)
            record_outcome(attempt, self._answer)
            self._settle_declined(transaction)
        elif self._is_repeat:
            return False
        else:
            self._withdraw()
        # What is planned next needs it; whether it takes charges is asked again.
        keep_once(attempt.token_id.provider_id)
        jobs.commit(self._env)
        return True

    def _settle_declined(self, transaction):
        """Mark a decline as seen to: it moved no money, there is nothing to book.

        Should that fail, the outcome is written without it.
        """
        if transaction.state == "error" and self._attempt.state == "declined":
            series.post_process(transaction)
            self.is_settled = True

    def _withdraw(self):
        """Give up a claimed attempt whose invoice no longer owes what was claimed."""
        attempt = self._attempt
        sentence = say(self._env, "changed_before_charge")
        series.set_state(attempt.transaction_id, "canceled", sentence)
        attempt._set_state("cancelled", sentence=sentence)
        self._env["recovery.invoice.queue"]._put(attempt.move_id)

    def _record_after_rollback(self, error):
        """Write the outcome of a charge whose database transaction was lost.

        When the provider's answer is at hand it is applied once more, without asking again;
        otherwise the outcome is unknown.

        :return: whether this worker recorded it
        """
        attempt = self._attempt
        if isinstance(error, psycopg2.OperationalError):
            _logger.info("The outcome of attempt %s is written again: %s", attempt.id, error)
        else:
            _logger.warning("The charge of attempt %s raised", attempt.id, exc_info=error)
        answers, recorded = [self._answer], []
        for _turn in range(RECORD_TRIES):
            if jobs.work(
                self._env,
                lambda: recorded.append(self._write_down(answers[-1])),
                # An answer that can't be applied tells nothing.
                failed=lambda _error: answers.append(Answer(certainty=Certainty.UNCLEAR)),
                doing=f"Applying the answer to attempt {attempt.id}",
            ):
                return recorded[-1]
        return False  # The attempt stays running, without a worker: it is resolved like a crash.

    def _write_down(self, answer):
        """Apply an answer, and write the outcome; return whether no other worker is at it."""
        attempt = self._attempt
        # Others may have taken the worker for dead, and the charge for not made.
        if not attempt._take_lock("running", *(known.value for known in Known)):
            return False
        if attempt.state != "running" and answer.certainty is Certainty.NOT_SENT:
            answer = Answer(certainty=Certainty.UNCLEAR)  # Not by us, but maybe by them.
        apply_answer(attempt.transaction_id.with_context(recovery_own_work=OWN_WORK), answer)
        record_outcome(attempt, answer)
        return True
