from odoo import fields, models


class RecoveryPolicy(models.Model):
    _inherit = "recovery.policy"

    include_subscription_app = fields.Boolean(
        string="Subscriptions, Too",
        help="Invoices of Odoo's subscription app are left to that app, which charges and reminds "
        "by itself. Tick it to have them charged and followed by this policy as well.",
    )
    has_subscription_app = fields.Boolean(compute="_compute_has_subscription_app")

    def _compute_has_subscription_app(self):
        self.has_subscription_app = self.env["account.move"]._has_subscription_app()

    def _find_fitting(self, moves):
        """Override of `revenue_recovery` to leave the invoices of the subscription app to it."""
        if not self.include_subscription_app:
            moves -= moves._filter_subscription_app()
        return super()._find_fitting(moves)
