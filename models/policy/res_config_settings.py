from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    recovery_charge_test_providers = fields.Boolean(
        related="company_id.recovery_charge_test_providers", readonly=False
    )
    recovery_share_timing = fields.Boolean(
        related="company_id.recovery_share_timing", readonly=False
    )
    recovery_small_rests_wait = fields.Boolean(
        related="company_id.recovery_small_rests_wait", readonly=False
    )
    recovery_due_soon_days = fields.Integer(
        related="company_id.recovery_due_soon_days", readonly=False
    )
    recovery_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of Recovery"
    )
    recovery_large_amount = fields.Monetary(
        related="company_id.recovery_large_amount",
        currency_field="recovery_currency_id",
        readonly=False,
    )
