# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The dunning steps of a policy: what each waits for, for whom it is, and what it does."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...notices import TRIGGERS, message_hours
from ...tools.errors import describe_error
from . import recovery_conditions_mixin  # noqa: F401 (its model has to be there first)
from .choices import check_choice, check_server_action

# The decline classes are told apart by one box each.
CLASS_FIELDS = {
    "later": "on_later",
    "technical": "on_technical",
    "fix_data": "on_fix_data",
    "customer_action": "on_customer_action",
    "never": "on_never",
}
# What a step of each trigger is about, and with it the model of its template and its action.
SUBJECT_MODELS = {
    **dict.fromkeys(TRIGGERS, "recovery.case"),
    "before_attempt": "account.move",
    "before_due": "account.move",
    "method_expires": "payment.token",
}
ACTION_TYPES = [
    ("email", "Send an e-mail"),
    ("sms", "Send an SMS"),
    ("letter", "Print a letter"),
    ("activity", "Ask somebody"),
    ("server_action", "Run a server action"),
]
# The field that says what to do, by kind of action.
ACTION_FIELDS = {
    "email": "mail_template_id",
    "sms": "sms_template_id",
    "letter": "report_id",
    "activity": "activity_type_id",
    "server_action": "server_action_id",
}


class RecoveryPolicyStep(models.Model):
    _name = "recovery.policy.step"
    _description = "Recovery Policy Step"
    _inherit = ["recovery.conditions.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    policy_id = fields.Many2one(
        comodel_name="recovery.policy", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(
        default=10, help="Of two steps of a case that are due at once, the lower one is sent."
    )
    trigger = fields.Selection(
        selection=[
            ("first_failure", "After the first failure"),
            ("each_failure", "After each failed charge"),
            ("before_attempt", "Before the next charge"),
            ("before_due", "Before the due date"),
            ("after_due", "After the due date"),
            ("method_expires", "Before a saved method expires"),
            ("exhausted", "After the last retry"),
            ("recovered", "After the payment"),
        ],
        default="first_failure",
        required=True,
        help="What the step's time counts from.\n"
        "Before the next charge: the first one on the due date included.\n"
        "Due date: of invoices without a saved method, and of those that are not collected "
        "automatically.",
    )
    delay_days = fields.Integer(
        string="Days", help="Days after the trigger, or before it, where the customer lives."
    )
    delay_hours = fields.Integer(
        string="Hours",
        default=1,
        help="Hours in addition to the days. A payment in between makes the step unnecessary.",
    )
    subject_model = fields.Char(
        compute="_compute_subject_model", help="What the step's template and action are made for."
    )
    action_type = fields.Selection(
        selection=ACTION_TYPES, string="Action", default="email", required=True
    )
    mail_template_id = fields.Many2one(
        comodel_name="mail.template",
        string="E-Mail Template",
        domain="[('model', '=', subject_model)]",
        ondelete="restrict",
        help="Written in the language of the customer.",
    )
    by_class = fields.Boolean(
        string="Text by Reason",
        help="Choose the text by what the decline asks of the customer: to update the card, to "
        "confirm with the bank, to use another method. The template here is for all else.",
    )
    sms_template_id = fields.Many2one(
        comodel_name="sms.template",
        string="SMS Template",
        domain="[('model', '=', subject_model)]",
        ondelete="restrict",
    )
    report_id = fields.Many2one(
        comodel_name="ir.actions.report",
        string="Letter",
        domain="[('model', '=', subject_model)]",
        ondelete="restrict",
        help="Attached to the case, with a to-do for whoever prints it.",
    )
    activity_type_id = fields.Many2one(
        comodel_name="mail.activity.type", string="Activity", ondelete="restrict"
    )
    activity_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Assigned To",
        domain=[("share", "=", False)],
        ondelete="set null",
        help="Empty: the responsible of the case, else the salesperson of the invoice.",
    )
    server_action_id = fields.Many2one(
        comodel_name="ir.actions.server",
        domain="[('model_id.model', '=', subject_model)]",
        ondelete="restrict",
        help="Only who may read server actions, as administrators may, can choose one.",
    )
    is_final = fields.Boolean(
        string="Final",
        help="It names a consequence and its date: nothing else takes its place, and it waits for "
        "a promising charge for one day at most.",
    )
    on_later = fields.Boolean(string="Try Later")
    on_technical = fields.Boolean(string="Technical Trouble")
    on_fix_data = fields.Boolean(string="Update Needed")
    on_customer_action = fields.Boolean(string="Customer Must Confirm")
    on_never = fields.Boolean(string="Method Is Dead")
    decline_reason_ids = fields.Many2many(
        comodel_name="recovery.decline.reason",
        string="Reasons",
        help="Only for declines for one of these reasons. Empty: for each.",
    )
    company_currency_id = fields.Many2one(related="policy_id.company_currency_id")
    amount_min = fields.Monetary(
        string="Amount From",
        currency_field="company_currency_id",
        help="Of what is owed, in the company's currency. 0: no limit.",
    )
    amount_max = fields.Monetary(
        string="Amount To",
        currency_field="company_currency_id",
        help="Of what is owed, in the company's currency. 0: no limit.",
    )
    attempt_min = fields.Integer(
        string="Charges From", help="Number of the failed charge; the first is 1. 0: no limit."
    )
    attempt_max = fields.Integer(
        string="Charges To", help="Number of the failed charge; the first is 1. 0: no limit."
    )
    domain = fields.Char(help="Only for invoices that fulfil these conditions.")
    hour_from = fields.Float(
        string="From", default=8.0, help="First hour of the day, where the customer lives."
    )
    hour_to = fields.Float(
        string="To", default=18.0, help="Last hour of the day, where the customer lives."
    )
    working_days = fields.Boolean(
        string="Working Days Only",
        default=True,
        help="Not on the weekend and the public holidays of the customer's country.",
    )

    _delay_check = models.Constraint(
        "CHECK(delay_hours >= 0 AND delay_days >= 0)", "A step can't lie before its trigger."
    )

    # === COMPUTE METHODS === #

    @api.depends("trigger")
    def _compute_subject_model(self):
        for step in self:
            step.subject_model = SUBJECT_MODELS.get(step.trigger, "recovery.case")

    @api.onchange("trigger")
    def _onchange_trigger(self):
        """Empty what was made for another kind of document; count in days where that is usual."""
        model = self.subject_model
        for name in ("mail_template_id", "sms_template_id", "report_id"):
            if self[name] and self[name].model != model:
                self[name] = False
        # In sudo mode: server actions are for administrators only.
        action_sudo = self.server_action_id.sudo()
        if action_sudo and action_sudo.model_name != model:
            self.server_action_id = False
        if self.trigger not in ("first_failure", "each_failure"):
            self.delay_hours = 0

    # === CONSTRAINT METHODS === #

    @api.constrains("action_type", "trigger", *ACTION_FIELDS.values())
    def _check_action(self):
        for step in self:
            made_for = step._get_made_for()
            if not made_for:
                raise ValidationError(
                    self.env._(
                        "Choose what the step “%(step)s” sends or does: %(field)s is empty.",
                        step=step.name,
                        field=step._fields[ACTION_FIELDS[step.action_type]].string,
                    )
                )
            if step.action_type != "activity" and made_for != step.subject_model:
                raise ValidationError(
                    self.env._(
                        "The step “%(step)s” is about %(document)s. Choose a template or an action "
                        "made for that.",
                        step=step.name,
                        document=self.env["ir.model"]._get(step.subject_model).name,
                    )
                )

    @api.constrains("mail_template_id", "sms_template_id", "report_id", "activity_type_id")
    def _check_choices(self):
        for step in self:
            made_for = [("model", "=", step.subject_model)]
            for name in ("mail_template_id", "sms_template_id", "report_id"):
                check_choice(step, name, made_for)
            models_ = (False, step.subject_model)
            check_choice(step, "activity_type_id", [("res_model", "in", models_)])

    @api.constrains("activity_user_id")
    def _check_activity_user(self):
        for step in self:
            check_choice(step, "activity_user_id", [("share", "=", False)])

    @api.constrains("server_action_id")
    def _check_server_action(self):
        for step in self:
            check_server_action(step, "server_action_id", step.subject_model)

    @api.constrains("hour_from", "hour_to")
    def _check_hours(self):
        for step in self:
            if not 0 <= step.hour_from < step.hour_to <= 24:
                raise ValidationError(
                    self.env._(
                        "The hours of the step “%(step)s” must lie between 0:00 and 24:00, and end "
                        "after they start.",
                        step=step.name,
                    )
                )

    @api.constrains("amount_min", "amount_max", "attempt_min", "attempt_max")
    def _check_bounds(self):
        for step in self:
            for low, high in (
                (step.amount_min, step.amount_max),
                (step.attempt_min, step.attempt_max),
            ):
                if low < 0 or high < 0 or (high and low > high):
                    raise ValidationError(
                        self.env._(
                            "The conditions of the step “%(step)s” fit nothing: a lower bound is "
                            "above the upper one, or below zero.",
                            step=step.name,
                        )
                    )

    @api.constrains("domain")
    def _check_domain(self):
        for step in self:
            step._get_conditions().check(
                lambda error, step=step: self.env._(
                    "The conditions of the step “%(step)s” can't be read: %(error)s",
                    step=step.name,
                    error=describe_error(error),
                ),
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Let the open cases of the policy follow a new step."""
        steps = super().create(vals_list)
        steps._on_changed()
        return steps

    def write(self, vals):
        """Let the open cases of the policy follow a changed step."""
        result = super().write(vals)
        if vals.keys() - {"name", "domain_error"}:
            self._on_changed()
        return result

    def unlink(self):
        """Let the open cases of the policy follow a step that is gone."""
        self._on_changed()
        return super().unlink()

    # === HOOKS === #

    def _on_changed(self):
        """Hook for `notice`, which plans the notices of the policies' open cases anew.

        Called when steps came, changed, or are about to go. It does nothing by itself.
        """

    # === BUSINESS METHODS === #

    @api.model
    def _get_asked_step(self, policy, values):
        """Return the step of a policy that stands for a message, a new one when there is none.

        For the policy that no invoice has: it holds the messages that automations ask for.

        :param dict values: its action and its text, as fields of the step
        """
        # What is said after the last retry may be that the case is lost; and what somebody asked
        # for gives way to no reminder.
        values = {**values, "trigger": "exhausted", "is_final": True}
        steps = policy.with_context(active_test=False).step_ids
        step = steps.filtered(
            lambda step: all(step[field] == value for field, value in step._read_vals(values))
        )
        return step[:1] or steps.create(
            {"name": self._name_asked_step(values), "policy_id": policy.id, **values}
        )

    def _read_vals(self, values):
        """Return pairs of fields and values as a step holds them: records instead of ids."""
        return [
            (field, self[field].browse(value) if self._fields[field].relational else value)
            for field, value in values.items()
        ]

    @api.model
    def _name_asked_step(self, values):
        template = self.env["mail.template"].browse(values.get("mail_template_id"))
        sms = self.env["sms.template"].browse(values.get("sms_template_id"))
        return (template or sms).name or self.env._("Message")

    # === GETTERS === #

    def _get_made_for(self):
        """Return the name of the model that the chosen template or action is made for."""
        # In sudo mode: server actions are for administrators only.
        chosen = self.sudo()[ACTION_FIELDS[self.action_type]]
        if self.action_type == "activity":
            return bool(chosen)
        return chosen.model_name if self.action_type == "server_action" else chosen.model

    def _get_hours(self, place):
        """Return the hours in which this step goes out at a place."""
        return message_hours(place, self.hour_from, self.hour_to, self.working_days)
