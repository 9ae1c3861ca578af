# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    recovery_charge_test_providers = fields.Boolean(
        help="Let automatic charges use providers in test mode. Their payments move no money but "
        "mark invoices as paid: never allow it in a database that you do your books in.",
    )
    recovery_share_timing = fields.Boolean(
        string="Share What Is Learned About Timing",
        help="The smart retry schedule of this company also learns from the charges of the other "
        "companies that share, and they from its charges. Only outcomes of charges are shared.",
    )
    recovery_due_soon_days = fields.Integer(
        string="Days Before Due",
        default=3,
        help="How many days before its due date the event “Invoice due soon” tells of an unpaid "
        "invoice.",
    )
    recovery_large_amount = fields.Monetary(
        string="Large Invoice",
        default=1000.0,
        help="From what amount, in the company's currency, the event “Large invoice failed” tells "
        "of an invoice; with 0 it tells of none.",
    )

    recovery_small_rests_wait = fields.Boolean(
        string="Small Rests Wait",
        default=True,
        help="What is too little to charge, by the list of smallest charges, waits until more is "
        "owed on the invoice: it is neither charged nor asked for, and no case is opened for it. "
        "Otherwise only what the provider itself refuses is not charged, and a person is told.",
    )

    # === HOOKS === #

    @api.model
    def _recovery_has_subscription_app(self):
        """Hook for `bridge`: return whether Odoo's own subscription app is loaded.

        It says no by itself.
        """
        return False

    @api.model
    def _recovery_filter_foreign(self, moves):
        """Hook for `bridge`: return the invoices that another app charges and reminds of by itself.

        A policy leaves them alone unless it includes them. It does nothing by itself: none are.
        """
        return moves.browse()
