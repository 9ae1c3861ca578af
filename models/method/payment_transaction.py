# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What was read of a decline, and of the card that was charged."""

from odoo import fields, models

from ...declines import Decline, read
from .backup import BackupConsent


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    recovery_unclear = fields.Boolean(
        string="Unclear Answer",
        readonly=True,
        copy=False,
        help="The provider's answer got lost, so the money may have been taken although the "
        "transaction is in error. No automatic charge of its invoices goes out for three days.",
    )
    recovery_decline = fields.Json(
        string="Decline",
        readonly=True,
        copy=False,
        help="What the refusal, or the bank's return, was understood to say.",
    )
    recovery_reason_id = fields.Many2one(
        comodel_name="recovery.decline.reason",
        string="Decline Reason",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    recovery_fingerprint = fields.Char(
        string="Card Fingerprint",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The provider's mark of the card that was charged: the same whenever the same card "
        "is saved again.",
    )
    recovery_retries_until = fields.Datetime(
        string="Retried by the Provider Until",
        readonly=True,
        copy=False,
        help="Until then at the latest the provider charges this refused payment again by itself. "
        "Nothing else is charged for its invoices meanwhile.",
    )
    recovery_retries_reference = fields.Char(
        string="Retries of the Provider",
        readonly=True,
        copy=False,
        help="What the provider calls its own retries of this payment.",
    )

    recovery_backup = fields.Boolean(
        string="Backup",
        readonly=True,
        copy=False,
        help="The customer agreed that the payment method saved with this payment is charged when "
        "another one of theirs fails.",
    )

    # The list of unknown codes repeats this condition.
    _recovery_unlisted_idx = models.Index("(id) WHERE recovery_decline @? '$.unlisted[0]'")

    # === BUSINESS METHODS === #

    def _tokenize(self, payment_data):
        """Override of `payment` to keep that the customer agreed to a backup when they saved it."""
        result = super()._tokenize(payment_data)
        if self.recovery_backup and self.token_id:
            # In sudo mode: a customer can't write it.
            BackupConsent(self.token_id.sudo()).agree()
        return result

    # === GETTERS === #

    def _recovery_read(self, payload):
        """Read a payload of this transaction's provider; nothing is raised, whatever it holds.

        :rtype: declines.Decline
        """
        self.ensure_one()
        taxonomy = self.env["recovery.decline.code"]._get_taxonomy()
        return read(self.provider_code, payload, taxonomy)

    def _recovery_get_decline(self):
        """Return the decline that was kept; `declines.NO_DECLINE` without one, or a transaction.

        :rtype: declines.Decline
        """
        return Decline.from_dict(self.recovery_decline)
