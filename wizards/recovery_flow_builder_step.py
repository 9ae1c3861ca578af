# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models


class RecoveryFlowBuilderStep(models.TransientModel):
    """A step of the flow that is being built: what its server action will be."""

    _name = "recovery.flow.builder.step"
    _inherit = "recovery.flow.step.mixin"
    _description = "Recovery: Step Being Built"
    _order = "sequence, id"

    builder_id = fields.Many2one(
        comodel_name="recovery.flow.builder", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    action_ref = fields.Integer(
        readonly=True, help="The id of its server action; 0 until the flow is saved."
    )
    kind = fields.Selection(
        selection=lambda self: self._get_kinds(),
        string="Do",
        default="recovery_tell",
        required=True,
    )
    name = fields.Char(compute="_compute_name", store=True, readonly=False, precompute=True)
    model_name = fields.Char(related="builder_id.model_name")
    # Whoever is building something does not keep others from deleting what it names.
    recovery_policy_id = fields.Many2one(ondelete="cascade")
    recovery_template_id = fields.Many2one(ondelete="cascade")
    recovery_sms_template_id = fields.Many2one(ondelete="cascade")
    recovery_channel_id = fields.Many2one(ondelete="cascade")
    recovery_user_id = fields.Many2one(ondelete="cascade")
    recovery_activity_type_id = fields.Many2one(
        ondelete="cascade",
        default=lambda self: self.env.ref("mail.mail_activity_data_todo", False),
    )
    recovery_user_ids = fields.Many2many(relation="recovery_flow_builder_user_rel")

    # === COMPUTE METHODS === #

    @api.depends("kind")
    def _compute_name(self):
        labels = dict(self._get_kinds())
        for step in self:
            step.name = labels.get(step.kind)

    # === GETTERS === #

    def _read_values(self):
        """Return the values of the step in a definition; see `models/flow/definition.py`."""
        self.ensure_one()
        values = {
            "action_id": self.action_ref or False,
            "name": self.name or dict(self._get_kinds()).get(self.kind),
            "kind": self.kind,
        }
        for name in self._get_step_fields():
            field = self._fields[name]
            value = self[name]._origin.ids if field.relational else self[name]
            values[name] = value[0] if field.type == "many2one" and value else value or False
        return values

    @api.model
    def _prepare_vals(self, sequence, values):
        """Return the values of a step of a definition, to create it here."""
        vals = {name: values[name] for name in self._get_step_fields()}
        vals["recovery_user_ids"] = [fields.Command.set(values["recovery_user_ids"] or [])]
        return {
            **vals,
            "sequence": sequence,
            "action_ref": values["action_id"],
            "kind": values["kind"],
            "name": values["name"],
        }
