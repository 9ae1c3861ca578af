import calendar
import logging
from datetime import date, timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..declines import read_method

_logger = logging.getLogger(__name__)

RECOVERY_GROUP = "revenue_recovery.group_recovery_user"
# How often a provider is asked for the facts of a saved method that it didn't tell.
REFRESH_WAIT = timedelta(days=30)


class PaymentToken(models.Model):
    _inherit = "payment.token"

    recovery_network = fields.Char(
        string="Network",
        readonly=True,
        groups=RECOVERY_GROUP,
        help="The card network, or the scheme of a bank debit, as the provider tells it.",
    )
    recovery_funding = fields.Selection(
        selection=[("credit", "Credit"), ("debit", "Debit"), ("prepaid", "Prepaid")],
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

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment` to let open cases of the customer try the new method."""
        tokens = super().create(vals_list)
        tokens._recovery_raise_signals()
        return tokens

    def write(self, vals):
        """Override of `payment` to let open cases follow a method that comes or goes."""
        result = super().write(vals)
        if "active" in vals:
            self._recovery_raise_signals()
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

    # === RECOVERY === #

    def _recovery_raise_signals(self):
        """Let the open cases of these methods' customers choose a method anew."""
        # In sudo mode: a customer who saves a card in the portal can't read cases.
        partners_sudo = self.sudo().partner_id.commercial_partner_id
        partners_sudo._recovery_raise_signals()

    def _recovery_note_facts(self, facts):
        """Keep what a provider tells of this method; what it doesn't tell stays as it was.

        :param declines.MethodFacts facts:
        """
        self.ensure_one()
        told = {
            "recovery_network": facts.network,
            "recovery_funding": facts.funding,
            "recovery_country": facts.country,
            "recovery_expiry": _get_last_day(facts.exp_year, facts.exp_month),
            "recovery_fingerprint": facts.fingerprint,
        }
        news = {name: value for name, value in told.items() if value and value != self[name]}
        if not news:
            return
        is_update = self._recovery_is_update(news)
        self.write(news)
        if is_update:
            self._recovery_mark_updated()

    def _recovery_is_update(self, news):
        """Tell whether facts are those of a new card or account, rather than learned late."""
        self.ensure_one()
        is_other = self.recovery_fingerprint and "recovery_fingerprint" in news
        is_renewed = self.recovery_expiry and (
            news.get("recovery_expiry", self.recovery_expiry) > self.recovery_expiry
        )
        return bool(is_other or is_renewed)

    def _recovery_mark_updated(self):
        """Forget what earlier declines said of these methods; gated cases charge at once."""
        self.write({"recovery_updated_at": fields.Datetime.now()})
        self._recovery_raise_signals()

    # === CRON === #

    @api.model
    def _cron_refresh(self):
        """Ask the providers for the facts of saved methods that they have not told yet."""
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
        asked_before = fields.Datetime.now() - REFRESH_WAIT
        return self.search(
            [
                ("recovery_network", "=", False),
                ("provider_id.code", "in", self._get_refreshable_providers()),
                ("provider_id.state", "in", ("enabled", "test")),
                "|",
                ("recovery_asked_at", "=", False),
                ("recovery_asked_at", "<", asked_before),
            ],
            limit=limit,
        )

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
        # In sudo mode: providers are readable by administrators only.
        method = self.provider_id.sudo()._send_api_request(
            "GET", f"payment_methods/{self.stripe_payment_method}"
        )
        self._recovery_note_facts(read_method("stripe", {"payment_method": method}))


def _get_last_day(year, month):
    """Return the last day of a month, or none."""
    return year and month and date(year, month, calendar.monthrange(year, month)[1])
