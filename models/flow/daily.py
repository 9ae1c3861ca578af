"""Events that come with the calendar: looked for once a day, each told once."""

import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_date

_logger = logging.getLogger(__name__)

PARAMETER = "revenue_recovery.events_day"
# Older ones were overdue before anybody waited for the event.
OVERDUE_DAYS = 7
EXPIRY_DAYS = 7
BATCH = 500


class RecoveryEvent(models.Model):
    _inherit = "recovery.event"

    # === CRON === #

    @api.model
    def _raise_daily(self):
        """Tell what the day brings, once a day and only while an active rule waits for events."""
        today = fields.Date.today()
        # In sudo mode: parameters are for administrators only, and the job acts for nobody.
        parameters_sudo = self.env["ir.config_parameter"].sudo()
        if not self._is_awaited() or parameters_sudo.get_param(PARAMETER) == str(today):
            return
        # Set first: what raises here is looked for tomorrow, and not every few minutes.
        parameters_sudo.set_param(PARAMETER, str(today))
        self.env["ir.cron"]._commit_progress()
        for company in self.env["res.company"].search([("active", "=", True)]):
            events = self.with_company(company)
            for method in (
                events._raise_due_soon,
                events._raise_overdue,
                events._raise_unanswered,
            ):
                try:
                    method(company, today)
                except Exception:
                    self.env.cr.rollback()
                    _logger.exception("The events of the day could not be written")
                self.env["ir.cron"]._commit_progress()

    @api.model
    def _raise_due_soon(self, company, today):
        """Tell of the unpaid invoices that are due within the company's number of days."""
        first = today + timedelta(days=1)
        last = today + timedelta(days=company.recovery_due_soon_days)
        for move, day in self._iter_unpaid("invoice_due_soon", company, first, last):
            sentence = self.env._(
                "%(amount)s of %(invoice)s are due on %(day)s.",
                amount=move.currency_id.format(move.amount_residual),
                invoice=move.name,
                day=format_date(self.env, day),
            )
            self._raise("invoice_due_soon", move=move, sentence=sentence)

    @api.model
    def _raise_overdue(self, company, today):
        """Tell of the unpaid invoices that have just become overdue."""
        first = today - timedelta(days=OVERDUE_DAYS)
        yesterday = today - timedelta(days=1)
        for move, day in self._iter_unpaid("invoice_overdue", company, first, yesterday):
            sentence = self.env._(
                "%(amount)s of %(invoice)s were due on %(day)s.",
                amount=move.currency_id.format(move.amount_residual),
                invoice=move.name,
                day=format_date(self.env, day),
            )
            self._raise(
                "invoice_overdue",
                move=move,
                case=move.recovery_case_id,
                sentence=sentence,
            )

    @api.model
    def _iter_unpaid(self, type, company, first, last):
        """Yield the unpaid invoices due in a span of days, without such an event, and their day."""
        query = SQL(
            """
            SELECT move.id, MIN(line.date_maturity)
              FROM account_move move
              JOIN account_move_line line ON line.move_id = move.id
             WHERE move.company_id = %s
               AND move.state = 'posted'
               AND move.move_type = 'out_invoice'
               AND move.payment_state IN ('not_paid', 'partial')
               AND line.display_type = 'payment_term'
               AND NOT line.reconciled
               AND line.no_followup IS NOT TRUE
               AND line.date_maturity BETWEEN %s AND %s
               AND NOT EXISTS (SELECT FROM recovery_event event
                                WHERE event.move_id = move.id AND event.type = %s)
          GROUP BY move.id ORDER BY move.id LIMIT %s
            """,
            company.id,
            first,
            last,
            type,
            BATCH,
        )
        self.env.flush_all()
        while rows := self.env.execute_query(query):
            for move_id, day in rows:
                yield self.env["account.move"].browse(move_id), day
            self.env["ir.cron"]._commit_progress()
            if len(rows) < BATCH:
                return

    @api.model
    def _raise_unanswered(self, company, today):
        """Tell of methods that end within days, whose customers were told and did nothing."""
        until = today + timedelta(days=EXPIRY_DAYS)
        # In sudo mode: the methods of all customers, whoever the job acts for.
        for token in self.env["payment.token"]._recovery_get_expiring(company, until).sudo():
            notice = (
                self.env["recovery.notice"]
                .sudo()
                .search(
                    [("token_id", "=", token.id), ("sent_at", "!=", False)],
                    order="sent_at desc",
                    limit=1,
                )
            )
            updated_at = token.recovery_updated_at
            if not notice or (updated_at and updated_at > notice.sent_at):
                continue
            known = [
                ("type", "=", "card_unanswered"),
                ("token_id", "=", token.id),
                ("occurred_at", ">=", notice.sent_at),
            ]
            if not self.sudo().search_count(known, limit=1):
                sentence = self.env._(
                    "%(method)s of %(customer)s ends on %(day)s; the notice was not answered.",
                    method=token._recovery_get_label(),
                    customer=token.partner_id.commercial_partner_id.display_name,
                    day=format_date(self.env, token.recovery_expiry),
                )
                self._raise("card_unanswered", token=token, sentence=sentence)
