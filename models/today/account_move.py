# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What happens next to an invoice, before its first failure, too."""

from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.moments import Reader
from ..case.account_move import RECOVERY_GROUP
from ..case.recovery_attempt import IN_FLIGHT
from ..case.states import OPEN_STATES
from .next_step import (
    KINDS,
    find_domain,
    say_charge,
    say_charging,
    say_look,
    split_by_step,
)

IS_COLLECTED = (
    Domain("move_type", "=", "out_invoice")
    & Domain("state", "=", "posted")
    & Domain("payment_state", "in", ("not_paid", "partial"))
    & Domain("collect_automatically", "=", True)
)
HAS_CASE = Domain("recovery_case_id", "any", [("state", "in", OPEN_STATES)])

# As those of a case; what none of them fits has no next step.
STEPS = (
    ("look", ~HAS_CASE & Domain("recovery_attention", "!=", False), "_say_look"),
    (
        "charging",
        ~HAS_CASE & Domain("recovery_attempt_ids", "any", [("state", "in", IN_FLIGHT)]),
        "_say_charging",
    ),
    (
        "wait",
        ~HAS_CASE & IS_COLLECTED & Domain("recovery_excluded", "in", ("charges", "both")),
        "_say_excluded",
    ),
    (
        "charge",
        ~HAS_CASE & Domain("recovery_attempt_ids", "any", [("state", "=", "planned")]),
        "_say_planned",
    ),
    ("charge", ~HAS_CASE & IS_COLLECTED, "_say_collected"),
)


class AccountMove(models.Model):
    _inherit = "account.move"

    recovery_next_step = fields.Char(
        string="Next Step",
        compute="_compute_recovery_next_step",
        groups=RECOVERY_GROUP,
        help="What happens next to an invoice that is collected automatically or in recovery, and "
        "when; worked out when it is read.",
    )
    recovery_next_step_kind = fields.Selection(
        selection=KINDS,
        string="Kind of Next Step",
        compute="_compute_recovery_next_step",
        search="_search_recovery_next_step_kind",
        groups=RECOVERY_GROUP,
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "collect_automatically",
        "collect_token_id",
        "invoice_date_due",
        "payment_state",
        "recovery_attempt_ids.planned_at",
        "recovery_attempt_ids.state",
        "recovery_attention",
        "recovery_case_id.next_step",
        "recovery_excluded",
        "state",
    )
    @api.depends_context("lang", "tz", "uid")
    def _compute_recovery_next_step(self):
        self.recovery_next_step = self.recovery_next_step_kind = False
        in_recovery = self.filtered_domain(HAS_CASE)
        for move in in_recovery:
            move.recovery_next_step = move.recovery_case_id.next_step
            move.recovery_next_step_kind = move.recovery_case_id.next_step_kind
        teller = MoveTeller(self.env)
        invoices = (self - in_recovery).filtered(lambda move: move.is_sale_document())
        for kind, say, moves in split_by_step(invoices, STEPS):
            moves.recovery_next_step_kind = kind
            for move in moves:
                move.recovery_next_step = getattr(teller, say)(move)

    @api.model
    def _search_recovery_next_step_kind(self, operator, value):
        if operator != "in":
            return NotImplemented  # Odoo asks for the opposite, and turns the answer round.
        kinds = set(value)
        of_case = Domain("next_step_kind", "in", list(kinds)) & Domain("state", "in", OPEN_STATES)
        return Domain("recovery_case_id", "any", of_case) | find_domain(STEPS, kinds)


class MoveTeller:
    """Says what happens next to an invoice without an open case.

    :param env: the reader's environment
    """

    def __init__(self, env):
        self._env = env
        self._reader = Reader(env)

    def _say_look(self, move):
        return say_look(self._env, move.recovery_attention)

    def _say_charging(self, move):
        attempts = move.recovery_attempt_ids.filtered(lambda each: each.state in IN_FLIGHT)
        return say_charging(self._env, self._reader, attempts[:1])

    def _say_excluded(self, move):
        if not move.recovery_excluded_until:
            return self._env._("Is excluded from charges until somebody ends it.")
        day = self._reader.say_day(move.recovery_excluded_until)
        return self._env._("Is excluded from charges; looked at again %(day)s.", day=day)

    def _say_planned(self, move):
        attempts = move.recovery_attempt_ids.filtered(lambda each: each.state == "planned")
        token = attempts[:1].token_id or move._get_collect_token()
        label = token and token._recovery_get_label()
        return say_charge(
            self._env, self._reader, attempts[:1].planned_at, label, self._get_home(move)
        )

    def _say_collected(self, move):
        token = move._get_collect_token()
        if not token:
            return self._env._(
                "Is not charged: the customer has no saved payment method. Choose one, or write."
            )
        label = token._recovery_get_label()
        due = move._get_next_due()
        if due and due > move._get_recovery_today():
            day = self._reader.say_day(due)
            return self._env._("Will be charged %(day)s to %(method)s.", day=day, method=label)
        now = fields.Datetime.now()
        instant = max(move._get_next_charge_instant(now), now)
        return say_charge(self._env, self._reader, instant, label, self._get_home(move))

    def _get_home(self, move):
        customer = move.commercial_partner_id.with_company(move.company_id)
        return customer._get_recovery_tz()
