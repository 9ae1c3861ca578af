# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .at_once import AT_ONCE, DEFAULT, MOST


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    recovery_charges_at_once = fields.Integer(
        string="Charges at Once",
        config_parameter=AT_ONCE,
        default=DEFAULT,
        help="How many charges wait for their providers' answers at the same time. Each needs a "
        "database connection.",
    )

    @api.constrains("recovery_charges_at_once")
    def _check_recovery_charges_at_once(self):
        for settings in self:
            if not 1 <= settings.recovery_charges_at_once <= MOST:
                raise ValidationError(
                    self.env._("Between 1 and %(most)s charges can be sent at once.", most=MOST)
                )
