# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What happens next to a case, for lists, cards and the search."""

from odoo import api, fields, models

from ...tools.moments import Reader
from .next_step import CASE_STEPS, KINDS, CaseTeller, find_domain, split_by_step


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    next_step = fields.Char(
        compute="_compute_next_step",
        help="What happens next, and when; worked out when it is read.",
    )
    next_step_kind = fields.Selection(
        selection=KINDS,
        string="Kind of Next Step",
        compute="_compute_next_step",
        search="_search_next_step_kind",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "attempt_ids.state",
        "attempt_ids.planned_at",
        "attention",
        "blocked_class",
        "excluded",
        "grace_until",
        "notice_ids.state",
        "notice_ids.planned_at",
        "paused_until",
        "promise_date",
        "state",
    )
    @api.depends_context("lang", "tz", "uid")
    def _compute_next_step(self):
        teller = CaseTeller(self.env, Reader(self.env))
        for kind, say, cases in split_by_step(self, CASE_STEPS):
            cases.next_step_kind = kind
            for case in cases:
                case.next_step = teller.tell(say, case)

    @api.model
    def _search_next_step_kind(self, operator, value):
        if operator != "in":
            return NotImplemented  # Odoo asks for the opposite, and turns the answer round.
        return find_domain(CASE_STEPS, set(value))
