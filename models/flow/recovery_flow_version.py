# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Earlier versions of flows, to see what was changed and to go back."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from .definition import Definition, without_ids


class RecoveryFlowVersion(models.Model):
    """What a flow did from one change to the next."""

    _name = "recovery.flow.version"
    _description = "Version of a Flow"
    _order = "id desc"
    _rec_name = "saved_at"

    automation_id = fields.Many2one(
        comodel_name="base.automation",
        string="Flow",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="automation_id.recovery_company_id")
    saved_at = fields.Datetime(
        string="Saved", required=True, readonly=True, default=fields.Datetime.now
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Saved By",
        readonly=True,
        ondelete="set null",
        help="Empty: before it was first changed.",
    )
    definition = fields.Json(
        required=True, readonly=True, help="See `models/flow/definition.py` for its shape."
    )
    picture = fields.Html(
        compute="_compute_picture",
        compute_sudo=True,  # Server actions are for administrators; what they do is no secret.
        sanitize=False,
    )
    is_current = fields.Boolean(string="Current", compute="_compute_is_current", compute_sudo=True)

    # === COMPUTE METHODS === #

    @api.depends("definition")
    def _compute_picture(self):
        for version in self:
            version.picture = Definition(version.automation_id).draw(version.definition)

    @api.depends("definition")
    def _compute_is_current(self):
        for version in self:
            now = Definition(version.automation_id).get_values()
            version.is_current = now and without_ids(now) == without_ids(version.definition)

    # === ACTION METHODS === #

    def action_restore(self):
        """Let the flow do again what it did in this version.

        What is planned of a step that is in both goes on; of the others it is cancelled when due.

        :raise AccessError: when the user may not change the flow, or not build that
        """
        self.ensure_one()
        self.check_access("read")
        if self.is_current:
            raise UserError(self.env._("This is what the flow does now."))
        rule = Definition(self.automation_id).save(self.definition)
        return rule.action_recovery_edit()

    # === BUSINESS METHODS === #

    @api.model
    def _keep(self, rule, before, after):
        """Keep what a flow does now, and, the first time, what it did before.

        :param dict before: the definition before the change, or nothing
        :param dict after: the one since
        """
        # In sudo mode: versions are written by the engine only; who may build was checked.
        versions_sudo = self.sudo()
        has_versions = versions_sudo.search_count([("automation_id", "=", rule.id)], limit=1)
        if before and not has_versions:
            versions_sudo.create(
                {
                    "automation_id": rule.id,
                    "definition": before,
                    "user_id": False,
                }
            )
        versions_sudo.create(
            {"automation_id": rule.id, "definition": after, "user_id": self.env.uid}
        )
