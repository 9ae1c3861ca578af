# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Notices of what has no case: invoices before their due date, and methods that expire."""

from datetime import datetime, time, timedelta
from functools import cached_property

from odoo import fields
from odoo.fields import Domain

from ...notices import CaseFacts, MethodExpiry, PlannedAttempt, compare, plan_notices
from ...tools.said import say
from ..case.exclusion import find_exclusion, read_exclusion
from ..case.recovery_case import OPEN_STATES
from ..charge.chargeable import find_method_block

MOVE_TRIGGERS = ("before_due", "before_attempt")
# How much earlier than its days a notice may lie, for days off in a row.
AHEAD = timedelta(days=14)
PLAN_LIMIT = 20000


class Ahead:
    """Plans the notices of one company that have no case.

    :param notices: `recovery.notice`
    """

    def __init__(self, notices, company):
        self.notices = notices.browse().with_company(company)
        self.env = self.notices.env
        self.company = company
        self.place = company.partner_id._get_recovery_place()

    def plan(self):
        """Plan the notices of invoices that fall due soon, and of methods that expire soon."""
        self.plan_for_moves(self._search_moves())
        self.plan_for_tokens(self.search_tokens())

    # === SEARCH === #

    @cached_property
    def _move_steps(self):
        return self._steps.filtered(lambda step: step.trigger in MOVE_TRIGGERS)

    @cached_property
    def _token_steps(self):
        return self._steps.filtered(lambda step: step.trigger == "method_expires")

    @cached_property
    def _steps(self):
        """The steps of the company's policies."""
        policies = self.env["recovery.policy"]
        return policies.search(policies._check_company_domain(self.company)).step_ids

    def _search_moves(self):
        """Return the unpaid invoices without an open case that fall due soon enough."""
        if not self._move_steps:
            return self.env["account.move"]
        # Somewhere on earth it is yesterday yet.
        earliest = fields.Date.today() - timedelta(days=1)
        latest = fields.Date.today() + AHEAD
        days = max(self._move_steps.mapped(lambda step: step.delay_days + step.delay_hours / 24))
        moves = self.env["account.move"].search(
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
                    ("recovery_case_ids", "not any", [("state", "in", OPEN_STATES)]),
                    ("company_id", "=", self.company.id),
                    ("invoice_date_due", ">=", earliest),
                    ("invoice_date_due", "<=", latest + timedelta(days=days)),
                ]
            ),
            order="invoice_date_due, id",
            limit=PLAN_LIMIT,
        )
        moves._fetch_for_recovery()
        return moves.filtered(lambda move: move.invoice_date_due >= move._get_recovery_today())

    def search_tokens(self):
        """Return the saved methods in use for automatic collection that expire soon enough."""
        if not self._token_steps:
            return self.env["payment.token"]
        days = timedelta(days=max(self._token_steps.mapped("delay_days"))) + AHEAD
        return (
            self.env["payment.token"]
            .sudo()  # Methods of contacts are for few users.
            ._recovery_get_expiring(self.company, fields.Date.context_today(self.notices) + days)
        )

    def _search_stored(self, domain):
        """Return the notices without a case that fulfil a domain, in whatever state."""
        return self.notices.search_fetch(
            Domain("case_id", "=", False) & Domain(domain),
            ["life", "move_id", "occurrence", "partner_id", "planned_at", "state", "step_id"],
        )

    # === PLAN === #

    def plan_for_moves(self, moves):
        """Bring the notices of invoices without a case in line with the facts.

        :return: of each invoice its facts, and all notices that they ask for
        """
        if not moves:
            return {}
        moves._fetch_for_recovery()
        stored = self._search_stored([("move_id", "in", moves.ids)]).grouped("move_id")
        plans = self._plan_by_policy(moves)
        values = []
        for move in moves:
            records = stored.get(move, self.notices)
            records._follow_new_customer(move.commercial_partner_id)
            wanted = plans[move][1] if move in plans else ()
            common = {
                "move_id": move.id,
                "partner_id": move.commercial_partner_id.id,
                "company_id": move.company_id.id,
            }
            values += records._apply_changes(compare(records._get_stored(), wanted), common)
        self.notices.create(values)
        return plans

    def _plan_by_policy(self, moves):
        """Return of each invoice that a policy fits its facts, and what they ask for."""
        plans = {}
        policies = self.env["recovery.policy"]._match_all(moves)
        for policy in self.env["recovery.policy"].union(*policies.values()):
            steps = policy.step_ids.filtered(lambda step: step.trigger in MOVE_TRIGGERS)
            group = moves.filtered(lambda move, policy=policy: policies.get(move) == policy)
            barred = steps._find_barred(group)
            plain = steps._make_steps()
            for move in group:
                facts = self._make_facts(move, policy, barred[move.id])
                plans[move] = facts, self._plan_one(facts, plain, move.commercial_partner_id)
        return plans

    def _make_facts(self, move, policy, barred):
        """Return what the planner is told of an invoice without a case."""
        has_method = not find_method_block(move._get_collect_token(), move)
        exclusion = find_exclusion(move, "notices")
        attempts = ()
        if move.collect_automatically and has_method and not find_exclusion(move, "charges"):
            hours = policy._get_charge_hours(move.commercial_partner_id)
            midnight = datetime.combine(move.invoice_date_due, time(), hours.tz)
            at = hours.next_instant(midnight)
            attempts = (PlannedAttempt(f"due {move.invoice_date_due}", at),)
        debt = move._get_debt(move.invoice_date_due)
        is_settled = move.payment_state not in ("not_paid", "partial") or move.state != "posted"
        return CaseFacts(
            f"invoice {move.id}",
            amount=debt.balance,
            due=move.invoice_date_due,
            has_method=has_method,
            is_one_off=not move.collect_automatically,
            attempts=attempts,
            cancelled=is_settled or debt.is_small,
            barred_steps=barred,
            excluded=bool(exclusion),
            excluded_until=exclusion and exclusion.until,
        )

    def plan_for_tokens(self, tokens):
        """Bring the notices of expiring methods in line with the facts: one for each method.

        :return: of each customer their facts, and all notices that they ask for
        """
        # The first policy that has a say; a method has no invoice for conditions.
        steps = self._token_steps
        plain = steps.filtered(lambda step: step.policy_id == steps[:1].policy_id)._make_steps()
        tokens_sudo = tokens.sudo()  # Methods of contacts are for few users.
        plans = {}
        values = []
        for partner, group in tokens_sudo.grouped(
            lambda token: token.partner_id.commercial_partner_id
        ).items():
            exclusion = read_exclusion(partner.with_company(self.company))
            is_excluded = bool(exclusion) and exclusion.covers("notices")
            facts = CaseFacts(
                f"customer {partner.id}",
                excluded=is_excluded,
                excluded_until=exclusion.until if is_excluded else None,
                expiries=tuple(MethodExpiry(token.id, token.recovery_expiry) for token in group),
            )
            wanted = self._plan_one(facts, plain, partner)
            plans[partner] = facts, wanted
            records = self._search_stored(
                [("token_id", "in", group.ids), ("partner_id", "=", partner.id)]
            )
            changes = compare(records._get_stored(), wanted)
            common = {"partner_id": partner.id, "company_id": self.company.id}
            for created in records._apply_changes(changes, common):
                token_id = int(created["occurrence"].split()[0])
                values.append({**created, "token_id": token_id})
        self.notices.create(values)
        return plans

    def _plan_one(self, facts, plain, partner):
        return plan_notices(facts, plain, partner._get_recovery_place(), self.place)

    # === SEND === #

    def tell(self, turn, planned):
        """Tell whoever sends what customers have due without a case, planned anew.

        :param Turn turn: what is known of these customers
        :param planned: their planned notices without a case
        """
        moves = planned.filtered(lambda notice: not notice.token_id).move_id
        for move, (facts, wanted) in self.plan_for_moves(moves).items():
            if move.recovery_case_id.state not in OPEN_STATES:
                turn.add(move.commercial_partner_id.id, facts, wanted)
        if not planned.token_id:
            return
        partners = planned.partner_id
        tokens = self.search_tokens().filtered(
            lambda token: token.sudo().partner_id.commercial_partner_id in partners
        )
        gone = planned.filtered(lambda notice: notice.token_id and notice.token_id not in tokens)
        gone._skip(say(self.env, "method_not_charged"))
        for partner, (facts, wanted) in self.plan_for_tokens(tokens).items():
            turn.add(partner.id, facts, wanted)
