# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Planned actions: what automation rules do to a case, one after the other, and when."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.said import SaidField, say
from ..case.recovery_invoice_queue import FOLLOW
from .runner import run_due

KEPT_FOR = timedelta(days=400)
# Which state a planned action may go to.
TRANSITIONS = {
    "planned": {"done", "skipped", "cancelled", "failed"},
    "done": {"failed"},
    "skipped": set(),
    "cancelled": set(),
    "failed": set(),
}

FOLLOW.fill("planned actions", ("recovery.planned.action", "_run_due"))


class RecoveryPlannedAction(models.Model):
    """One action of an automation rule for one record: planned, done, or why not."""

    _name = "recovery.planned.action"
    _description = "Planned Action"
    _order = "planned_at desc, sequence desc, id desc"

    name = fields.Char(string="Action", required=True, readonly=True)
    automation_id = fields.Many2one(
        comodel_name="base.automation",
        string="Rule",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    action_id = fields.Many2one(
        comodel_name="ir.actions.server",
        string="Server Action",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True, readonly=True
    )
    case_id = fields.Many2one(
        comodel_name="recovery.case", readonly=True, index="btree_not_null", ondelete="set null"
    )
    event_id = fields.Many2one(
        comodel_name="recovery.event", readonly=True, index="btree_not_null", ondelete="set null"
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    set_off_at = fields.Datetime(
        string="Set Off",
        default=fields.Datetime.now,
        required=True,
        readonly=True,
        help="When it was planned, or noted that it can't be.",
    )
    planned_at = fields.Datetime(string="Planned For", required=True, readonly=True)
    not_before = fields.Datetime(
        readonly=True, help="Set when the record was being changed by somebody else."
    )
    done_at = fields.Datetime(string="Done", readonly=True)
    state = fields.Selection(
        selection=[
            ("planned", "Planned"),
            ("done", "Done"),
            ("skipped", "Skipped"),
            ("cancelled", "Cancelled"),
            ("failed", "Failed"),
        ],
        default="planned",
        required=True,
        readonly=True,
        help="Skipped: its condition did not hold; the actions after it go on.\n"
        "Cancelled: it is not due any more, with all that were to follow.\n"
        "Failed: it raised, and all that were to follow were cancelled.",
    )
    sentence = SaidField(
        string="Explanation", readonly=True, help="Why it is planned, or what became of it."
    )
    sequence = fields.Integer(readonly=True, help="Its place among the actions of the flow.")
    flow = fields.Char(readonly=True, index=True, help="The same for the actions set off together.")
    chain = fields.Char(
        readonly=True, index=True, help="The same for flows of which one set the other off."
    )
    depth = fields.Integer(
        readonly=True, help="How many flows, one setting off the other, led to this one."
    )
    origin_state = fields.Char(
        readonly=True, help="The state that set the flow off, where a state did."
    )
    stops_when_paid = fields.Boolean(readonly=True)
    untold = fields.Boolean(readonly=True, help="Administrators are still to be told of it.")

    _due_idx = models.Index("(planned_at, id) WHERE state = 'planned'")
    _record_idx = models.Index("(res_model, res_id)")
    _untold_idx = models.Index("(id) WHERE untold IS TRUE")

    # === ACTION METHODS === #

    def action_cancel(self):
        """Withdraw these planned actions, and those of their flows that were to follow."""
        self.check_access("read")
        self.case_id.check_access("write")
        if not self.env.user.has_group("revenue_recovery.group_recovery_user"):
            raise UserError(self.env._("Ask somebody who works on recovery cases to cancel it."))
        reason = say(self.env, "cancelled_by", user=self.env.user.name)
        # In sudo mode: planned actions are written by the engine only.
        for action_sudo in self.sudo().filtered(lambda action: action.state == "planned"):
            action_sudo._cancel_rest(reason)
        return True

    # === BUSINESS METHODS === #

    def _set_state(self, target, sentence, **values):
        """Move the actions to a state, where :data:`TRANSITIONS` allow it.

        :param str sentence: what became of them, for a person
        :return: those that changed
        """
        changed = self.filtered(lambda planned_action: target in TRANSITIONS[planned_action.state])
        changed.write(
            {
                "state": target,
                "sentence": sentence,
                "done_at": fields.Datetime.now(),
                **values,
            }
        )
        return changed

    def _set_planned_cancelled(self, reason):
        """Cancel those of these actions that are still planned."""
        self.filtered(lambda action: action.state == "planned")._set_state("cancelled", reason)

    def _cancel_rest(self, reason):
        """Cancel this action and all that are still to come in its flow."""
        self.ensure_one()
        self._get_rest()._set_state("cancelled", reason)

    # === CRON === #

    @api.model
    def _run_due(self):
        """Run the actions that are due: a step of the job that follows invoices."""
        run_due(self.env)

    @api.autovacuum
    def _gc_old(self, limit=10000):
        """Remove what was done more than 400 days ago and is on the timeline of no case."""
        old = self.search(
            [
                ("done_at", "<", fields.Datetime.now() - KEPT_FOR),
                ("case_id", "=", False),
                ("state", "!=", "planned"),
            ],
            limit=limit,
        )
        old.unlink()
        return len(old), len(old) == limit

    # === GETTERS === #

    def _get_rest(self):
        """Return this action, and those of its flow that are to follow, as far as planned."""
        self.ensure_one()
        return self.search(
            [
                ("flow", "=", self.flow),
                ("sequence", ">=", self.sequence),
                ("state", "=", "planned"),
            ],
            order="sequence",
        )

    def _get_record(self):
        """Return the record that the action is for, empty when it is gone."""
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id).exists()
