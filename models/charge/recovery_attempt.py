# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The charge: claim, charge, settle, react, each in a database transaction of its own."""

import logging
import time
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import SQL

from ...declines import Known
from ...tools import jobs, series
from ...tools.crew import Crew
from ...tools.errors import describe_error
from ...tools.kept import keep_once, keep_people, keep_settings
from ...tools.said import say
from ..case.alerts import raise_alert
from ..case.owed import read_debt_and
from ..case.recovery_attempt import TRANSITIONS, UNFINISHED
from ..case.recovery_invoice_queue import FOLLOW, OWN_WORK
from ..case.states import CHARGING_STATES
from ..method.rail import get_outcome_wait
from .at_once import AT_ONCE, read_at_once
from .backlog import list_busy, read_backlog, tell_late
from .blocks import ChargeBlocks
from .due import DueCharges
from .outcomes import prepare_outcome_vals
from .paid_charges import PaidCharges, book_many
from .payment_transaction import CLAIM
from .resolver import OutcomeResolver
from .sender import Sender
from .under_way import MoneyUnderWay
from .worth import order_by_worth

_logger = logging.getLogger(__name__)

# How long a claimed attempt without a living worker may be the one of a worker just starting.
START_ALLOWANCE = timedelta(seconds=10)

# A page that a customer, or an accountant, has just sent holds its invoice for so long at most.
LOCK_TURNS = 6
LOCK_PAUSE = 0.1  # Seconds.

# How often a payment is booked again at once after losing a race for the same rows.
BOOK_TRIES = 3

FOLLOW.fill("unknown outcomes", ("recovery.attempt", "_resolve_due"))
FOLLOW.fill("backlog", ("recovery.attempt", "_follow_backlog"))


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    # The charges of the last hour are looked for every few minutes.
    _started_idx = models.Index("(started_at) WHERE transaction_id IS NOT NULL")

    # === ACTION METHODS === #

    def action_confirm_charged(self):
        """Record a person's word that the provider did charge an attempt of unknown outcome."""
        self.ensure_one()
        return self._confirm_outcome(charged=True)

    def action_confirm_not_charged(self):
        """Record a person's word that the provider did not charge an unknown attempt."""
        self.ensure_one()
        return self._confirm_outcome(charged=False)

    def _confirm_outcome(self, charged):
        """Write what a person found out, and go on from there."""
        self.check_access("read")
        self.move_id.check_access("write")
        # In sudo mode: attempts are written by the engine only.
        OutcomeResolver(self.sudo()).confirm(charged)
        return True

    # === HOOKS === #

    def _get_further_block(self):
        """Return a :class:`Block` for a reason of your own why this charge may not go out, or none.

        Hook for addons; there is none by itself. It is asked last, on the locked invoice.
        """
        self.ensure_one()

    @api.model
    def _hand_over_due(self):
        """Hook for `bridge`: let somebody else's jobs charge what is due; return whether they do.

        It does nothing by itself.
        """
        return False

    def _get_cool_down_block(self, history):
        """Hook for `schedule`: return a :class:`Block` while the card rests, or none.

        There is none by itself.

        :param list[CardCharge] history: what was charged to the card, oldest first
        """
        self.ensure_one()

    def _get_backup_block(self):
        """Hook for `schedule`: return a :class:`Block` while a backup method may not be charged.

        There is none by itself. It is asked of another method than the one that was chosen.
        """
        self.ensure_one()

    def _tell_siblings(self):
        """Hook for `schedule`: the method has money, so the customer's other cases plan anew.

        It does nothing by itself.
        """

    def _follow_transactions(self):
        """Fill the hook: attempts that a living worker charges are left to it."""
        changed = super()._follow_transactions()
        for attempt in self:
            is_open = attempt.state in ("running", "unknown")
            if is_open and not attempt._take_lock("running", "unknown"):
                continue  # Its worker is alive and follows by itself.
            changed |= attempt._follow_transaction()
        return changed

    # === CLAIM === #

    @api.model
    def _claim(self, due=None):
        """Return one due attempt, committed as running for this worker alone, or none.

        Attempts that may not be charged now are put off, refused or cancelled on the way.

        :param DueCharges due: the list to take it from; all that is due when not told
        """
        keep_settings(self.env)
        due = DueCharges() if due is None else due
        while attempt_id := due.take(self.env):
            attempt, has_time = self._claim_one(attempt_id)
            if attempt:
                return attempt
            due.finish(attempt_id)
            if not has_time:
                break
        return self.browse()

    @api.model
    def _claim_one(self, attempt_id):
        """Start a due attempt that no other worker is at.

        :return: the attempt when it is running now, and whether the job has time left
        """
        if not self._lock_due(attempt_id):
            return self.browse(), True
        started = []

        def start(_id):
            try:
                started[:] = [self._browse_in_company(attempt_id)._start()]
            except psycopg2.errors.UniqueViolation as error:
                # No lost race: nobody else can claim what is locked.
                raise ValidationError(str(error)) from error

        def look_again(_id):
            started.clear()  # The invoice changed under our eyes.

        def give_up(_id, error):
            started.clear()
            self._browse_in_company(attempt_id)._fail_to_start(error)

        has_time = jobs.work_on_each(
            self.env, [attempt_id], start, busy=look_again, failed=give_up, doing="Starting attempt"
        )
        return self._browse_in_company(attempt_id if any(started) else []), has_time

    @api.model
    def _browse_in_company(self, attempt_id):
        attempt = self.browse(attempt_id)
        return attempt.with_company(attempt.company_id)

    @api.model
    def _lock_due(self, attempt_id):
        """Return an id when it is that of a due attempt, its row locked now; none otherwise."""
        query = SQL(
            """
            SELECT id FROM recovery_attempt
             WHERE id = %s AND state = 'planned' AND planned_at <= %s
               FOR NO KEY UPDATE SKIP LOCKED
            """,
            attempt_id,
            fields.Datetime.now(),
        )
        return jobs.lock_one(self.env, query)

    def _start(self):
        """Check the blocks on the locked invoice and create the transaction.

        :return: whether the attempt is running now
        """
        if not self._lock_invoice_soon():
            self._postpone(
                fields.Datetime.now() + timedelta(minutes=1),
                say(self.env, "being_changed"),
            )
            return False
        blocks = ChargeBlocks(self)
        block, amount = blocks.find(), blocks.debt.owed
        if not block and blocks.has_credit:
            block, amount = self._use_credit(blocks.credit), self._get_amount()
        if block:
            self._apply_block(block)
            return False
        token = self._get_token()
        values = {
            "amount": amount,
            "token_id": token.id,
            "method_label": token._recovery_get_label(),
            "started_at": fields.Datetime.now(),
            "waiting_provider_id": False,
            "deadline_at": fields.Datetime.now() + get_outcome_wait(token, token.payment_method_id),
        }
        self.write(values)
        transaction = (
            self.env["payment.transaction"]
            .with_context(recovery_claim=CLAIM)
            .create(self._prepare_transaction_vals())
        )
        is_running = bool(self._set_state("running", transaction_id=transaction.id))
        self._keep_what_was_read()
        return is_running

    def _keep_what_was_read(self):
        """Let the charge, which follows at once, go on with what its blocks were asked of.

        Whether it is still wanted is asked again, of the database.
        """
        users = self.env.user
        keep_people(self.company_id.partner_id | users.partner_id)
        token = self.token_id
        keep_once(self, self.transaction_id, token, self.move_id.partner_id, token.provider_id)

    def _use_credit(self, credit):
        """Use the customer's credit first: nothing else stands against the charge.

        :param CustomerCredit credit: for what it charges
        :return: what stands against it afterwards, or none
        """
        if credit.is_to_ask():
            return None  # Who was asked has said that all is charged.
        try:
            is_used = credit.use()
        except UserError as error:
            return credit.ask(error)
        # Of what could not be used a person is asked: nothing that there is credit for is charged
        # without a word.
        return (is_used and self._get_block()) or credit.ask()

    def _lock_invoice_soon(self):
        """Lock the invoice, once whoever is at work on it for a moment has finished.

        Where they have changed it, PostgreSQL lets us look at it anew.

        :return: whether it was locked
        """
        for turn in range(LOCK_TURNS):
            if turn:
                time.sleep(LOCK_PAUSE)
            if self._lock_invoice():
                return True
        return False

    def _resolve_later(self, at):
        """Ask for the outcome of this charge again at a naive UTC instant, and wake the job."""
        self.resolve_at = at
        self.env["recovery.invoice.queue"]._wake(at)

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
            "company_id": provider_sudo.company_id.id,  # Or Odoo would write it afterwards.
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

    def _get_block(self):
        """Return the first thing that stands against this charge, or none.

        :rtype: Block | None
        """
        self.ensure_one()
        return ChargeBlocks(self).find()

    def _get_lasting_block(self):
        """Return what stands against this planned charge, and will when it is due, or none.

        :rtype: Block | None
        """
        self.ensure_one()
        return ChargeBlocks(self).find_lasting()

    def _apply_block(self, block):
        """Put off, refuse or cancel a planned attempt, and keep the sentence."""
        if block.alert:
            raise_alert(self.move_id, block.sentence, block.subject or f"charge:{self.id}")
        if block.until:
            self._postpone(block.until, block.sentence, block.rule)
            if block.provider:
                self.waiting_provider_id = block.provider
            return
        # Which decline of an earlier charge stands against this one.
        decline = {}
        if block.decline_class:
            decline = {
                "decline_reason_id": block.reason.id,
                "decline_class": block.decline_class,
            }
        self._set_state(
            "cancelled" if block.moot else "refused",
            sentence=block.sentence,
            **self._prepare_rule_vals(block.rule),
            **decline,
        )
        self.env["recovery.invoice.queue"]._add(self.move_id)

    def _fail_to_start(self, error):
        """Refuse an attempt that raised before anything was sent, and let its case go on."""
        sentence = say(self.env, "not_prepared", error=describe_error(error))
        self._set_state("refused", sentence=sentence)
        self.env["recovery.invoice.queue"]._add(self.move_id)

    # === CHARGE === #

    def _carry_out(self, is_repeat=False, paid=None):
        """Charge a claimed attempt and let the case react to the outcome.

        :param is_repeat: whether to ask once more for a charge of unknown outcome
        :param PaidCharges paid: where it waits to be booked with others when it is paid; it is
            booked, and its case reacts, at once when not told
        :return: its sender, who knows whether this worker recorded an outcome
        :rtype: Sender
        """
        self.ensure_one()
        # Known before the commit, which forgets what was read.
        transaction, move = self.transaction_id, self.move_id
        sender = Sender(self, is_repeat)
        sender.send()
        is_open = sender.is_recorded and not sender.is_settled
        waits = is_open and paid and paid.add(self, transaction, move)
        if sender.is_recorded and not waits:
            self._finish(transaction, move, sender.is_settled)
        return sender

    def _finish(self, transaction, move, is_settled=False):
        """Book a recorded outcome, then let the case react to it.

        :param is_settled: whether it was a decline, with which nothing is booked
        """
        if not is_settled:
            self._settle(transaction)
            if transaction.state == "done" and self.state == "paid":
                self._tell_siblings()
        self._react(move)

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
        # Two ways to PostgreSQL instead of four.
        cr.execute(
            "SAVEPOINT recovery_look; "
            "SELECT state FROM recovery_attempt WHERE id = %s FOR NO KEY UPDATE NOWAIT",
            [self.id],
        )
        state = cr.fetchone()[0]
        cr.execute("ROLLBACK TO SAVEPOINT recovery_look; RELEASE SAVEPOINT recovery_look")
        return state in states

    def _is_still_wanted(self):
        """Return whether the claim still holds; in SQL, since it is asked for every charge."""
        is_wanted = SQL(
            """
            (SELECT move.state = 'posted'
                AND move.payment_state IN ('not_paid', 'partial')
                AND provider.state != 'disabled'
                AND (recovery_case.id IS NULL
                     OR (recovery_case.state IN %s
                         AND recovery_case.partner_id = move.commercial_partner_id))
               FROM recovery_attempt attempt
               JOIN account_move move ON move.id = attempt.move_id
               JOIN payment_transaction transaction ON transaction.id = attempt.transaction_id
               JOIN payment_provider provider ON provider.id = transaction.provider_id
          LEFT JOIN recovery_case ON recovery_case.id = attempt.case_id
              WHERE attempt.id = %s)
            """,
            CHARGING_STATES,
            self.id,
        )
        debt, row = read_debt_and(self.move_id, self.due_date, is_wanted=is_wanted)
        debt = self._limit_debt(debt)
        is_same_amount = not self.currency_id.compare_amounts(self.amount, debt.owed)
        return row["is_wanted"] is True and is_same_amount and not debt.is_excluded

    # === SETTLE === #

    def _settle(self, transaction):
        """Book the payment; when that fails, the money is recorded and Odoo's own job books it."""
        transaction = transaction.with_context(recovery_own_work=OWN_WORK)
        for turn in range(1, BOOK_TRIES + 1):
            # Whoever was at work on it may have booked it.
            if transaction.state == "draft" or transaction.is_post_processed:
                return
            try:
                series.post_process(transaction)
                # What didn't move money is committed with the reaction.
                if transaction.state == "done":
                    jobs.commit(self.env)
                return
            except psycopg2.OperationalError:
                # Several book in one journal at once.
                self.env.cr.rollback()
                if turn == BOOK_TRIES:
                    self._book_later()
            except Exception:
                self.env.cr.rollback()
                _logger.exception("Transaction %s could not be booked", transaction.reference)
                self._book_later()
                return

    def _book_later(self):
        """Leave the booking to Odoo's own job."""
        series.book_soon(self.env)
        jobs.commit(self.env)

    @api.model
    def _book_paid(self, paid, is_last=False):
        """Book charges that were paid, many at a time, and let the cases react to them.

        :param PaidCharges paid: which, where there are enough of them
        :param is_last: also where there are few, since no others come
        """
        while taken := paid.take(is_last):
            key, charges = taken
            try:
                alone = set(book_many(self.env, [each.transaction_id for each in charges]))
                for charge in charges:
                    attempt = self._browse_in_company(charge.attempt_id)
                    if charge.transaction_id in alone:
                        attempt._settle(attempt.transaction_id)
                    if attempt.state == "paid":
                        attempt._tell_siblings()
                    attempt._react(self.env["account.move"].browse(charge.move_id))
            finally:
                paid.finish(key)

    # === REACT === #

    def _react(self, move):
        """Let the case follow the outcome: end, plan again, write; nothing can undo the charge."""
        self.env["recovery.invoice.queue"]._work_off(move)

    # === RESOLVE === #

    @api.model
    def _resolve_due(self):
        """Resolve what dead workers left running, and the unknown outcomes that are due."""
        before = fields.Datetime.now() - START_ALLOWANCE
        self._resolve_each(
            [("state", "=", "running"), ("started_at", "<", before)],
            OutcomeResolver.take_over,
        )
        # What has just been taken over is due by now.
        now = fields.Datetime.now()
        self._resolve_each(
            [("state", "in", ("unknown", "pending")), ("resolve_at", "<=", now)],
            OutcomeResolver.resolve,
        )

    @api.model
    def _resolve_each(self, domain, resolve):
        """Resolve each attempt of a domain; one that fails does not stop the others."""
        jobs.work_on_each(
            self.env,
            self.search(domain, limit=500).ids,
            lambda attempt_id: resolve(OutcomeResolver(self._browse_in_company(attempt_id))),
            doing="Resolving attempt",
        )

    def _follow_transaction(self):
        """Bring unfinished attempts to the state that their transaction reached by itself.

        :return: the attempts that changed
        """
        changed = self.browse()
        for attempt in self:
            outcome = attempt.transaction_id._recovery_get_outcome()
            if outcome is None or outcome.value not in TRANSITIONS[attempt.state]:
                continue
            if attempt.state == "returned":
                continue  # Its transaction stays done; only who undoes the return says it is paid.
            if outcome is Known.PENDING and not attempt._make_room():
                continue  # Its transaction keeps others from charging as well.
            changed |= attempt._set_state(outcome.value, **prepare_outcome_vals(attempt, outcome))
        return changed

    def _make_room(self):
        """Withdraw the planned charge of the invoice: this one is on its way after all.

        :return: whether no other is unfinished now
        """
        others = self.search(
            [("move_id", "=", self.move_id.id), ("state", "in", UNFINISHED), ("id", "!=", self.id)]
        )
        planned = others.filtered(lambda other: other.state == "planned")
        planned._set_state("cancelled", sentence=say(self.env, "earlier_charge"))
        return planned == others

    # === CRON === #

    @api.model
    def _cron_charge(self):
        """Charge what is due, each attempt in database transactions of its own.

        Any number of workers, on any number of hosts, may run this at once, and each of them
        charges several attempts at once where it runs as a job.
        """
        count = self._count_due()
        if not jobs.commit(self.env, remaining=count):
            return
        if self._hand_over_due():
            jobs.commit(self.env, remaining=0)
            return
        due, paid, unfinished = self._list_due(), PaidCharges(), []
        hands = min(self._get_at_once(), max(count, 1))
        Crew(
            self.env, lambda env: self.with_env(env)._charge_due(due, paid, unfinished), hands
        ).run()
        if not unfinished:
            jobs.commit(self.env, remaining=0)

    @api.model
    def _charge_due(self, due, paid, unfinished):
        """Charge one after the other from a list: what one of several hands does.

        :param DueCharges due:
        :param PaidCharges paid: what all of them have yet to book
        :param list unfinished: is added something when the time is over
        """
        while attempt := self._claim(due):
            sender = attempt._carry_out(paid=paid)
            due.finish(attempt.id, sender.rests_until)
            jobs.commit(self.env, 1)
            self._book_paid(paid)
        self._book_paid(paid, is_last=True)
        if not jobs.has_time(self.env):
            unfinished.append(True)

    @api.model
    def _list_due(self):
        """Return the list of what is due to be charged now.

        Of companies whose charging hours won't suffice, what is worth most comes first.

        :rtype: DueCharges
        """
        late = [company.id for company, _backlog in self._find_late()]
        if not late:
            return DueCharges()
        return DueCharges(order_by_worth(self.env, late, self._get_chance()))

    @api.model
    def _get_chance(self):
        """Hook for `schedule`: return the chance of a planned charge (`attempt`) as SQL.

        NULL where nobody has estimated it, which by itself nobody does.
        """
        return SQL("NULL::float8")

    @api.model
    def _get_backlog(self, companies):
        """Return what is due of some companies and is not charged yet.

        :rtype: Backlog
        """
        # In sudo mode: it is counted, not shown; whoever asks says for which companies.
        return read_backlog(companies.sudo(), self._get_at_once())

    @api.model
    def _find_late(self):
        """Return the companies whose charging hours won't suffice for what is due, with that."""
        found = []
        for company in list_busy(self.env):
            backlog = self._get_backlog(company)
            if backlog.is_late:
                found.append((company, backlog))
        return found

    @api.model
    def _follow_backlog(self):
        """Raise an alert for each company whose charging hours won't suffice, or take it back.

        A step of the job that follows invoices.
        """
        tell_late(self.env, self._find_late())

    @api.model
    def _get_at_once(self):
        """Return how many charges one job sends at once."""
        # In sudo mode: parameters are for administrators only.
        value = self.env["ir.config_parameter"].sudo().get_param(AT_ONCE)
        return read_at_once(value)

    @api.model
    def _count_due(self, limit=1000):
        domain = [("state", "=", "planned"), ("planned_at", "<=", fields.Datetime.now())]
        # In the order of the index: a bare count makes PostgreSQL read the whole table.
        return len(self._search(domain, order="planned_at, id", limit=limit))

    # === GETTERS === #

    def _get_question(self):
        """Return the one of these attempts of which only a person can tell what became of it.

        :raise UserError: when there is none
        """
        question = self.filtered("is_question")
        if not question:
            raise UserError(
                self.env._("It is known, or being found out, what became of each charge.")
            )
        return question

    @api.model
    def _search_money_under_way(self, moves):
        """Return the transactions that may bring, or have brought, money for these invoices."""
        return MoneyUnderWay(self.env).find(moves)

    @api.model
    def _get_transaction_block(self, transaction):
        """Return a :class:`Block` when this transaction may bring, or have brought, the money."""
        return MoneyUnderWay(self.env).get_block(transaction)

    def _get_token(self):
        """Return the payment method to charge; it may turn out not to be chargeable."""
        self.ensure_one()
        return self.token_id or self.move_id._get_collect_token() or self.case_id.token_id

    def _is_of_other_method(self):
        """Return whether another method is charged than the one that was chosen."""
        self.ensure_one()
        chosen = self.move_id._get_collect_token() or self.case_id.token_id
        return bool(self.token_id) and self.token_id != chosen

    def _get_amount(self):
        """Return what is owed now of the instalments that this attempt is for."""
        self.ensure_one()
        return self._limit_debt(self.move_id._get_debt(self.due_date)).owed
