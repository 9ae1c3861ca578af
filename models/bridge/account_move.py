# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import models

from ...tools.said import say
from . import contract, subscription


class AccountMove(models.Model):
    _inherit = "account.move"

    # === BUSINESS METHODS === #

    def _end_foreign_recurrence(self, record, reason):
        """Fill the hook to end contracts and subscriptions of the OCA."""
        if record._name == contract.MODEL:
            ended = contract.end_contracts(record)
        elif record._name == subscription.MODEL:
            ended = subscription.close_subscriptions(record)
        else:
            return super()._end_foreign_recurrence(record, reason)
        if not ended:
            return ""
        return say(
            self.env,
            "contracts_ended",
            contracts=", ".join(ended.mapped("display_name")),
            reason=reason,
        )

    def _recovery_follow_by_job(self):
        """Let the case of this invoice follow it: a job of `queue_job`."""
        self.ensure_one()
        self.env["recovery.invoice.queue"]._work_off(self)

    # === GETTERS === #

    def _get_foreign_recurrence(self):
        """Fill the hook to know the contracts and subscriptions of the OCA."""
        return (
            contract.find_contract(self)
            or subscription.find_subscription(self)
            or super()._get_foreign_recurrence()
        )
