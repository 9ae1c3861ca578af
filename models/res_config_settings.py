from odoo import api, fields, models

from .payment_provider_events import EVENT_NAMES


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    recovery_charge_test_providers = fields.Boolean(
        related="company_id.recovery_charge_test_providers", readonly=False
    )
    recovery_share_timing = fields.Boolean(
        related="company_id.recovery_share_timing", readonly=False
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
    recovery_events_silent = fields.Char(
        compute="_compute_recovery_events_silent",
        help="The providers that could tell of renewed cards, and do not yet.",
    )

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    def _compute_recovery_events_silent(self):
        for settings in self:
            # In sudo mode: providers are readable by administrators only.
            providers_sudo = (
                self.env["payment.provider"]
                .sudo()
                .search(
                    [
                        ("code", "in", list(EVENT_NAMES)),
                        ("state", "=", "enabled"),
                        ("company_id", "=", settings.company_id.id),
                        ("recovery_events_secret", "=", False),
                    ]
                )
            )
            settings.recovery_events_silent = ", ".join(providers_sudo.mapped("name"))
