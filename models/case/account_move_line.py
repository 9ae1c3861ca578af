# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def write(self, vals):
        """Override of `account` to let cases follow an instalment that is put off."""
        result = super().write(vals)
        if "date_maturity" in vals:
            self.env["recovery.invoice.queue"]._add_followed(self.move_id)
        return result
