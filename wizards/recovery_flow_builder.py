# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..models.flow.authors import get_author
from ..models.flow.criteria import (
    get_model_name,
    get_whens,
    join_asked,
    read_domain,
    split_asked,
    write_domain,
)
from ..models.flow.definition import Definition
from ..models.flow.recovery_flow_step_mixin import KINDS_WITH_DAYS
from ..models.rules.recovery_decline_reason import DECLINE_CLASSES
from ..tools.said import SaidField

FAILED = "event:attempt_failed"
# What is told from the context here is this object, which nobody can send from outside.
_OPENING = object()


class RecoveryFlowBuilder(models.TransientModel):
    """The form in which flows are built: saving it saves the automation rule behind it."""

    _name = "recovery.flow.builder"
    _description = "Recovery: Flow Builder"

    automation_id = fields.Many2one(
        comodel_name="base.automation", string="Flow", readonly=True, ondelete="cascade"
    )
    opened_with = fields.Json(
        readonly=True, help="The definition that was opened, so that changes meanwhile are noticed."
    )
    name = fields.Char(help="Empty: what sets it off, and the first step.")
    when = fields.Selection(
        selection=lambda self: get_whens(self.env),
        required=True,
        help="What sets the flow off: an event, or a new state of a case.",
    )
    model_name = fields.Char(compute="_compute_model_name")
    failure_number = fields.Integer(
        string="Number of Failures",
        help="How often the invoice was charged in vain, this failure included: 2 is the second "
        "one. 0: each failure. It counts for both branches.",
    )
    amount_above = fields.Float(
        digits=(16, 2), help="In the currency of the invoice. 0: any amount."
    )
    decline_class = fields.Selection(
        selection=DECLINE_CLASSES, help="What the latest decline asks for. Empty: any."
    )
    partner_ids = fields.Many2many(
        comodel_name="res.partner",
        relation="recovery_flow_builder_partner_rel",
        string="Customers",
        context={"active_test": False},  # A condition is not lost because its customer is archived.
        help="Only for these. Empty: for all.",
    )
    policy_ids = fields.Many2many(
        comodel_name="recovery.policy",
        relation="recovery_flow_builder_policy_rel",
        string="Policies",
        context={"active_test": False},
        help="Only for invoices that are recovered by these. Empty: by any.",
    )
    more_conditions = fields.Char(default="[]", help="On whatever else you may see.")
    step_ids = fields.One2many(
        comodel_name="recovery.flow.builder.step",
        inverse_name="builder_id",
        string="Then",
        domain=[("recovery_otherwise", "=", False)],
    )
    otherwise_ids = fields.One2many(
        comodel_name="recovery.flow.builder.step",
        inverse_name="builder_id",
        domain=[("recovery_otherwise", "=", True)],
        context={"default_recovery_otherwise": True},
    )
    stop_when_paid = fields.Boolean(
        default=True,
        help="What is still to come is cancelled when the invoice is paid or cancelled, or when "
        "the case goes back from the state that set the flow off.",
    )
    exclusive = fields.Boolean(
        string="Only the First That Matches",
        help="Of all such flows that the same change sets off, only the first one in their order "
        "goes on.",
    )
    sequence = fields.Integer(string="Order", default=10)
    company_id = fields.Many2one(
        comodel_name="res.company",
        default=lambda self: self.env.company,
        help="Of which company's invoices it is. Administrators may leave it empty: of all.",
    )
    active = fields.Boolean(related="automation_id.active")
    recipe = fields.Char(related="automation_id.recovery_recipe")
    error = SaidField(related="automation_id.recovery_error")
    run_count = fields.Integer(compute="_compute_counts")
    version_ids = fields.One2many(
        comodel_name="recovery.flow.version", compute="_compute_counts", string="Versions"
    )
    picture = fields.Html(compute="_compute_picture", sanitize=False)
    has_notice = fields.Boolean(compute="_compute_has")
    has_policy = fields.Boolean(compute="_compute_has")
    has_days = fields.Boolean(compute="_compute_has")

    # === COMPUTE METHODS === #

    @api.depends("when")
    def _compute_model_name(self):
        for builder in self:
            builder.model_name = get_model_name(builder.when)

    @api.depends("automation_id")
    def _compute_counts(self):
        for builder in self:
            of_flow = [("automation_id", "in", builder.automation_id.ids)]
            builder.run_count = self.env["recovery.flow.run"].search_count(of_flow)
            builder.version_ids = self.env["recovery.flow.version"].search(of_flow)

    @api.depends(
        "when",
        "failure_number",
        "amount_above",
        "decline_class",
        "partner_ids",
        "policy_ids",
        "more_conditions",
        "step_ids.name",
        "step_ids.sequence",
        "step_ids.recovery_wait_count",
        "step_ids.recovery_wait_unit",
        "otherwise_ids.name",
        "otherwise_ids.sequence",
        "otherwise_ids.recovery_wait_count",
        "otherwise_ids.recovery_wait_unit",
    )
    def _compute_picture(self):
        for builder in self:
            values = builder._read_values() if builder.when else None
            builder.picture = values and Definition(builder.automation_id).draw(values)

    @api.depends("step_ids.kind", "otherwise_ids.kind")
    def _compute_has(self):
        """Tell which columns the steps need."""
        for builder in self:
            kinds = {step.kind for step in builder._get_steps()}
            builder.has_notice = "recovery_notice" in kinds
            builder.has_policy = "recovery_policy" in kinds
            builder.has_days = bool(kinds & set(KINDS_WITH_DAYS))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Save the flows that are built, too."""
        builders = super().create(vals_list)
        if self.env.context.get("recovery_opening") is not _OPENING:
            builders._save()
        return builders

    def write(self, vals):
        """Save the flows that are changed, too."""
        result = super().write(vals)
        if self.env.context.get("recovery_opening") is not _OPENING:
            self._save()
        return result

    # === ACTION METHODS === #

    def action_activate(self):
        """Switch the flow on."""
        self.ensure_one()
        if not self.step_ids and not self.otherwise_ids:
            raise UserError(self.env._("Add a step first: the flow would do nothing."))
        return self.automation_id.action_recovery_activate()

    def action_deactivate(self):
        """Switch the flow off."""
        self.ensure_one()
        return self.automation_id.action_recovery_deactivate()

    def action_copy(self):
        """Open a copy of the flow that is switched off."""
        self.ensure_one()
        return self.automation_id.action_recovery_copy()

    def action_try(self):
        """Ask for the case on which the flow is tried."""
        self.ensure_one()
        self.check_access("read")
        trial = self.env["recovery.flow.trial"].create({"automation_id": self.automation_id.id})
        return trial._get_records_action(name=self.env._("Try It"), target="new")

    def action_runs(self):
        """Open what the flow was set off for, and what it did."""
        self.ensure_one()
        return self.automation_id.action_recovery_runs()

    def action_technical(self):
        """Open the automation rule in Odoo's own form."""
        self.ensure_one()
        return self.automation_id.action_recovery_technical()

    # === BUSINESS METHODS === #

    @api.model
    def _open(self, rule):
        """Return the action that opens a flow, which must have a definition, in the builder."""
        builder = self.with_context(recovery_opening=_OPENING).create(
            {"automation_id": rule.id, **self._prepare_vals(rule)}
        )
        builder = builder.with_context(recovery_opening=None)
        return builder._get_records_action(name=self.env._("Flow"))

    @api.model
    def _prepare_vals(self, rule):
        """Return the values that show a flow."""
        values = Definition(rule).get_values()
        asked, rest = split_asked(get_model_name(values["when"]), read_domain(values["domain"]))
        if values["when"] != FAILED and "failure_number" in asked:  # It is asked of failures only.
            number = {"failure_number": asked.pop("failure_number")}
            rest = [*join_asked(get_model_name(values["when"]), number), *rest]
        for name in ("partner_ids", "policy_ids"):
            asked[name] = [Command.set(asked.get(name, []))]
        steps = self.env["recovery.flow.builder.step"]
        vals = [
            steps._prepare_vals(sequence, step) for sequence, step in enumerate(values["steps"], 1)
        ]
        company = values["company_id"]
        return {
            **asked,
            "opened_with": values,
            "name": values["name"],
            "when": values["when"],
            "more_conditions": write_domain(rest),
            "stop_when_paid": values["stop_when_paid"],
            "exclusive": values["exclusive"],
            "sequence": values["sequence"],
            # Managers build for their company what a recipe is for all of them.
            "company_id": company or (self.env.company.id if get_author(self.env) else False),
            "step_ids": [Command.create(step) for step in vals if not step["recovery_otherwise"]],
            "otherwise_ids": [Command.create(step) for step in vals if step["recovery_otherwise"]],
        }

    def _save(self):
        """Write the flows as they stand in the forms.

        :raise UserError: when somebody else has changed one of them meanwhile
        """
        for builder in self:
            definition = Definition(builder.automation_id)
            known = builder.automation_id and definition.get_values()
            if known != (builder.opened_with or builder.automation_id):
                raise UserError(
                    self.env._("Somebody has changed this flow meanwhile. Open it anew, please.")
                )
            rule = definition.save(builder._read_values())
            saved = definition.get_values()
            opening = builder.with_context(recovery_opening=_OPENING)
            opening.write({"automation_id": rule.id, "opened_with": saved, "name": rule.name})
            steps = builder._get_steps()
            for step, values in zip(steps, saved["steps"], strict=True):
                step.action_ref = values["action_id"]

    # === GETTERS === #

    def _get_steps(self):
        """Return the steps of both branches, in their order."""
        return self.step_ids.sorted("sequence") + self.otherwise_ids.sorted("sequence")

    def _read_values(self):
        """Return the definition that stands in the form."""
        self.ensure_one()
        asked = {
            "failure_number": self.failure_number,
            "amount_above": self.amount_above,
            "decline_class": self.decline_class,
            "partner_ids": self.partner_ids._origin.commercial_partner_id.ids,
            "policy_ids": self.policy_ids._origin.ids,
        }
        if self.when != FAILED:
            asked["failure_number"] = 0
        more = read_domain(self.more_conditions)
        if more is None:
            raise UserError(self.env._("The further conditions can't be read."))
        return {
            "name": self.name or self._make_name(),
            "when": self.when,
            "domain": write_domain([*join_asked(self.model_name, asked), *more]),
            "stop_when_paid": self.stop_when_paid,
            "exclusive": self.exclusive,
            "sequence": self.sequence,
            "company_id": self.company_id._origin.id,
            "steps": [step._read_values() for step in self._get_steps()],
        }

    def _make_name(self):
        """Return a name that says when, and what first."""
        when = dict(get_whens(self.env)).get(self.when, "")
        first = self._get_steps()[:1].name
        return self.env._("%(when)s: %(step)s", when=when, step=first) if first else when
