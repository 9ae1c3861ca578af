"""What server actions, and with them automation rules, can do to recovery cases."""

from odoo import api, fields, models

# What each of our kinds of actions may be run on; a case is found from each of them.
CASE_MODELS = (
    "recovery.case",
    "recovery.event",
    "recovery.attempt",
    "recovery.notice",
    "account.move",
)
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
    ("recovery_stop_recurrence", "Recovery: End the Recurrence"),
    ("recovery_uncollectible", "Recovery: Mark Uncollectible"),
    ("recovery_close", "Recovery: Close the Case"),
]


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    state = fields.Selection(
        selection_add=KINDS, ondelete={kind: "cascade" for kind, _label in KINDS}
    )
    recovery_days = fields.Integer(
        string="Days",
        help="Retry: days from now, 0 for as soon as hours and rules allow.\n"
        "Pause: days until the case goes on by itself, 0 until somebody resumes it.\n"
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
        domain=[("model", "=", "recovery.case")],
        ondelete="restrict",
        help="Sent like a step of the policy: at most one e-mail a day and customer, on working "
        "days, and not when the invoice was paid meanwhile.",
    )
    recovery_sms_template_id = fields.Many2one(
        comodel_name="sms.template",
        string="SMS",
        domain=[("model", "=", "recovery.case")],
        ondelete="restrict",
        help="Sent when no e-mail is chosen.",
    )
    recovery_channel_id = fields.Many2one(
        comodel_name="discuss.channel",
        string="Channel",
        domain=[("channel_type", "=", "channel")],
        ondelete="restrict",
    )
    recovery_user_ids = fields.Many2many(
        comodel_name="res.users",
        relation="recovery_action_user_rel",
        string="People",
        domain=[("share", "=", False)],
        help="Neither people nor a channel: the responsible of the case, else the salesperson.",
    )
    recovery_note = fields.Text(
        string="Text", help="For the team. What happened, and to whom, is added to it."
    )
    recovery_activity_type_id = fields.Many2one(
        comodel_name="mail.activity.type", string="To-Do", ondelete="restrict"
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
        domain=[("share", "=", False)],
        ondelete="restrict",
    )
    recovery_write_off = fields.Boolean(
        string="Write Off", help="Book the loss at once, on the write-off account of the policy."
    )

    _recovery_days_positive = models.Constraint(
        "CHECK (recovery_days >= 0)", "Days of an action can't be negative."
    )

    # === COMPUTE METHODS === #

    @api.model
    def _warning_depends(self):
        """Override of `base` to look again when what our kinds need changes."""
        return [
            *super()._warning_depends(),
            "state",
            "recovery_policy_id",
            "recovery_template_id",
            "recovery_sms_template_id",
            "recovery_activity_type_id",
            "recovery_assignee",
            "recovery_user_id",
        ]

    def _get_warning_messages(self):
        """Override of `base` to say what our kinds lack."""
        warnings = super()._get_warning_messages()
        if not (self.state or "").startswith("recovery_"):
            return warnings
        if self.model_id and self.model_id.model not in self._recovery_get_models():
            warnings.append(
                self.env._("Recovery actions work on cases, events, charges, notices and invoices.")
            )
        lacks = {
            "recovery_policy": not self.recovery_policy_id
            and self.env._("Choose the policy to change to."),
            "recovery_notice": not (self.recovery_template_id or self.recovery_sms_template_id)
            and self.env._("Choose the e-mail, or the SMS, to send."),
            "recovery_activity": not self.recovery_activity_type_id
            and self.env._("Choose the kind of to-do."),
        }
        if lacks.get(self.state):
            warnings.append(lacks[self.state])
        if (
            self.state == "recovery_activity"
            and self.recovery_assignee == "user"
            and not self.recovery_user_id
        ):
            warnings.append(self.env._("Choose the person whose to-do it is."))
        return warnings

    def _recovery_get_models(self):
        """Return the models that this action can be run on; hook for further kinds."""
        return CASE_MODELS
