"""Overdue invoices that no saved method is charged for: a case with notices only."""

from odoo import api, fields, models
from odoo.fields import Domain

from ..schedule.account_move import COLLECT

COLLECT.fill("reminders", ("account.move", "_remind_overdue"))


class AccountMove(models.Model):
    _inherit = "account.move"

    # === CRON === #

    @api.model
    def _remind_overdue(self):
        """Open a case for each overdue invoice that a policy reminds of, and commit each."""
        policies = self.env["recovery.policy"].search(
            [("remind_unpaid", "=", True), ("remind_since", "!=", False)]
        )
        if not policies:
            return
        since = min(policies.mapped("remind_since"))
        for company, moves in self._search_overdue(since).grouped("company_id").items():
            matches = self.env["recovery.policy"]._match_all(moves)
            for move in moves:
                policy = matches.get(move)
                if not policy or not policy.remind_unpaid:
                    continue
                if not policy.remind_since or move.invoice_date_due < policy.remind_since:
                    continue
                self.env["recovery.case"].with_company(company)._open_overdue(move)
                if not self.env["ir.cron"]._commit_progress():
                    return

    @api.model
    def _search_overdue(self, since, limit=2000):
        """Return overdue invoices without a case, and without a saved method to charge."""
        today = fields.Date.context_today(self)
        moves = self.search(
            Domain(
                [
                    ("move_type", "=", "out_invoice"),
                    ("state", "=", "posted"),
                    ("payment_state", "in", ("not_paid", "partial")),
                    (
                        "line_ids",
                        "not any",
                        [("display_type", "=", "payment_term"), ("no_followup", "=", True)],
                    ),
                    ("invoice_date_due", ">=", since),
                    ("invoice_date_due", "<", today),
                ]
            )
            # One that was given up, or never was, is not begun again.
            & Domain("recovery_case_ids", "=", False),
            order="invoice_date_due, id",
            limit=limit,
        )
        moves._fetch_for_recovery()
        return moves.filtered(
            lambda move: not (move.collect_automatically and move._get_collect_token())
        )
