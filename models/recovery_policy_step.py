from odoo import api, fields, models
from odoo.exceptions import ValidationError


class RecoveryPolicyStep(models.Model):
    _name = "recovery.policy.step"
    _description = "Recovery Policy Step"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    policy_id = fields.Many2one(
        comodel_name="recovery.policy", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    trigger = fields.Selection(
        selection=[("first_failure", "After the first failure")],
        default="first_failure",
        required=True,
        help="What the step's time counts from.",
    )
    delay_hours = fields.Integer(
        string="Hours After",
        default=1,
        help="Hours between the trigger and the step. A payment in between makes it unnecessary.",
    )
    action_type = fields.Selection(
        selection=[("email", "Send an e-mail")], string="Action", default="email", required=True
    )
    mail_template_id = fields.Many2one(
        comodel_name="mail.template",
        string="E-Mail Template",
        domain=[("model", "=", "recovery.case")],
        ondelete="restrict",
        help="Written in the language of the customer.",
    )

    _delay_check = models.Constraint(
        "CHECK(delay_hours >= 0)", "A step can't lie before its trigger."
    )

    @api.constrains("action_type", "mail_template_id")
    def _check_mail_template_id(self):
        for step in self.filtered(lambda step: step.action_type == "email"):
            if step.mail_template_id.model != "recovery.case":
                raise ValidationError(
                    self.env._(
                        "Choose an e-mail template for recovery cases in the step “%(step)s”.",
                        step=step.name,
                    )
                )
