# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What notices ask of invoices: which are reminded of, what messages say, what is on its way."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.jobs import work_on_each
from ..case.exclusion import find_exclusion
from ..case.recovery_attempt import IN_FLIGHT
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
            cases = self.env["recovery.case"].with_company(company)
            if not work_on_each(
                self.env,
                moves.filtered(lambda move, matches=matches: move._is_reminded(matches)).ids,
                lambda move_id, cases=cases: cases._open_overdue(self.browse(move_id)),
                doing="Reminding of the invoice",
            ):
                return

    def _is_reminded(self, matches):
        """Return whether the policy that fits this overdue invoice reminds of it."""
        policy = matches.get(self)
        return bool(policy and policy._is_reminding(self))

    @api.model
    def _search_overdue(self, since, limit=2000):
        """Return overdue invoices without a case, and without a saved method to charge.

        A day is over where the customer lives; somewhere on earth it is tomorrow already.
        """
        anywhere = fields.Date.today() + timedelta(days=1)
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
                    ("invoice_date_due", "<", anywhere),
                ]
            )
            # One that was given up, or never was, is not begun again.
            & Domain("recovery_case_ids", "=", False),
            order="invoice_date_due, id",
            limit=limit,
        )
        moves._fetch_for_recovery()
        return moves.filtered(
            lambda move: (
                move.invoice_date_due < move._get_recovery_today()
                and not (move.collect_automatically and move._get_collect_token())
                and not find_exclusion(move, "notices")
            )
        )

    # === GETTERS === #

    def _get_message_day(self):
        """Return the day of the next charge, else the one on which the next instalment is due.

        In the customer's time zone.
        """
        self.ensure_one()
        planned_sudo = self._get_planned_charge_sudo()
        if not planned_sudo:
            return self._get_next_due()
        partner = self.commercial_partner_id.with_company(self.company_id)
        return partner._get_recovery_day(planned_sudo.planned_at)

    def _get_message_amount(self):
        """Return what is owed of what is due on the day of :meth:`_get_message_day`.

        What is charged by itself on that day, as it will be then; what the customer is to pay, as
        it is now, with the discount for paying early.
        """
        day = self._get_message_day()
        is_charged = self._get_planned_charge_sudo() or (
            self.collect_automatically and self._get_collect_token()
        )
        debt = self._get_debt(day, max(day, self._get_recovery_today()) if is_charged else None)
        planned_sudo = self._get_planned_charge_sudo()
        return (planned_sudo._limit_debt(debt) if planned_sudo else debt).owed

    def _get_message_method(self):
        """Return the label of the payment method that will be charged, or nothing."""
        self.ensure_one()
        # In sudo mode: who may write to a customer need not see their payment methods.
        token_sudo = self._get_planned_charge_sudo().token_id or self.sudo()._get_collect_token()
        return token_sudo and token_sudo._recovery_get_label()

    def _get_planned_charge_sudo(self):
        """Return the next planned charge, in sudo mode: who writes to customers may see none."""
        attempts_sudo = self.sudo().recovery_attempt_ids
        return attempts_sudo.filtered(lambda attempt: attempt.state == "planned")[:1]

    def _get_recovery_payment_link(self):
        """Return the link by which the customer pays an invoice that has no case.

        A key to the invoice is made when the customer is written to. Odoo tries each template on
        some invoice when it is installed or edited, which must not write on it: the address then
        is the one for customers who log in.
        """
        self.ensure_one()
        # In sudo mode: the link is made by a job, and its wizard is for accountants.
        move_sudo = self.sudo()
        if not move_sudo.access_token and "recovery_notices" not in self.env.context:
            return f"{self.get_base_url()}/my/invoices/{self.id}"
        # Of what the message tells; Odoo's page takes a discount off by itself.
        amount = move_sudo._get_debt(self._get_message_day()).residual
        wizard_sudo = (
            self.env["payment.link.wizard"]
            .sudo()
            .with_context(active_id=self.id, active_model=self._name)
            .create(
                {
                    "amount": amount or move_sudo.amount_residual,
                    "res_model": self._name,
                    "res_id": self.id,
                }
            )
        )
        return wizard_sudo.link

    def _filter_in_flight(self, longest):
        """Return those of these invoices that money may be on its way for, or not booked yet.

        :param longest: for how long an unfinished payment counts
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT move_id FROM recovery_attempt
                 WHERE move_id IN %(moves)s AND state IN %(in_flight)s AND started_at > %(since)s
                 UNION
                SELECT rel.invoice_id
                  FROM account_invoice_transaction_rel rel
                  JOIN payment_transaction transaction ON transaction.id = rel.transaction_id
                  JOIN payment_provider provider ON provider.id = transaction.provider_id
                 WHERE rel.invoice_id IN %(moves)s
                   AND transaction.operation NOT IN ('validation', 'refund')
                   AND provider.code != 'custom' -- They only said that they would transfer it.
                   AND (transaction.state IN ('pending', 'authorized')
                        OR transaction.state = 'done'
                       AND transaction.is_post_processed IS NOT TRUE)
                   AND transaction.last_state_change > %(since)s
                """,
                moves=tuple(self.ids) or (0,),
                in_flight=IN_FLIGHT,
                since=fields.Datetime.now() - longest,
            )
        )
        return self.browse(move_id for (move_id,) in rows)
