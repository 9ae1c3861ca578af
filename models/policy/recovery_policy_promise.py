from odoo import api, fields, models
from odoo.exceptions import ValidationError


class RecoveryPolicy(models.Model):
    _inherit = "recovery.policy"

    promise_days = fields.Integer(
        default=14,
        help="The latest day that a customer may promise to pay on, in days from the day he "
        "promises. Until then nothing is charged. 0: the page offers no promise.",
    )

    @api.constrains("promise_days")
    def _check_promise_days(self):
        for policy in self:
            if not 0 <= policy.promise_days <= 366:
                raise ValidationError(
                    self.env._(
                        "The days of a promise of the policy “%(policy)s” must lie between 0 "
                        "and 366.",
                        policy=policy.name,
                    )
                )
