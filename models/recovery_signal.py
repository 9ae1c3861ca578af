import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.fields import Domain

_logger = logging.getLogger(__name__)


class RecoverySignal(models.Model):
    """Something happened to an invoice that its case must follow.

    Payments, credit notes and webhooks arrive in other people's database transactions. Writing
    the case there could make them fail, or run an automation rule in the middle of a payment; an
    insert into this queue can do neither. A job reads it and lets the case follow the facts.
    """

    _name = "recovery.signal"
    _description = "Recovery Signal"
    _log_access = False

    move_id = fields.Many2one(
        comodel_name="account.move", required=True, index=True, ondelete="cascade"
    )
    transaction_id = fields.Many2one(
        comodel_name="payment.transaction",
        ondelete="cascade",
        help="The transaction that changed, when it was one.",
    )

    not_before = fields.Datetime(help="Set when following failed, so that the others come first.")

    @api.model
    def _raise_for(self, moves, transaction=None):
        """Queue these invoices for the job, and wake it up after the commit."""
        if moves and not self.env.context.get("recovery_own_work"):
            self._queue(moves, transaction)
            self.env.ref("revenue_recovery.ir_cron_recovery_follow").sudo()._trigger()

    @api.model
    def _queue(self, moves, transaction=None):
        """Queue these invoices without waking the job."""
        self.sudo().create(
            [
                {"move_id": move.id, "transaction_id": transaction and transaction.id}
                for move in moves
            ]
        )

    @api.model
    def _take(self, move):
        """Return the transactions that the signals of an invoice name, and remove the signals.

        Signals raised meanwhile by others are not visible here and stay for the next pass.
        """
        signals = self.search([("move_id", "=", move.id)])
        transactions = signals.transaction_id
        signals.unlink()
        return transactions

    # === CRON === #

    @api.model
    def _cron_follow(self):
        """Let the cases follow their invoices, then do what their calendar says."""
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(remaining=self.search_count(self._get_due_domain(), limit=1000))
        while signal := self.search(self._get_due_domain(), limit=1, order="id"):
            self._follow(signal.move_id)
            if not commit_progress(1):
                return
        self.env["recovery.attempt"]._resolve_due()
        self.env["recovery.case"]._end_due()
        self.env["recovery.notice"]._send_due()

    @api.model
    def _follow(self, move):
        """Let the case of one invoice follow it, in a database transaction of its own.

        What fails is put off and told once on the case; nothing here can undo a payment.
        """
        try:
            self.env["recovery.case"].with_company(move.company_id)._follow(move, self._take(move))
            self.env["ir.cron"]._commit_progress()
        except psycopg2.OperationalError:
            self.env.cr.rollback()  # Somebody else works on the invoice: its own signal remains.
            self._put_off(move, timedelta(minutes=1))
        except Exception as error:
            self.env.cr.rollback()
            _logger.exception("Invoice %s could not be followed", move.id)
            self._put_off(move, timedelta(hours=1))
            move.recovery_case_id._ask_for_attention(
                self.env._("The case could not be updated: %(error)s", error=error)
            )
            self.env["ir.cron"]._commit_progress()

    @api.model
    def _put_off(self, move, wait):
        self.search([("move_id", "=", move.id)]).not_before = fields.Datetime.now() + wait
        self.env["ir.cron"]._commit_progress()

    # === GETTERS === #

    @api.model
    def _get_due_domain(self):
        return Domain("not_before", "=", False) | Domain("not_before", "<=", fields.Datetime.now())
