from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    recovery_charge_test_providers = fields.Boolean(
        related="company_id.recovery_charge_test_providers", readonly=False
    )
    recovery_share_timing = fields.Boolean(
        related="company_id.recovery_share_timing", readonly=False
    )
