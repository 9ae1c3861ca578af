"""How a case ends: recovered, given up after its grace period, or with nothing left to recover."""

import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from .recovery_attempt import UNFINISHED

_logger = logging.getLogger(__name__)

# How long a case is left alone after its job raised, so that the others get their turn.
FAILED_WAIT = timedelta(days=1)


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    not_before = fields.Datetime(
        readonly=True,
        copy=False,
        help="Set when the job failed on the case: it is left until then.",
    )

    # === CRON === #

    @api.model
    def _end_due(self):
        """Resume, exhaust and end the cases whose day has come."""
        now = fields.Datetime.now()
        is_idle = Domain("attempt_ids", "not any", [("state", "in", UNFINISHED)])
        self._work_on_each(
            Domain("state", "=", "paused")
            & Domain("paused_until", "<=", fields.Date.context_today(self)),
            "_end_pause",
        )
        self._work_on_each(
            Domain("state", "=", "in_recovery") & Domain("deadline_at", "<=", now) & is_idle,
            "_end_window",
        )
        self._work_on_each(
            Domain("state", "=", "grace") & Domain("grace_until", "<=", now) & is_idle,
            "_end_grace",
        )

    @api.model
    def _work_on_each(self, domain, method, limit=500):
        """Call a method on each case of a domain, each in a database transaction of its own.

        A case on which it fails is put aside for a while and told once to a person.
        """
        now = fields.Datetime.now()
        domain &= Domain("not_before", "=", False) | Domain("not_before", "<=", now)
        for case_id in self.search(domain, limit=limit).ids:
            case = self.browse(case_id)
            try:
                getattr(case.with_company(case.company_id), method)()
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Case %s could not go on", case_id)
                case.not_before = now + FAILED_WAIT
                case._ask_for_attention(
                    self.env._("The case could not go on: %(error)s", error=error), activity=True
                )
            if not self.env["ir.cron"]._commit_progress():
                break

    def _end_pause(self):
        self._resume(self.env._("The pause is over."))

    def _end_window(self):
        self._begin_grace(
            self.env._("The window of %(days)s days is over.", days=self.policy_id.window_days)
        )

    def _end_grace(self):
        """Run the policy's end action on a case that nothing recovered."""
        self._follow_invoice()
        if self.state != "grace":
            return
        getattr(self, f"_end_by_{self.policy_id.end_action}")()

    # === END ACTIONS === #

    def _end_by_leave(self):
        self._close("lost", self.env._("Given up; the invoice stays overdue."))

    def _end_by_block(self):
        self._close("lost", self.env._("Given up; the invoice is marked as blocked."))
        if self.move_id.payment_state in ("not_paid", "partial"):
            self.move_id.action_toggle_block_payment()

    def _end_by_write_off(self):
        self._close("lost", self.env._("Given up; a manager is asked to write the invoice off."))
        self._ask_for_attention(
            self.env._("Confirm the write-off of %(case)s.", case=self.display_name), activity=True
        )

    def _end_by_server_action(self):
        self._close("lost", self.env._("Given up; the policy's server action has run."))
        # The case is closed first: an action that fails is told, and not run again and again.
        self.env["ir.cron"]._commit_progress()
        # In sudo mode: the action was chosen by a manager, and the job acts for nobody.
        self.policy_id.end_server_action_id.sudo().with_context(
            active_model=self._name, active_id=self.id, active_ids=self.ids
        ).run()

    # === BUSINESS METHODS === #

    def _begin_grace(self, reason):
        """Leave the case to the customer for the grace period, no more charges planned."""
        now = fields.Datetime.now()
        grace_until = now + timedelta(days=self.policy_id.grace_days)
        self._set_state("grace", reason, grace_until=grace_until, exhausted_at=now)

    def _close(self, state, reason, **values):
        """Close the cases in a state; what was still planned is withdrawn."""
        closed = self._set_state(
            state,
            reason,
            closed_at=fields.Datetime.now(),
            paused_until=False,
            blocked_class=False,
            **values,
        )
        closed._cancel_planned(reason)
        closed._clear_attention()
        closed._skip_notices(reason)
        return closed

    def _cancel_planned(self, reason):
        """Withdraw the planned charges of these cases, for a reason."""
        planned = self.attempt_ids.filtered(lambda attempt: attempt.state == "planned")
        planned._set_state("cancelled", sentence=reason)

    def _pause(self, until, reason):
        """Pause these cases until a day (in the company's time zone), or until resumed."""
        paused = self._set_state("paused", reason, paused_until=until)
        paused._cancel_planned(reason)
        return paused

    def _write_off(self, account, date):
        """Book what is owed on a loss account and reconcile the invoice with it.

        :raise UserError: when nothing is owed, or the company has no journal for it
        """
        self.ensure_one()
        move = self.move_id
        lines = move.line_ids.filtered(
            lambda line: line.display_type == "payment_term" and not line.reconciled
        )
        if move.state != "posted" or not lines:
            raise UserError(
                self.env._("Nothing is owed on %(invoice)s.", invoice=move.display_name)
            )
        journal = self.env["account.journal"].search(
            [
                *self.env["account.journal"]._check_company_domain(move.company_id),
                ("type", "=", "general"),
            ],
            limit=1,
        )
        if not journal:
            raise UserError(self.env._("Create a journal of the type Miscellaneous first."))
        entry = self.env["account.move"].create(
            self._prepare_write_off_vals(lines, account, journal, date)
        )
        entry.action_post()
        self.write_off_move_id = entry
        counterpart = entry.line_ids.filtered(lambda line: line.account_id != account)
        (lines + counterpart).reconcile()
        self._clear_attention()
        return entry

    def _prepare_write_off_vals(self, lines, account, journal, date):
        label = self.env._("Write-off of %(invoice)s", invoice=self.move_id.name)
        common = {
            "name": label,
            "partner_id": self.partner_id.id,
            "currency_id": self.currency_id.id,
        }
        receivable = [
            {
                **common,
                "account_id": line.account_id.id,
                "balance": -line.amount_residual,
                "amount_currency": -line.amount_residual_currency,
            }
            for line in lines
        ]
        loss = {
            **common,
            "account_id": account.id,
            "balance": sum(lines.mapped("amount_residual")),
            "amount_currency": sum(lines.mapped("amount_residual_currency")),
        }
        return {
            "move_type": "entry",
            "journal_id": journal.id,
            "company_id": self.company_id.id,
            "date": date,
            "ref": label,
            "line_ids": [Command.create(values) for values in (*receivable, loss)],
        }
