"""Notices of what has no case: invoices before their due date, and methods that expire."""

from datetime import datetime, time, timedelta, timezone

from odoo import api, fields, models
from odoo.fields import Domain

from ...notices import CaseFacts, MethodExpiry, PlannedAttempt, compare, plan_notices
from ..case.recovery_case import OPEN_STATES
from ..schedule.account_move import COLLECT

MOVE_TRIGGERS = ("before_due", "before_attempt")
# How much earlier than its days a notice may lie, for days off in a row.
AHEAD = timedelta(days=14)
PLAN_LIMIT = 20000

COLLECT.fill("notices ahead", ("recovery.notice", "_plan_ahead"))


class RecoveryNotice(models.Model):
    _inherit = "recovery.notice"

    # === CRON === #

    @api.model
    def _plan_ahead(self):
        """Plan the notices of invoices that fall due soon, and of methods that expire soon."""
        for company in self.env["res.company"].search([("active", "=", True)]):
            notices = self.with_company(company)
            notices._plan_for_moves(notices._search_moves_ahead(company))
            notices._plan_for_tokens(company, notices._search_tokens_ahead(company))
            if not self.env["ir.cron"]._commit_progress():
                return

    @api.model
    def _search_moves_ahead(self, company):
        """Return the unpaid invoices without an open case that fall due soon enough."""
        steps = self._get_ahead_steps(company).filtered(lambda step: step.trigger in MOVE_TRIGGERS)
        if not steps:
            return self.env["account.move"]
        today = fields.Date.context_today(self)
        days = max(steps.mapped(lambda step: step.delay_days + step.delay_hours / 24))
        return self.env["account.move"].search(
            self._get_move_domain()
            & Domain("company_id", "=", company.id)
            & Domain("invoice_date_due", ">=", today)
            & Domain("invoice_date_due", "<=", today + AHEAD + timedelta(days=days)),
            order="invoice_date_due, id",
            limit=PLAN_LIMIT,
        )

    @api.model
    def _get_move_domain(self):
        return Domain(
            [
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
                (
                    "line_ids",
                    "not any",
                    [("display_type", "=", "payment_term"), ("no_followup", "=", True)],
                ),
            ]
        ) & Domain("recovery_case_ids", "not any", [("state", "in", OPEN_STATES)])

    @api.model
    def _search_tokens_ahead(self, company):
        """Return the saved methods in use that expire soon enough."""
        steps = self._get_ahead_steps(company).filtered(
            lambda step: step.trigger == "method_expires"
        )
        if not steps:
            return self.env["payment.token"]
        days = timedelta(days=max(steps.mapped("delay_days"))) + AHEAD
        return self._get_expiring(company, fields.Date.context_today(self) + days)

    # === PLAN === #

    @api.model
    def _plan_for_moves(self, moves):
        """Bring the notices of invoices without a case in line with the facts.

        :return: of each invoice its facts, and all notices that they ask for
        """
        if not moves:
            return {}
        moves._fetch_for_recovery()
        company = moves.company_id
        policies = self.env["recovery.policy"]._match_all(moves)
        stored = self._search_stored([("move_id", "in", moves.ids)]).grouped("move_id")
        plans = {}
        values = []
        for policy in self.env["recovery.policy"].union(*policies.values()):
            steps = policy.step_ids.filtered(lambda step: step.trigger in MOVE_TRIGGERS)
            group = moves.filtered(lambda move, policy=policy: policies.get(move) == policy)
            barred = steps._find_barred(group)
            plain = steps._make_steps()
            for move in group:
                facts = self._make_move_facts(move, policy, barred[move.id])
                plans[move] = facts, self._plan_one(facts, plain, move.commercial_partner_id)
        for move in moves:
            records = stored.get(move, self.browse())
            wanted = plans[move][1] if move in plans else ()
            common = {
                "move_id": move.id,
                "partner_id": move.commercial_partner_id.id,
                "company_id": company.id,
            }
            values += records._apply_changes(compare(records._get_stored(), wanted), common)
        self.create(values)
        return plans

    @api.model
    def _plan_for_tokens(self, company, tokens):
        """Bring the notices of expiring methods in line with the facts: one for each method.

        :return: of each customer his facts, and all notices that they ask for
        """
        steps = self._get_ahead_steps(company).filtered(
            lambda step: step.trigger == "method_expires"
        )
        # The first policy that has a say; a method has no invoice for conditions.
        steps = steps.filtered(lambda step: step.policy_id == steps[:1].policy_id)
        plain = steps._make_steps()
        tokens_sudo = tokens.sudo()  # Methods of contacts are for few users.
        plans = {}
        values = []
        for partner, group in tokens_sudo.grouped(
            lambda token: token.partner_id.commercial_partner_id
        ).items():
            facts = CaseFacts(
                f"customer {partner.id}",
                expiries=tuple(MethodExpiry(token.id, token.recovery_expiry) for token in group),
            )
            wanted = self._plan_one(facts, plain, partner)
            plans[partner] = facts, wanted
            records = self._search_stored(
                [("token_id", "in", group.ids), ("partner_id", "=", partner.id)]
            )
            changes = compare(records._get_stored(), wanted)
            common = {"partner_id": partner.id, "company_id": company.id}
            for created in records._apply_changes(changes, common):
                token_id = int(created["occurrence"].split()[0])
                values.append({**created, "token_id": token_id})
        self.create(values)
        return plans

    @api.model
    def _plan_one(self, facts, plain, partner):
        place = self.env.company.partner_id._get_recovery_place()
        return plan_notices(facts, plain, partner._get_recovery_place(), place)

    @api.model
    def _make_move_facts(self, move, policy, barred):
        """Return what the planner is told of an invoice without a case."""
        token = move._get_collect_token()
        attempts = ()
        if move.collect_automatically and token:
            midnight = datetime.combine(move.invoice_date_due, time(), timezone.utc)
            at = policy._get_charge_hours(move.commercial_partner_id).next_instant(midnight)
            attempts = (PlannedAttempt(f"due {move.invoice_date_due}", at),)
        is_settled = move.payment_state not in ("not_paid", "partial") or move.state != "posted"
        return CaseFacts(
            f"invoice {move.id}",
            amount=abs(move.amount_residual_signed),
            due=move.invoice_date_due,
            has_method=bool(token),
            is_one_off=not move.collect_automatically,
            attempts=attempts,
            cancelled=is_settled,
            barred_steps=barred,
        )

    @api.model
    def _add_ahead(self, turn, planned):
        """Add to what is known of customers what they have due without a case."""
        company = self.env.company
        moves = planned.filtered(lambda notice: not notice.token_id).move_id
        plans = self._plan_for_moves(moves)
        for move, (facts, wanted) in plans.items():
            if move.recovery_case_id.state not in OPEN_STATES:
                turn.add(move.commercial_partner_id.id, facts, wanted)
        if planned.token_id:
            partners = planned.partner_id
            tokens = self._search_tokens_ahead(company).filtered(
                lambda token: token.sudo().partner_id.commercial_partner_id in partners
            )
            gone = planned.filtered(
                lambda notice: notice.token_id and notice.token_id not in tokens
            )
            gone._skip(self.env._("The payment method is not charged any more, or was renewed."))
            for partner, (facts, wanted) in self._plan_for_tokens(company, tokens).items():
                turn.add(partner.id, facts, wanted)

    # === GETTERS === #

    @api.model
    def _search_stored(self, domain):
        """Return the notices without a case that fulfil a domain, in whatever state."""
        return self.search_fetch(
            Domain("case_id", "=", False) & Domain(domain),
            ["life", "move_id", "occurrence", "partner_id", "planned_at", "state", "step_id"],
        )

    @api.model
    def _get_ahead_steps(self, company):
        """Return the steps of a company's policies that need no case."""
        policies = self.env["recovery.policy"].search(
            self.env["recovery.policy"]._check_company_domain(company)
        )
        return policies.step_ids.filtered(
            lambda step: step.trigger in (*MOVE_TRIGGERS, "method_expires")
        )

    @api.model
    def _get_expiring(self, company, until):
        """Return the saved methods in use for automatic collection that end up to a day."""
        return self.env["payment.token"].sudo()._recovery_get_expiring(company, until)
