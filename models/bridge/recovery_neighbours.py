# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import models

from ...tools.watch import unwatch, watch
from .payment_return import complete_reasons, match_payments, record_returns
from .sale import check_customers
from .subscription import tell_closed

# Of addons that are no dependency: what is watched, and what is done around it. Neither `create`
# nor `write`: Odoo's automation rules take whatever has been put there away again.
WATCHED = (
    ("payment.return", "action_confirm", record_returns),
    ("payment.return.line", "_find_match", match_payments),
    ("payment.return.import", "_complete_payment_return", complete_reasons),
    ("sale.order", "action_confirm", check_customers),
    ("sale.subscription", "close_subscription", tell_closed),
)


class RecoveryNeighbours(models.AbstractModel):
    """What other addons do that recovery takes part in, where they are installed."""

    _name = "recovery.neighbours"
    _description = "Neighbours of Revenue Recovery"

    def _register_hook(self):
        """Override of `base` to watch what others do."""
        for model, method, around in WATCHED:
            watch(self.env.registry, model, method, around)
        return super()._register_hook()

    def _unregister_hook(self):
        """Override of `base` to let go of what is watched."""
        for model, method, _around in WATCHED:
            unwatch(self.env.registry, model, method)
        return super()._unregister_hook()
