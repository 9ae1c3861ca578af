import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ...declines import read_method

_logger = logging.getLogger(__name__)

RECOVERY_GROUP = "revenue_recovery.group_recovery_user"
# How often a provider is asked for the facts of a saved method that it didn't tell.
REFRESH_WAIT = timedelta(days=30)
# A card that expires within so many days, or has expired, is asked for more often.
EXPIRY_NOTICE = timedelta(days=40)
EXPIRY_REFRESH_WAIT = timedelta(days=7)
FUNDINGS = [("credit", "Credit"), ("debit", "Debit"), ("prepaid", "Prepaid")]


class PaymentToken(models.Model):
    _inherit = "payment.token"

    recovery_network = fields.Char(
        string="Network",
        readonly=True,
        groups=RECOVERY_GROUP,
        help="The card network, or the scheme of a bank debit, as the provider tells it.",
    )
    recovery_funding = fields.Selection(
        selection=FUNDINGS,
        string="Funding",
        readonly=True,
        groups=RECOVERY_GROUP,
    )
    recovery_country = fields.Char(
        string="Issuer Country",
        size=2,
        readonly=True,
        groups=RECOVERY_GROUP,
        help="Where the card or account was issued, as a two-letter code.",
    )
    recovery_expiry = fields.Date(
        string="Valid Until",
        readonly=True,
        groups=RECOVERY_GROUP,
        help="The last day on which the card works.",
    )
    recovery_fingerprint = fields.Char(
        string="Card Fingerprint",
        readonly=True,
        index="btree_not_null",
        groups=RECOVERY_GROUP,
        help="The provider's mark that is the same whenever the same card is saved. What the "
        "networks allow is counted over all payment methods that share it.",
    )
    recovery_updated_at = fields.Datetime(
        string="Added or Updated",
        default=fields.Datetime.now,
        readonly=True,
        copy=False,
        groups=RECOVERY_GROUP,
        help="Declines before this time say nothing of the method as it is now.",
    )
    recovery_asked_at = fields.Datetime(
        string="Provider Asked",
        readonly=True,
        copy=False,
        groups=RECOVERY_GROUP,
        help="When the provider was last asked for network, country and validity.",
    )
    recovery_told_at = fields.Datetime(
        string="Known As Of",
        readonly=True,
        copy=False,
        groups=RECOVERY_GROUP,
        help="When what is known of the method was true at its provider. What is told later about "
        "an earlier time changes nothing.",
    )
    recovery_removed_at = fields.Datetime(
        string="Removed at the Provider",
        readonly=True,
        copy=False,
        groups=RECOVERY_GROUP,
        help="When the method was removed at its provider, who can charge it no more.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment` to let open cases of the customer try the new method."""
        tokens = super().create(vals_list)
        tokens._recovery_note_change()
        return tokens

    def write(self, vals):
        """Override of `payment` to let open cases follow a method that comes or goes."""
        if vals.get("active"):  # Who takes it out of the archive says that it can be charged.
            vals = {**vals, "recovery_removed_at": False}
        result = super().write(vals)
        if "active" in vals:
            self._recovery_note_change()
        return result

    # === BUSINESS METHODS === #

    def get_linked_records_info(self):
        """Override of `payment` to show a customer which invoices a payment method pays."""
        # Anybody who is logged in can call this, with any id.
        self.check_access("read")
        linked = super().get_linked_records_info()
        # In sudo mode: the customer may see the names of his own invoices.
        invoices_sudo = (
            self.sudo()
            .env["account.move"]
            .search(
                [
                    ("collect_token_id", "=", self.id),
                    ("collect_automatically", "=", True),
                    ("state", "=", "posted"),
                    ("payment_state", "in", ("not_paid", "partial")),
                ]
            )
        )
        return linked + [
            {
                "description": self.env._("Invoice"),
                "id": invoice.id,
                "name": invoice.name,
                "url": invoice.get_portal_url(),
            }
            for invoice in invoices_sudo
        ]

    # === CRON === #

    @api.model
    def _cron_refresh(self):
        """Ask the providers for the facts of saved methods that are missing or about to change."""
        commit_progress = self.env["ir.cron"]._commit_progress
        tokens = self._search_to_refresh()
        commit_progress(remaining=len(tokens))
        for token in tokens:
            token.recovery_asked_at = fields.Datetime.now()
            try:
                with self.env.cr.savepoint():
                    token._recovery_refresh()
            except (ValidationError, ValueError) as error:
                _logger.info("The provider tells nothing of the token %s: %s", token.id, error)
            if not commit_progress(1):
                return

    @api.model
    def _search_to_refresh(self, limit=500):
        now = fields.Datetime.now()
        is_unknown = Domain("recovery_network", "=", False) & self._was_asked_before(
            now - REFRESH_WAIT
        )
        # Its network may have renewed it without our having heard of it.
        is_expiring = Domain(
            "recovery_expiry", "<=", now.date() + EXPIRY_NOTICE
        ) & self._was_asked_before(now - EXPIRY_REFRESH_WAIT)
        can_be_asked = Domain(
            [
                ("provider_id.code", "in", self._get_refreshable_providers()),
                ("provider_id.state", "in", ("enabled", "test")),
            ]
        )
        return self.search(can_be_asked & (is_unknown | is_expiring), limit=limit)

    @api.model
    def _was_asked_before(self, instant):
        return Domain("recovery_asked_at", "=", False) | Domain("recovery_asked_at", "<", instant)

    @api.model
    def _get_refreshable_providers(self):
        """Return the codes of the providers that :meth:`_recovery_refresh` can ask.

        Hook for addons of providers that can be asked.
        """
        return ["stripe"]

    def _recovery_refresh(self):
        """Ask the provider for the facts of this method and keep them.

        Hook for addons of providers that can be asked.

        :raise ValidationError: when the provider does not answer
        """
        self.ensure_one()
        if self.provider_code != "stripe":
            return
        asked_at = fields.Datetime.now()
        # In sudo mode: providers are readable by administrators only.
        method = self.provider_id.sudo()._send_api_request(
            "GET", f"payment_methods/{self.stripe_payment_method}"
        )
        self._recovery_note_facts(read_method("stripe", {"payment_method": method}), asked_at)
        if method.get("customer", True) is None:  # Detached, which is for good.
            self._recovery_note_removed(asked_at)
