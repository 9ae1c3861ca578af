"""Waits and conditions of the actions of an automation rule on recovery's models."""

from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import safe_eval

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

    @api.constrains("recovery_condition", "model_id")
    def _check_recovery_condition(self):
        for action in self.filtered("recovery_condition"):
            model = self.env[action.model_id.model]
            context = {
                "datetime": safe_eval.datetime,
                "dateutil": safe_eval.dateutil,
                "time": safe_eval.time,
                "uid": self.env.uid,
                "user": self.env.user,
                "model": model,
            }
            try:
                Domain(safe_eval.safe_eval(action.recovery_condition, context)).validate(model)
            except Exception as error:
                raise ValidationError(
                    self.env._(
                        "The condition of the action “%(action)s” is not one: %(error)s",
                        action=action.name,
                        error=error,
                    )
                ) from error

    # === GETTERS === #

    def _recovery_add_wait(self, instant, zone):
        """Return when this action is due, the one before it being due at a naive UTC instant."""
        self.ensure_one()
        return add_wait(instant, self.recovery_wait_count, self.recovery_wait_unit, zone)


def add_wait(instant, count, unit, zone):
    """Return a naive UTC instant so many hours, days or weeks later.

    Days and weeks keep the time of the clock in the zone, over changes of daylight saving time.
    """
    if unit == "hours":
        return instant + timedelta(hours=count)
    local = instant.replace(tzinfo=timezone.utc).astimezone(zone).replace(tzinfo=None)
    local += timedelta(**{unit: count})
    return local.replace(tzinfo=zone).astimezone(timezone.utc).replace(tzinfo=None)
