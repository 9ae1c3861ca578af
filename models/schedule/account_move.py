import psycopg2

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...timing import Stop, plan_technical_retry
from ...tools.instants import aware
from ..case.recovery_attempt import UNFINISHED
from ..case.states import OPEN_STATES


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model
    def _cron_collect(self):
        """Plan the first charge of invoices that are collected automatically and are due."""
        commit_progress = self.env["ir.cron"]._commit_progress
        moves = self._search_to_collect()
        commit_progress(remaining=len(moves))
        for move_id in moves.ids:
            move = self.browse(move_id)
            try:
                move.with_company(move.company_id)._plan_collection()
            except (psycopg2.errors.UniqueViolation, psycopg2.OperationalError):
                self.env.cr.rollback()  # Another worker has just planned it.
            if not commit_progress(1):
                break
        self._remind_overdue()
        self.env["recovery.notice"]._plan_ahead()
        self.env["recovery.attempt"]._make_due()

    @api.model
    def _search_to_collect(self, limit=1000):
        """Return due invoices for whose due instalments no charge has been planned yet."""
        domain = Domain(
            [
                ("collect_automatically", "=", True),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
                ("move_type", "=", "out_invoice"),
            ]
        )
        self.env.flush_all()
        query = self._search(domain)
        query.add_where(
            SQL(
                """
                EXISTS (
                    SELECT FROM account_move_line line
                     WHERE line.move_id = account_move.id
                       AND line.display_type = 'payment_term'
                       AND NOT line.reconciled
                       AND line.no_followup IS NOT TRUE
                       AND line.date_maturity <= %(today)s
                       AND NOT EXISTS (
                           SELECT FROM recovery_attempt attempt
                            WHERE attempt.move_id = account_move.id
                              AND attempt.state != 'cancelled'
                              AND (attempt.due_date >= line.date_maturity
                                   OR attempt.state IN %(unfinished)s)
                       )
                )
                AND NOT EXISTS (
                    SELECT FROM recovery_case
                     WHERE recovery_case.id = account_move.recovery_case_id
                       AND recovery_case.state IN %(open)s
                )
                """,
                today=fields.Date.context_today(self),
                unfinished=UNFINISHED,
                open=OPEN_STATES,
            )
        )
        query.order = "account_move.invoice_date_due, account_move.id"
        query.limit = limit
        return self.browse(query)

    def _plan_collection(self):
        """Plan the charge of what is due, in the hours in which the customer may be charged."""
        self.ensure_one()
        now = fields.Datetime.now()
        self.env["recovery.attempt"].create(
            self._prepare_attempt_vals(
                source="collect",
                planned_at=self._get_next_charge_instant(now),
                due_date=fields.Date.context_today(self),
                sentence=self.env._("Charged automatically on the due date."),
            )
        )

    def _plan_technical_retry(self, attempt):
        """Fill the hook: try a first charge that was not sent again, soon."""
        if super()._plan_technical_retry(attempt):
            return True
        failures = attempt._count_recent_technical()
        decision = plan_technical_retry(failures, aware(attempt.finished_at))
        if isinstance(decision, Stop):
            return False
        cases = self.env["recovery.case"]
        cases._create_attempt(self, cases._make_plan(decision), attempt.due_date)
        return True
