# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a step of a flow can say: its kind, its wait, its condition, and what it needs to act."""

from odoo import api, fields, models

from ..case.exclusion import WHAT
from ..policy.choices import check_choice

# What the fields of our kinds may name, whoever writes them.
CHOICES = {
    "recovery_policy_id": [],
    "recovery_activity_type_id": [("res_model", "in", (False, "recovery.case", "account.move"))],
    "recovery_template_id": [("model", "=", "recovery.case")],
    "recovery_sms_template_id": [("model", "=", "recovery.case")],
    "recovery_channel_id": [("channel_type", "=", "channel")],
    "recovery_user_ids": [("share", "=", False)],
    "recovery_user_id": [("share", "=", False)],
}
# The kind that runs on providers, too.
PAUSE_PROVIDER = "recovery_pause_provider"
KINDS = [
    ("recovery_retry", "Recovery: Retry the Payment"),
    ("recovery_backup", "Recovery: Charge a Backup Method"),
    ("recovery_pause", "Recovery: Pause"),
    ("recovery_resume", "Recovery: Resume"),
    ("recovery_policy", "Recovery: Change the Policy"),
    ("recovery_notice", "Recovery: Send a Notice"),
    ("recovery_ask_method", "Recovery: Ask for a New Method"),
    ("recovery_tell", "Recovery: Tell the Team"),
    ("recovery_activity", "Recovery: Schedule a To-Do"),
    ("recovery_block", "Recovery: Block the Customer's Orders"),
    ("recovery_unblock", "Recovery: Unblock the Customer's Orders"),
    ("recovery_exclude", "Recovery: Exclude From Charges or Notices"),
    ("recovery_include", "Recovery: End the Exclusion"),
    ("recovery_stop_recurrence", "Recovery: End the Recurrence"),
    ("recovery_uncollectible", "Recovery: Mark Uncollectible"),
    ("recovery_close", "Recovery: Close the Case"),
    (PAUSE_PROVIDER, "Recovery: Pause the Provider's Charges"),
]
# The kinds that count days.
KINDS_WITH_DAYS = ("recovery_retry", "recovery_pause", "recovery_activity", "recovery_exclude")
# The kinds that need a case in recovery, and those that a paused or suspended one is enough for.
KINDS_ON_GOING = ("recovery_retry", "recovery_backup")
KINDS_ON_OPEN = (
    "recovery_pause",
    "recovery_resume",
    "recovery_policy",
    "recovery_ask_method",
    "recovery_close",
)


class RecoveryFlowStepMixin(models.AbstractModel):
    """The fields that a server action and a step being built have in common."""

    _name = "recovery.flow.step.mixin"
    _description = "Recovery: Step of a Flow"

    recovery_days = fields.Integer(
        string="Days",
        help="Retry: days from now, 0 for as soon as hours and rules allow.\n"
        "Pause: days until the case goes on by itself, 0 until somebody resumes it.\n"
        "Exclude: days until recovery goes on by itself, 0 until somebody ends the exclusion.\n"
        "To-Do: days until it is due.",
    )
    recovery_working_day = fields.Boolean(
        string="On a Working Day", help="Not before the next working day where the customer lives."
    )
    recovery_policy_id = fields.Many2one(
        comodel_name="recovery.policy", string="Policy", ondelete="restrict"
    )
    recovery_template_id = fields.Many2one(
        comodel_name="mail.template",
        string="E-Mail",
        domain=CHOICES["recovery_template_id"],
        ondelete="restrict",
        help="Sent like a step of the policy: at most one e-mail a day and customer, on working "
        "days, and not when the invoice was paid meanwhile.",
    )
    recovery_sms_template_id = fields.Many2one(
        comodel_name="sms.template",
        string="SMS",
        domain=CHOICES["recovery_sms_template_id"],
        ondelete="restrict",
        help="Sent when no e-mail is chosen.",
    )
    recovery_channel_id = fields.Many2one(
        comodel_name="discuss.channel",
        string="Channel",
        domain=CHOICES["recovery_channel_id"],
        ondelete="restrict",
    )
    recovery_user_ids = fields.Many2many(
        comodel_name="res.users",
        string="People",
        domain=CHOICES["recovery_user_ids"],
        help="Neither people nor a channel: the responsible of the case, else the salesperson.",
    )
    recovery_note = fields.Text(
        string="Text", help="For the team. What happened, and to whom, is added to it."
    )
    recovery_activity_type_id = fields.Many2one(
        comodel_name="mail.activity.type",
        string="To-Do",
        domain=CHOICES["recovery_activity_type_id"],
        ondelete="restrict",
    )
    recovery_summary = fields.Char(string="Summary", translate=True)
    recovery_assignee = fields.Selection(
        selection=[
            ("responsible", "The responsible of the case"),
            ("salesperson", "The salesperson of the invoice"),
            ("user", "A person"),
        ],
        string="Assigned To",
        default="responsible",
        help="Whoever is missing is replaced by the other, and at last by the administrator.",
    )
    recovery_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Person",
        domain=CHOICES["recovery_user_id"],
        ondelete="restrict",
    )
    recovery_exclude_what = fields.Selection(
        selection=WHAT,
        string="Exclude From",
        default="both",
        help="Charges: nothing is charged automatically. Notices: nothing is sent about it.",
    )
    recovery_exclude_whom = fields.Selection(
        selection=[("invoice", "The invoice"), ("customer", "The customer, with all invoices")],
        string="Whom",
        default="invoice",
    )
    recovery_exclude_reason = fields.Char(
        string="Reason of the Exclusion",
        help="Stands on the customer or the invoice. Empty: the name of the automation.",
    )
    recovery_write_off = fields.Boolean(
        string="Write Off", help="Book the loss at once, on the write-off account of the policy."
    )
    recovery_hours = fields.Integer(
        string="Hours",
        default=2,
        help="How long charges of the provider wait. They go out afterwards, and a person can "
        "resume them earlier on the provider.",
    )
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
    recovery_otherwise = fields.Boolean(
        string="Otherwise",
        help="Done where the conditions of the flow don't hold, instead of the other steps.",
    )

    _recovery_days_positive = models.Constraint(
        "CHECK (recovery_days >= 0)", "Days of an action can't be negative."
    )
    _recovery_hours_positive = models.Constraint(
        "CHECK (recovery_hours > 0)", "A provider is paused for at least one hour."
    )
    _recovery_wait_positive = models.Constraint(
        "CHECK (recovery_wait_count >= 0)", "An action can't wait for a negative time."
    )

    # === CONSTRAINT METHODS === #

    @api.constrains(*CHOICES)
    def _check_recovery_choices(self):
        for action in self:
            for name, domain in CHOICES.items():
                check_choice(action, name, domain)

    # === GETTERS === #

    @api.model
    def _get_kinds(self):
        """Return our kinds of actions with their labels, without the name of the addon."""
        field = self.env["ir.actions.server"]._fields["state"]
        labels = dict(field._description_selection(self.env))
        return [(kind, labels[kind].split(": ", 1)[-1]) for kind, _label in KINDS]

    @api.model
    def _get_step_fields(self):
        """Return the names of the fields that say what a step does, in their order."""
        own = self.env["recovery.flow.step.mixin"]._fields
        return [name for name in own if name.startswith("recovery_")]
