# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models

from .recovery_attempt import FAILED_STATES, IN_FLIGHT


class RecoveryPart(models.Model):
    """One dated part of a debt that is paid in parts."""

    _name = "recovery.part"
    _description = "Recovery: Part of a Payment"
    _order = "plan_id, day, id"

    plan_id = fields.Many2one(
        comodel_name="recovery.part.plan",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True)
    currency_id = fields.Many2one(related="plan_id.currency_id")
    day = fields.Date(
        required=True, readonly=True, help="On which it is charged, where the customer lives."
    )
    amount = fields.Monetary(readonly=True, help="As it was agreed.")
    amount_open = fields.Monetary(
        string="Open",
        compute="_compute_open",
        compute_sudo=True,  # Whoever sees the case need not see the journal items behind it.
        help="What is open of it now. Payments and credit notes lessen the earliest part first.",
    )
    state = fields.Selection(
        selection=[
            ("planned", "Planned"),
            ("charging", "Being Charged"),
            ("failed", "Failed"),
            ("paid", "Paid"),
            ("ended", "Ended"),
        ],
        compute="_compute_open",
        compute_sudo=True,
        help="Failed: a charge of it was declined, and is tried again by the policy's schedule.\n"
        "Ended: it was open when the plan ended; the whole debt is recovered again.",
    )
    attempt_ids = fields.One2many(
        comodel_name="recovery.attempt", inverse_name="part_id", string="Charges"
    )

    _amount_check = models.Constraint("CHECK(amount > 0)", "A part is more than nothing.")

    # === COMPUTE METHODS === #

    @api.depends("day", "plan_id")
    def _compute_display_name(self):
        for part in self:
            part.display_name = self.env._(
                "%(invoice)s, part %(number)s",
                invoice=part.plan_id.case_id.display_name or "",
                number=part._get_number(),
            )

    @api.depends(
        "attempt_ids.state",
        "plan_id.state",
        "plan_id.part_ids.amount",
        "plan_id.case_id.move_id.amount_residual",
    )
    def _compute_open(self):
        for plan, parts in self.grouped("plan_id").items():
            # What was paid since a plan ended is not told apart by its parts.
            still_open = dict(zip(plan.part_ids, plan._list_open(), strict=True))
            for part in parts:
                part.amount_open = still_open.get(part, 0.0)
                part.state = part._find_state(part.amount_open)

    # === GETTERS === #

    def _find_state(self, amount_open):
        currency = self.plan_id.currency_id
        if self.plan_id.state == "paid" or currency.compare_amounts(amount_open, 0) <= 0:
            return "paid"
        if self.plan_id.state != "running":
            return "ended"
        if self.attempt_ids.filtered(lambda attempt: attempt.state in IN_FLIGHT):
            return "charging"
        return "failed" if self._find_failed() else "planned"

    def _find_failed(self):
        """Return the charges of this part that failed since it was last paid, oldest first."""
        self.ensure_one()
        attempts = self.attempt_ids.sorted("id")
        paid = attempts.filtered(lambda attempt: attempt.state == "paid")[-1:]
        return attempts.filtered(
            lambda attempt: attempt.state in FAILED_STATES and attempt.id > (paid.id or 0)
        )

    def _get_number(self):
        """Return which of the parts it is; the first is 1."""
        self.ensure_one()
        return self.plan_id.part_ids.ids.index(self.id) + 1 if self.id else 0

    def _get_charged(self, owed):
        """Return what a charge of this part is of; nothing when it is not charged by itself.

        :param float owed: what the books have open of the whole debt
        """
        self.ensure_one()
        return dict(self.plan_id._list_charges(owed)).get(self, 0.0)
