# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools import jobs
from ...tools.errors import describe_error
from ...tools.guards import is_uninstalling
from ...tools.places import Places
from ...tools.said import say
from .alerts import raise_alert
from .follower import InvoiceFollower

# What the job does after the invoices have been followed; each room fills its place with a model
# and a method.
FOLLOW = Places(
    "unknown outcomes",
    "begun payments",
    "faults",
    "backlog",
    "alerts",
    "events of the day",
    "failing providers",
    "planned actions",
    "instalments",
    "ends",
    "promises",
    "notices",
    "figures of charges",
    "figures of cases",
)
FOLLOW.fill("alerts", ("mail.activity", "_recovery_follow_alerts"))
FOLLOW.fill("instalments", ("recovery.case", "_take_in_instalments"))
FOLLOW.fill("ends", ("recovery.case", "_end_due"))
# How often an invoice is tried again at once on which somebody else was at work.
BUSY_TURNS = 3
BUSY_WAIT = timedelta(minutes=1)
# In the context of what the engine follows by itself. A caller from outside can't send an object.
OWN_WORK = object()
# What is kept until the commit: the ids of invoices that were changed.
CHANGED = "recovery.invoice.queue.changed"
FAILED_WAIT = timedelta(hours=1)


class RecoveryInvoiceQueue(models.Model):
    """Something happened to an invoice that its case must follow.

    Payments, credit notes and webhooks arrive in other people's database transactions. Writing
    the case there could make them fail, or run an automation rule in the middle of a payment; an
    insert into this queue can do neither. A job reads it and lets the case follow the facts.
    """

    _name = "recovery.invoice.queue"
    _description = "Recovery Invoice Queue"
    _log_access = False

    move_id = fields.Many2one(
        comodel_name="account.move", required=True, index=True, ondelete="cascade"
    )
    transaction_id = fields.Many2one(
        comodel_name="payment.transaction",
        ondelete="cascade",
        help="The transaction that changed, when it was one.",
    )
    note = fields.Char(help="A sentence for the chatter of the invoice's open case.")
    not_before = fields.Datetime(help="Set when following failed, so that the others come first.")

    @api.model
    def _add(self, moves, transaction=None):
        """Queue these invoices for the job, and wake it up after the commit."""
        if moves and not self._is_own_work():
            self._put(moves, transaction)
            self._wake()

    @api.model
    def _wake(self, at=None):
        """Wake the job after the commit; whatever puts work off wakes it for that time.

        :param datetime at: when (UTC, naive); now when not told
        """
        self.env.ref("revenue_recovery.ir_cron_recovery_follow").sudo()._trigger(at)

    @api.model
    def _add_followed(self, moves):
        """Queue those of these invoices that have a case, or a first charge to come.

        Asked once before the commit, of all the invoices that were changed until then: most have
        nothing to do with recovery, and whoever books a thousand payments is not to wait for us.
        """
        # Our own charges are followed anyway, and after an uninstallation there is no queue.
        if not moves or self._is_own_work() or is_uninstalling(self.env):
            return
        changed = self.env.cr.precommit.data.setdefault(CHANGED, set())
        if not changed:
            self.env.cr.precommit.add(self.sudo()._add_changed)
        changed.update(moves.ids)

    @api.model
    def _add_changed(self):
        """Queue what is followed of the invoices that were changed in this database transaction.

        They have a case, or a first charge to come; or they were cancelled, and an online payment
        may be left over.
        """
        changed = self.env.cr.precommit.data.pop(CHANGED, ())
        if not changed:
            return
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT move.id FROM account_move move
                 WHERE move.id = ANY(%s)
                   AND (move.recovery_case_id IS NOT NULL
                        OR EXISTS (SELECT FROM recovery_attempt
                                    WHERE move_id = move.id AND state = 'planned')
                        OR move.state = 'cancel'
                       AND EXISTS (SELECT FROM account_invoice_transaction_rel
                                    WHERE invoice_id = move.id))
              ORDER BY move.id
                """,
                list(changed),
            )
        )
        self._add(self.env["account.move"].browse(move_id for (move_id,) in rows))

    @api.model
    def _is_own_work(self):
        return self.env.context.get("recovery_own_work") is OWN_WORK

    @api.model
    def _put(self, moves, transaction=None):
        """Queue these invoices without waking the job."""
        self.sudo().create(
            [
                {"move_id": move.id, "transaction_id": transaction and transaction.id}
                for move in moves
            ]
        )

    @api.model
    def _take(self, move):
        """Take an invoice that no other worker follows off the queue; write the notes on its case.

        :return: the transactions that they name; ``None`` when there is nothing to follow
        """
        rows = self.env.execute_query(
            SQL(
                """
                DELETE FROM recovery_invoice_queue
                 WHERE id IN (SELECT id FROM recovery_invoice_queue WHERE move_id = %s
                                 FOR UPDATE SKIP LOCKED)
                RETURNING id, transaction_id, note
                """,
                move.id,
            )
        )
        if not rows:
            return None
        self._write_notes(move, [note for _id, _transaction_id, note in sorted(rows) if note])
        transaction_ids = {transaction_id for _id, transaction_id, _note in rows if transaction_id}
        return self.env["payment.transaction"].browse(sorted(transaction_ids))

    @api.model
    def _add_note(self, moves, note):
        """Queue a sentence for the open cases of these invoices, and wake the job."""
        if moves:
            self.sudo().create([{"move_id": move.id, "note": note} for move in moves])
            self._wake()

    @api.model
    def _write_notes(self, move, notes):
        """Write sentences on the case of an invoice, each once."""
        for note in dict.fromkeys(notes):
            move.recovery_case_id.message_post(body=note)

    # === CRON === #

    @api.model
    def _cron_follow(self):
        """Let the cases follow their invoices, then do what their calendar says."""
        jobs.commit(self.env, remaining=self._count_due())
        if self._hand_over_due():
            jobs.commit(self.env, remaining=0)
            return
        # First: what is taken off invoices, their cases then follow.
        self.env["recovery.return"]._book_due()
        while move := self._find_due_move():
            self._work_off(move)
            if not jobs.commit(self.env, 1):
                return
        for model, method in FOLLOW:
            getattr(self.env[model], method)()
        jobs.commit(self.env, remaining=0)

    @api.model
    def _hand_over_due(self):
        """Hook for `bridge`: let somebody else's jobs do the work; return whether they do.

        It does nothing by itself.
        """
        return False

    @api.model
    def _count_due(self, limit=1000):
        now = fields.Datetime.now()
        return self.search_count(
            Domain("not_before", "=", False) | Domain("not_before", "<=", now), limit=limit
        )

    @api.model
    def _find_due_moves(self, limit):
        """Return the invoices that wait, longest first, whoever is following them."""
        query = SQL(
            """
            SELECT move_id FROM recovery_invoice_queue
             WHERE not_before IS NULL OR not_before <= %s
          GROUP BY move_id ORDER BY min(id) LIMIT %s
            """,
            fields.Datetime.now(),
            max(limit, 0),
        )
        rows = self.env.execute_query(query)
        return self.env["account.move"].browse(move_id for (move_id,) in rows)

    @api.model
    def _find_due_move(self):
        """Return the invoice that waits longest, and that no other worker is following."""
        query = SQL(
            """
            SELECT move_id FROM recovery_invoice_queue
             WHERE not_before IS NULL OR not_before <= %s
             ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
            """,
            fields.Datetime.now(),
        )
        return self.env["account.move"].browse(jobs.lock_one(self.env, query))

    @api.model
    def _work_off(self, move):
        """Let the case of one invoice follow it, in a database transaction of its own.

        What fails is put off and told once on the case; nothing here can undo a payment. Whoever
        was at work on the invoice has mostly just finished: it is tried again at once.
        """
        for turn in range(1, BUSY_TURNS + 1):
            met = []
            jobs.work(
                self.env,
                lambda: self._follow_move(move),
                busy=lambda met=met: met.append(move),
                failed=lambda error: self._note_failure(move, error),
                doing=f"Following invoice {move.id}, turn {turn}",
            )
            if not met:
                return
        jobs.work(self.env, lambda: self._put_off(move, BUSY_WAIT), doing="Putting off")

    @api.model
    def _follow_move(self, move):
        move._fetch_for_recovery()
        move = move.with_company(move.company_id)
        transactions = self._take(move)
        if transactions is not None:
            InvoiceFollower(move).follow(transactions)

    @api.model
    def _note_failure(self, move, error):
        self._put_off(move, FAILED_WAIT)
        sentence = say(self.env, "update_trouble", error=describe_error(error))
        raise_alert(move, sentence, f"follow:{move.id}")

    @api.model
    def _put_off(self, move, wait):
        """Let the other invoices come first; one being followed by now is left alone."""
        until = fields.Datetime.now() + wait
        self.env.cr.execute(
            """
            UPDATE recovery_invoice_queue SET not_before = %s
             WHERE id IN (SELECT id FROM recovery_invoice_queue WHERE move_id = %s
                             FOR UPDATE SKIP LOCKED)
            """,
            [until, move.id],
        )
        self._wake(until)
        self.invalidate_model(["not_before"])
