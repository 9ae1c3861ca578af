# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Events that come with the calendar: looked for once a day, each told once."""

from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

from ...tools import jobs
from ...tools.said import Money, say

PARAMETER = "revenue_recovery.events_day"
# Older ones were overdue before anybody waited for the event.
OVERDUE_DAYS = 7
EXPIRY_DAYS = 7
BATCH = 500


def tell_events_of_the_day(events):
    """Tell what the day brings, once a day and only while an active rule waits for events.

    :param events: the model `recovery.event`, as the job sees it
    """
    env, today = events.env, fields.Date.today()
    # In sudo mode: parameters are for administrators only, and the job acts for nobody.
    parameters_sudo = env["ir.config_parameter"].sudo()
    if not events._is_awaited() or parameters_sudo.get_param(PARAMETER) == str(today):
        return
    # Set first: what raises here is looked for tomorrow, and not every few minutes.
    parameters_sudo.set_param(PARAMETER, str(today))
    jobs.commit(env)
    for company in env["res.company"].search([("active", "=", True)]):
        day = Daily(events.with_company(company), company, today)
        for tell in (day.tell_due_soon, day.tell_overdue, day.tell_unanswered):
            jobs.work(env, tell, doing=f"{tell.__name__} of company {company.id}")


class Daily:
    """What a day brings for one company.

    :param events: the model `recovery.event`, in the company
    :param datetime.date today: the day
    """

    def __init__(self, events, company, today):
        self.events = events
        self.env = events.env
        self.company = company
        self.today = today

    def tell_due_soon(self):
        """Tell of the unpaid invoices that are due within the company's number of days."""
        days = self.company.recovery_due_soon_days
        for move, day in self._iter_unpaid("invoice_due_soon", 1, days):
            sentence = say(
                self.env,
                "due_soon",
                amount=Money(move._get_amount_owed(day), move.currency_id),
                invoice=move.name,
                day=day,
            )
            self.events._raise("invoice_due_soon", move=move, sentence=sentence)

    def tell_overdue(self):
        """Tell of the unpaid invoices that have just become overdue."""
        for move, day in self._iter_unpaid("invoice_overdue", -OVERDUE_DAYS, -1):
            sentence = say(
                self.env,
                "overdue",
                amount=Money(move._get_amount_owed(day), move.currency_id),
                invoice=move.name,
                day=day,
            )
            self.events._raise(
                "invoice_overdue", move=move, case=move.recovery_case_id, sentence=sentence
            )

    def tell_unanswered(self):
        """Tell of methods that end within days, whose customers were told and did nothing."""
        until = self.today + timedelta(days=EXPIRY_DAYS)
        # In sudo mode: the methods of all customers, whoever the job acts for.
        for token in self.env["payment.token"]._recovery_get_expiring(self.company, until).sudo():
            if self._is_unanswered(token):
                sentence = say(
                    self.env,
                    "card_unanswered",
                    method=token._recovery_get_label(),
                    customer=token.partner_id.commercial_partner_id.display_name,
                    day=token.recovery_expiry,
                )
                self.events._raise("card_unanswered", token=token, sentence=sentence)

    def _is_unanswered(self, token):
        """Return whether a notice about a method was answered by nothing, and that is news."""
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
            return False
        return not self.events._is_known(
            ("type", "=", "card_unanswered"),
            ("token_id", "=", token.id),
            ("occurred_at", ">=", notice.sent_at),
        )

    def _iter_unpaid(self, type, first, last):
        """Yield the unpaid invoices due in a span of days, without such an event, and their day.

        What is too little to ask for is left out.

        :param int first: in days from the one that it is where the customer lives
        :param int last: the same
        """
        after = 0
        while rows := self._read_unpaid(type, first, last, after):
            for move_id, days in rows:
                move = self.env["account.move"].browse(move_id)
                today = move._get_recovery_today()
                near = [day for day in sorted(days) if first <= (day - today).days <= last]
                if near and not move._get_debt(near[0]).is_small:
                    yield move, near[0]
            jobs.commit(self.env)
            after = rows[-1][0]

    def _read_unpaid(self, type, first, last, after):
        """Return the ids of some invoices and the days on which something may be due, in order."""
        # Around the world it is the day before, or after, that of the job.
        query = SQL(
            """
            SELECT move.id, ARRAY_AGG(line.date_maturity)
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
               AND move.id > %s
          GROUP BY move.id ORDER BY move.id LIMIT %s
            """,
            self.company.id,
            self.today + timedelta(days=first - 1),
            self.today + timedelta(days=last + 1),
            type,
            after,
            BATCH,
        )
        self.env.flush_all()
        return self.env.execute_query(query)
