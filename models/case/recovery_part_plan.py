# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import logging

from odoo import api, fields, models

from ...tools.parts import list_charges, list_open
from ...tools.said import SaidField
from ...tools.states import allowed

_logger = logging.getLogger(__name__)

TRANSITIONS = {
    "running": {"paid", "broken", "cancelled"},
    "paid": set(),
    "broken": set(),
    "cancelled": set(),
}


class RecoveryPartPlan(models.Model):
    """A debt that is paid in dated parts, as its customer agreed.

    What is open of each part is counted from the ledger, never stored: whatever lessens the debt
    lessens the earliest part first, so that the parts always add up to what is owed.
    """

    _name = "recovery.part.plan"
    _description = "Recovery: Payment in Parts"
    _order = "id desc"

    case_id = fields.Many2one(
        comodel_name="recovery.case", required=True, readonly=True, index=True, ondelete="cascade"
    )
    move_id = fields.Many2one(related="case_id.move_id", store=True, index=True)
    company_id = fields.Many2one(related="case_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(
        related="case_id.partner_id", store=True, index=True, string="Customer"
    )
    currency_id = fields.Many2one(related="case_id.currency_id", store=True)
    life = fields.Integer(
        readonly=True, required=True, help="Of the case: each life has plans of its own."
    )
    state = fields.Selection(
        selection=[
            ("running", "Running"),
            ("paid", "Paid"),
            ("broken", "Broken"),
            ("cancelled", "Cancelled"),
        ],
        default="running",
        required=True,
        readonly=True,
        help="Running: each part is charged on its day.\n"
        "Broken: a part could not be charged, and the whole debt is recovered again.\n"
        "Cancelled: ended by a person, or with its case.",
    )
    amount = fields.Monetary(readonly=True, help="What was owed when the parts were agreed.")
    amount_open = fields.Monetary(
        compute="_compute_amount_open",
        compute_sudo=True,  # Whoever sees the case need not see the journal items behind it.
        help="What is open of the parts now.",
    )
    agreed_at = fields.Datetime(string="Agreed", readonly=True, required=True)
    agreed_by = fields.Selection(
        selection=[("customer", "Customer, on their page"), ("user", "Written down by a person")],
        string="How It Was Agreed",
        required=True,
        readonly=True,
    )
    author_id = fields.Many2one(
        comodel_name="res.partner", string="Person", readonly=True, ondelete="set null"
    )
    consent = fields.Text(
        readonly=True, required=True, help="What the customer agreed to, in the words they read."
    )
    goes_on = fields.Boolean(
        string="Later Parts Go On",
        readonly=True,
        help="Whether later parts are charged on their days while an earlier one is still tried.",
    )
    waited_hours = fields.Float(
        readonly=True, help="What the case had waited for its provider when it was agreed."
    )
    ended_at = fields.Datetime(readonly=True)
    end_reason = SaidField(readonly=True, help="Why it ended.")
    part_ids = fields.One2many(comodel_name="recovery.part", inverse_name="plan_id")

    _running_uniq = models.UniqueIndex(
        "(case_id) WHERE state = 'running'", "The invoice is paid in parts already."
    )

    # === COMPUTE METHODS === #

    @api.depends("case_id", "agreed_at")
    def _compute_display_name(self):
        for plan in self:
            plan.display_name = self.env._(
                "%(invoice)s in %(count)s parts",
                invoice=plan.case_id.display_name or "",
                count=len(plan.part_ids),
            )

    @api.depends("part_ids.amount", "case_id.move_id.amount_residual", "state")
    def _compute_amount_open(self):
        for plan in self:
            plan.amount_open = sum(plan._list_open()) if plan.state == "running" else 0.0

    # === BUSINESS METHODS === #

    def _set_state(self, target, reason):
        """Move the plans to a state, where :data:`TRANSITIONS` allow it.

        :return: the plans that changed
        """
        changed = allowed(self, TRANSITIONS, target, _logger)
        changed.write({"state": target, "ended_at": fields.Datetime.now(), "end_reason": reason})
        return changed

    # === GETTERS === #

    def _list_open(self, owed=None):
        """Return what is open of each part, the earliest first.

        :param float owed: what the books have open of the debt, where it has just been read
        """
        self.ensure_one()
        if owed is None:
            case = self.case_id
            owed = case.move_id._get_debt(case.due_date).residual
        amounts = self.part_ids.mapped("amount")
        return list_open(amounts, owed, self.currency_id.rounding)

    def _list_charges(self, owed=None):
        """Return the parts that are to be charged with their amounts, the earliest first.

        What is left of a part and is too little to charge is charged with the next one.

        :param float owed: what the books have open of the debt, where it has just been read
        :rtype: list[tuple[recovery.part, float]]
        """
        parts = self.part_ids
        charges = list_charges(
            self._list_open(owed), self._get_smallest(), self.currency_id.rounding
        )
        return [(parts[place], amount) for place, amount in charges]

    def _list_part_charges(self):
        """Return the parts of these plans that are to be charged, and with how much each."""
        return {part: amount for plan in self for part, amount in plan._list_charges()}

    def _get_smallest(self):
        """Return the smallest amount worth a charge, in the currency of the parts."""
        case = self.case_id
        # In sudo mode: providers are for administrators only.
        code = case._get_default_token().sudo().provider_code or ""
        return self.env["recovery.charge.minimum"]._get_minimum(
            self.currency_id, code, self.company_id
        )
