from odoo import api, fields, models
from odoo.exceptions import ValidationError


class RecoveryPolicy(models.Model):
    _inherit = "recovery.policy"

    survey_url = fields.Char(
        string="Survey",
        help="Address of a survey for customers whose service has ended, with https://. The "
        "message about the end links to it; empty: it asks nothing.",
    )

    @api.constrains("survey_url")
    def _check_survey_url(self):
        for policy in self.filtered("survey_url"):
            if not policy.survey_url.startswith(("https://", "http://")):
                raise ValidationError(
                    self.env._(
                        "The survey of the policy “%(policy)s” needs an address that begins with "
                        "https://.",
                        policy=policy.name,
                    )
                )
