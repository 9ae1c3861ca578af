# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields, models

from ..case.settlements import CHANNELS


class RecoverySettlement(models.Model):
    """What one payment brought of what had failed, and the channel it came through.

    Worked out by the job that follows invoices, and anew whenever one of them changes: the ledger
    is the only truth. That a case has several of them is why a channel is not one of the case.
    """

    _name = "recovery.settlement"
    _description = "Payment That Recovered"
    _rec_name = "case_id"
    _order = "id"

    case_id = fields.Many2one(
        comodel_name="recovery.case", required=True, readonly=True, ondelete="cascade", index=True
    )
    # Of the case, to be added up without it.
    company_id = fields.Many2one(related="case_id.company_id", store=True)
    failed_on = fields.Date(related="case_id.failed_on", store=True)
    began_by = fields.Selection(related="case_id.began_by", store=True)
    partial_id = fields.Many2one(
        comodel_name="account.partial.reconcile",
        string="Reconciliation",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The match of invoice and payment in the journal. Empty until the job has looked at "
        "the case again, where it was undone.",
    )
    payment_id = fields.Many2one(
        comodel_name="account.payment",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The payment, where it has no journal entry, and so no match with the invoice.",
    )
    channel = fields.Selection(selection=CHANNELS, required=True, readonly=True)
    currency_id = fields.Many2one(related="case_id.currency_id")
    company_currency_id = fields.Many2one(related="case_id.company_currency_id")
    amount = fields.Monetary(
        readonly=True,
        help="What of the payment counts as recovered, in the currency of the invoice: what came "
        "after the failure, up to what had failed.",
    )
    company_amount = fields.Monetary(
        string="Recovered",
        readonly=True,
        currency_field="company_currency_id",
        help="The same in the company's currency, at the rate of the day of the first failure. "
        "The payments of a case add up to what was recovered of it, to the cent.",
    )

    _added_idx = models.Index("(company_id, failed_on) INCLUDE (began_by, channel, company_amount)")
