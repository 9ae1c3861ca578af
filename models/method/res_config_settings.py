# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models

from .payment_provider import EVENT_NAMES


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

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
