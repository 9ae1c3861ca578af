"""Why an attempt was declined, in fields that lists, filters and reports can use."""

from odoo import api, fields, models

from ..method.payment_token import FUNDINGS
from ..rules.recovery_decline_reason import DECLINE_CLASSES


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    decline_reason_id = fields.Many2one(
        comodel_name="recovery.decline.reason",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    decline_class = fields.Selection(
        selection=DECLINE_CLASSES,
        readonly=True,
        copy=False,
        help="What happens next. Try Later: charged again by the retry schedule.\n"
        "Technical Trouble: charged again soon, and it costs no try.\n"
        "Update Needed: the card has to be updated before it is charged again.\n"
        "Customer Must Confirm: the bank asks the customer to confirm the payment.\n"
        "Method Is Dead: this payment method is not charged again.",
    )
    decline_code = fields.Char(readonly=True, copy=False, help="The code the provider answered.")
    decline_message = fields.Char(
        readonly=True, copy=False, help="The provider's own words. They are not for the customer."
    )
    network = fields.Char(
        readonly=True, copy=False, help="The card network, or the scheme of a bank debit."
    )
    funding = fields.Selection(
        selection=FUNDINGS,
        readonly=True,
        copy=False,
    )
    issuer_country = fields.Char(
        readonly=True, copy=False, help="Where the card was issued, as a two-letter code."
    )
    network_code = fields.Char(
        readonly=True, copy=False, help="The code of the card network or the bank scheme."
    )
    advice_code = fields.Char(
        readonly=True, copy=False, help="The advice code that the card network sent along."
    )
    advised_until = fields.Datetime(
        readonly=True,
        copy=False,
        help="The network or the provider advises not to charge before this time.",
    )
    rule_id = fields.Many2one(
        comodel_name="recovery.network.rule",
        string="Bound By",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="The network's rule that put the charge off, or refused it.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _prepare_decline_vals(self, decline, at=None):
        """Return the values that keep a decline on an attempt.

        :param declines.Decline decline:
        :param at: when it was declined, naive UTC; now when not told
        """
        wait = decline.advice.wait
        return {
            "decline_reason_id": self.env["recovery.decline.reason"]._find(decline.reason).id,
            "decline_class": decline.decline_class,
            "decline_code": decline.code or False,
            "decline_message": decline.message or False,
            "network": decline.network or False,
            "funding": decline.funding or False,
            "issuer_country": decline.country or False,
            "network_code": decline.network_code or False,
            "advice_code": decline.advice_code or False,
            "advised_until": wait and (at or fields.Datetime.now()) + wait,
        }
