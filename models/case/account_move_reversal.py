# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    def _modify_default_reverse_values(self, origin_move):
        """Override of `account` to keep the way of payment on the invoice that replaces another."""
        values = super()._modify_default_reverse_values(origin_move)
        if origin_move.move_type != "out_invoice":
            return values
        return {
            **values,
            "collect_automatically": origin_move.collect_automatically,
            "collect_token_id": origin_move.collect_token_id.id,
        }
