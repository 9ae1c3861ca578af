# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Collection: invoices that are set to be paid automatically are charged on their due date."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.jobs import commit, work_on_each
from ...tools.places import Places
from ..case.account_move import RECOVERY_GROUP
from ..case.owed import read_debts
from ..case.recovery_attempt import UNFINISHED
from ..case.rests import raise_rests
from ..case.states import OPEN_STATES
from .planner import Planner

# What the collecting job does when the charges are planned: (model, method) each.
COLLECT = Places("reminders", "notices ahead")


class AccountMove(models.Model):
    _inherit = "account.move"

    recovery_next_attempt_at = fields.Datetime(
        related="recovery_case_id.next_attempt_at", string="Next Attempt", groups=RECOVERY_GROUP
    )
    recovery_retry_block = fields.Char(
        related="recovery_case_id.retry_block", groups=RECOVERY_GROUP
    )
    recovery_part_ids = fields.One2many(
        related="recovery_case_id.part_ids", string="Dated Parts", groups=RECOVERY_GROUP
    )
    recovery_offers_parts = fields.Boolean(
        related="recovery_case_id.offers_parts", groups=RECOVERY_GROUP
    )

    # The collecting job looks here each hour, for the invoices that ask for it and nothing else.
    _collect_idx = models.Index(
        "(invoice_date_due) WHERE collect_automatically IS TRUE AND state = 'posted' "
        "AND payment_state IN ('not_paid', 'partial')"
    )

    # === ACTION METHODS === #

    def action_recovery_retry_now(self):
        """Charge the invoices' open cases as soon as the job comes to it."""
        return self.recovery_case_id.action_retry_now()

    def action_recovery_pay_in_parts(self):
        """Ask for the parts in which the customer pays the invoice."""
        self.ensure_one()
        return self.recovery_case_id.action_pay_in_parts()

    # === BUSINESS METHODS === #

    def _plan_collection(self):
        """Plan the charge of what is due, in the hours in which the customer may be charged."""
        self.ensure_one()
        Planner(self.env["recovery.case"], self).plan_collection()

    @api.model
    def _plan_technical_retry(self, attempt):
        """Fill the hook: try a first charge that could not be sent once more.

        :return: whether it is planned again
        """
        return super()._plan_technical_retry(attempt) or Planner(
            self.env["recovery.case"], attempt.move_id
        ).plan_technical(attempt)

    # === CRON === #

    @api.model
    def _cron_collect(self):
        """Plan the first charge of invoices that are collected automatically and are due."""
        moves = self._search_to_collect()
        commit(self.env, remaining=len(moves))
        taken = []

        def plan(move_id):
            taken.append(move_id)
            move = self.browse(move_id)
            move.with_company(move.company_id)._plan_collection()

        # Where another worker has just planned the charge, theirs stays.
        work_on_each(self.env, moves.ids, plan, doing="The first charge of invoice")
        commit(self.env, len(taken))
        for model, method in COLLECT:
            getattr(self.env[model], method)()
        self.env["recovery.attempt"]._make_due()

    @api.model
    def _search_to_collect(self, limit=1000):
        """Return due invoices for whose due instalments no charge has been planned yet."""
        # Somewhere on earth it is tomorrow already.
        anywhere = fields.Date.today() + timedelta(days=1)
        found, passed = self.browse(), 0
        while len(found) < limit:
            moves = self._search_uncharged(anywhere, limit=limit, offset=passed)
            found += self._filter_to_collect(moves, anywhere)
            passed += len(moves)
            if len(moves) < limit:
                break
        return found[:limit]

    @api.model
    def _search_uncharged(self, day, ids=None, **kwargs):
        """Return invoices with something that is due on a day and for which no charge is planned.

        :param ids: of the invoices among which to look; all by default
        :param kwargs: limit and offset of the query
        """
        domain = Domain(
            [
                ("collect_automatically", "=", True),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
                ("move_type", "=", "out_invoice"),
            ]
        )
        if ids is not None:
            domain &= Domain("id", "in", ids)
        self.env.flush_all()
        query = self._search(domain, **kwargs)
        query.add_where(self._make_due_condition(day))
        query.order = "account_move.invoice_date_due, account_move.id"
        return self.browse(query)

    @api.model
    def _filter_to_collect(self, moves, day):
        """Return those of these invoices that are due where their customers live, and to charge.

        A person is asked about what is left of others and too little.

        :param datetime.date day: for which the invoices were looked for
        """
        moves._fetch_for_recovery()
        today = {move: move._get_recovery_today() for move in moves}
        due = moves.filtered(lambda move: today[move] == day)
        for earlier, group in (moves - due).grouped(today.get).items():
            due += self._search_uncharged(earlier, group.ids)
        due = moves.filtered(lambda move: move in due)  # In the order in which they were found.
        debts = read_debts([(move, today[move]) for move in due])
        small = due.browse(
            [move.id for move, debt in zip(due, debts, strict=True) if debt.is_small]
        )
        raise_rests(small)
        due -= small
        return due - self._find_left_to_others(due)

    @api.model
    def _make_due_condition(self, day):
        """Return the SQL condition that a due instalment has no charge, and the invoice no case.

        :param datetime.date day: on which it is due
        """
        return SQL(
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
            AND NOT EXISTS (  -- As at the claim: one that is excluded keeps all of them back.
                SELECT FROM account_move_line line
                 WHERE line.move_id = account_move.id
                   AND line.display_type = 'payment_term'
                   AND NOT line.reconciled
                   AND line.no_followup
                   AND (line.date_maturity IS NULL OR line.date_maturity <= %(today)s)
            )
            AND NOT EXISTS (
                SELECT FROM recovery_case
                 WHERE recovery_case.id = account_move.recovery_case_id
                   AND recovery_case.state IN %(open)s
            )
            """,
            today=day,
            unfinished=UNFINISHED,
            open=OPEN_STATES,
        )

    @api.model
    def _find_left_to_others(self, moves):
        """Return the invoices that another app charges by itself and no policy takes from it."""
        left = self.browse()
        foreign = self.env["res.company"]._recovery_filter_foreign(moves)
        for company, theirs in foreign.grouped("company_id").items():
            policies = self.env["recovery.policy"].with_company(company)
            left += theirs - self.browse([move.id for move in policies._match_all(theirs)])
        return left
