# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a button does to many cases, said before: with how many, with which not, and why."""

from odoo import api, fields, models
from odoo.exceptions import UserError

# So many reasons are shown; more would be read by nobody.
SHOWN = 20
# What each act calls on cases, and how it asks one why it can't be done.
ACTS = {
    "retry": ("action_retry_now", lambda case: case._get_retry_block()),
    "skip": ("action_skip", lambda case: case._get_skip_block()),
    "updated": ("action_method_updated", lambda case: case._get_update_block()),
    "stop": ("action_stop", lambda case: case._get_acting_block(waiting=True)),
}


class RecoveryManyWizard(models.TransientModel):
    _name = "recovery.many.wizard"
    _description = "Recovery: Do It With Many Cases"

    act = fields.Selection(
        selection=[
            ("retry", "Retry Now"),
            ("skip", "Skip Next"),
            ("updated", "Method Updated"),
            ("stop", "Stop"),
        ],
        required=True,
        readonly=True,
    )
    case_ids = fields.Many2many(
        comodel_name="recovery.case",
        string="Cases",
        default=lambda self: self._get_selected_cases(),
        required=True,
        readonly=True,
    )
    able_ids = fields.Many2many(
        comodel_name="recovery.case",
        relation="recovery_many_wizard_able_rel",
        compute="_compute_able_ids",
        string="With These",
    )
    able_count = fields.Integer(compute="_compute_able_ids", string="Can Be Done")
    unable_count = fields.Integer(compute="_compute_able_ids", string="Can't Be Done")
    reasons = fields.Text(compute="_compute_able_ids", string="Why Not")

    @api.depends("act", "case_ids")
    def _compute_able_ids(self):
        for wizard in self:
            reasons = wizard._find_reasons()
            wizard.able_ids = wizard.case_ids._origin.browse(
                [case_id for case_id, reason in reasons.items() if not reason]
            )
            left_out = [reason for reason in reasons.values() if reason]
            wizard.able_count = len(wizard.able_ids)
            wizard.unable_count = len(left_out)
            more = len(left_out) - SHOWN
            if more > 0:
                left_out = [*left_out[:SHOWN], self.env._("… and %(count)s more.", count=more)]
            wizard.reasons = "\n".join(left_out)

    @api.model
    def _get_selected_cases(self):
        """Return the cases that are selected in the list from which the wizard was opened."""
        if self.env.context.get("active_model") != "recovery.case":
            return self.env["recovery.case"]
        return self.env["recovery.case"].browse(self.env.context.get("active_ids", []))

    def _find_reasons(self):
        """Return why it can't be done, or none, by the ID of each case."""
        _method, find = ACTS[self.act or "retry"]
        cases = self.case_ids._origin
        cases.check_access("read")
        # In sudo mode: the charges of a method may be of invoices that the user can't see.
        return {case_sudo.id: find(case_sudo) for case_sudo in cases.sudo()}

    def action_apply(self):
        """Do it with the cases with which it can be done.

        :raise UserError: when it can be done with none of them
        """
        self.ensure_one()
        self.check_access("write")
        cases = self.able_ids
        if not cases:
            raise UserError(self.reasons or self.env._("Choose at least one case."))
        method, _find = ACTS[self.act]
        action = getattr(cases, method)()
        if isinstance(action, dict):
            action["params"]["next"] = {"type": "ir.actions.act_window_close"}
            return action
        return {"type": "ir.actions.act_window_close"}
