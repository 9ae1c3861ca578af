"""Waits and conditions of the actions of an automation rule on recovery's models."""

from odoo import api, fields, models

from .base_automation import DEFERRED_MODELS


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    recovery_wait_count = fields.Integer(
        string="Wait",
        help="How long after the action before it, or after what set the rule off, this action "
        "runs. Days and weeks keep the hour of the customer's day.",
    )
    recovery_wait_unit = fields.Selection(
        selection=[("hours", "Hours"), ("days", "Days"), ("weeks", "Weeks")],
        string="Unit of the Wait",
        default="days",
        required=True,
    )
    recovery_condition = fields.Char(
        string="Only If",
        help="Looked at just before the action. Where it does not hold, this action is left out "
        "and the rest goes on.",
    )
    recovery_is_flow = fields.Boolean(compute="_compute_recovery_is_flow")

    _recovery_wait_positive = models.Constraint(
        "CHECK (recovery_wait_count >= 0)", "An action can't wait for a negative time."
    )

    # === COMPUTE METHODS === #

    @api.depends("base_automation_id", "usage", "model_id")
    def _compute_recovery_is_flow(self):
        for action in self:
            action.recovery_is_flow = (
                action.usage == "base_automation" and action.model_id.model in DEFERRED_MODELS
            )
