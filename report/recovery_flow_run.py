# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from markupsafe import Markup

from odoo import fields, models
from odoo.tools import SQL, format_datetime


class RecoveryFlowRun(models.Model):
    """What a flow was set off for once, and what became of its steps."""

    _name = "recovery.flow.run"
    _description = "Run of a Flow"
    _auto = False
    _order = "set_off_at desc, id desc"
    _rec_name = "set_off_at"
    _depends = {
        "recovery.planned.action": [
            "automation_id",
            "case_id",
            "company_id",
            "done_at",
            "event_id",
            "flow",
            "planned_at",
            "set_off_at",
            "state",
        ],
    }

    automation_id = fields.Many2one(comodel_name="base.automation", string="Flow", readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    set_off_at = fields.Datetime(string="Set Off", readonly=True)
    event_id = fields.Many2one(comodel_name="recovery.event", string="Set Off By", readonly=True)
    case_id = fields.Many2one(comodel_name="recovery.case", readonly=True)
    flow = fields.Char(string="Key", readonly=True)
    state = fields.Selection(
        selection=[
            ("under_way", "Under Way"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
            ("skipped", "Skipped"),
        ],
        readonly=True,
        help="Failed: a step raised. Under way: a step is still to come.\n"
        "Cancelled: it ended before its last step. Skipped: no condition of a step held.",
    )
    planned_action_ids = fields.Many2many(
        comodel_name="recovery.planned.action", string="Steps", compute="_compute_planned_actions"
    )
    outcome = fields.Html(
        string="What Was Done",
        compute="_compute_planned_actions",
        sanitize=False,
        help="Step by step, and why.",
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT MIN(id) AS id,
                   flow,
                   MIN(automation_id) AS automation_id,
                   MIN(company_id) AS company_id,
                   MIN(case_id) AS case_id,
                   MIN(event_id) AS event_id,
                   MIN(set_off_at) AS set_off_at,
                   CASE WHEN BOOL_OR(state = 'failed') THEN 'failed'
                        WHEN BOOL_OR(state = 'planned') THEN 'under_way'
                        WHEN BOOL_OR(state = 'cancelled') THEN 'cancelled'
                        WHEN BOOL_OR(state = 'done') THEN 'done'
                        ELSE 'skipped'
                    END AS state
              FROM recovery_planned_action
             WHERE flow IS NOT NULL
          GROUP BY flow
            """
        )

    def _compute_planned_actions(self):
        actions = self.env["recovery.planned.action"].search(
            [("flow", "in", self.mapped("flow"))], order="sequence, id"
        )
        by_flow = actions.grouped("flow")
        for run in self:
            run.planned_action_ids = by_flow.get(run.flow, actions.browse())
            lines = [run._describe(action) for action in run.planned_action_ids]
            run.outcome = Markup("").join(Markup("<div>%s</div>") % line for line in lines)

    def _describe(self, action):
        """Return one line about a step: when, what, and what became of it."""
        states = dict(action._fields["state"]._description_selection(self.env))
        return self.env._(
            "%(when)s %(step)s: %(state)s. %(why)s",
            when=format_datetime(self.env, action.done_at or action.planned_at, dt_format="short"),
            step=action.name,
            state=states[action.state],
            # That the rule planned it, or did it, the run says anyway.
            why=action.sentence if action.state in ("skipped", "cancelled", "failed") else "",
        ).strip()
