# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.said import say


class RecoveryPlanWizard(models.TransientModel):
    _name = "recovery.plan.wizard"
    _description = "Recovery: Pause or Change Date"

    mode = fields.Selection(
        selection=[("pause", "Pause"), ("date", "Change Date"), ("promise", "Record Promise")],
        required=True,
        readonly=True,
    )
    case_ids = fields.Many2many(comodel_name="recovery.case", string="Cases", required=True)
    planned_at = fields.Datetime(
        string="Charge At",
        compute="_compute_planned_at",
        store=True,
        readonly=False,
        help="When the next charge goes out, in your time zone. Quiet hours don't hold it back.",
    )
    paused_until = fields.Date(
        string="Pause Until",
        help="The cases go on by themselves on this day. Empty: until somebody resumes them.",
    )
    promise_date = fields.Date(
        string="Promised Day",
        help="The last day on which the customers promised to pay. Nothing is charged before.",
    )

    @api.depends("case_ids")
    def _compute_planned_at(self):
        """Propose the first time at which the network's rules and promises allow all of them."""
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        for wizard in self:
            # In sudo mode: the charges of a method may be of invoices that the user can't see.
            free = [case_sudo._find_free_instant() for case_sudo in wizard.case_ids._origin.sudo()]
            wizard.planned_at = max([tomorrow, *filter(None, free)])

    def action_apply(self):
        """Pause the cases, plan their next charge, or keep what their customers promised."""
        self.ensure_one()
        self.check_access("write")
        self._check_future()
        user = {"user": self.env.user.name}
        if self.mode == "pause":
            reason = say(self.env, "paused_by", **user)
            left_out = self.case_ids._act_on_each(
                lambda case_sudo: case_sudo._pause(self.paused_until, reason), waiting=True
            )
            message = self.env._("Paused.")
        elif self.mode == "promise":
            left_out = self.case_ids._act_on_each(
                lambda case_sudo: case_sudo._promise(self.promise_date), waiting=True
            )
            message = self.env._("Nothing is charged until the promised day is over.")
        else:
            reason = say(self.env, "time_chosen_by", **user)
            left_out = self.case_ids._act_on_each(
                lambda case_sudo: case_sudo._plan_by_user(self.planned_at, reason)
            )
            message = self.env._("The next charge is planned.")
        action = self.case_ids._notify(message, left_out)
        action["params"]["next"] = {"type": "ir.actions.act_window_close"}
        return action

    def _get_latest_today(self):
        """Return the calendar day that it is where the customer farthest east lives."""
        return max(case.move_id._get_recovery_today() for case in self.case_ids)

    def _check_future(self):
        if self.mode == "pause":
            is_future = not self.paused_until or self.paused_until > self._get_latest_today()
        elif self.mode == "promise":
            is_future = self.promise_date and self.promise_date > self._get_latest_today()
        else:
            is_future = self.planned_at and self.planned_at > fields.Datetime.now()
        if not is_future:
            raise UserError(self.env._("Choose a time in the future."))
