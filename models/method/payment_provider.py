# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What providers tell of saved methods between charges: how it is believed, and set up."""

import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...declines import is_authentic, read_event
from ...declines.events.returns_stripe import EVENTS as STRIPE_RETURNS
from ...tools.instants import aware
from .defaults import DefaultMethods

_logger = logging.getLogger(__name__)

EVENTS_PATH = "/recovery/events"
# The events to switch on at each provider, by their names there.
EVENT_NAMES = {
    "stripe": (
        "payment_method.automatically_updated",
        "payment_method.updated",
        "payment_method.detached",
        *STRIPE_RETURNS,
    ),
    "adyen": ("recurring.token.updated", "recurring.token.disabled"),
}
# The first version in which Stripe gives the networks' updates the name above.
STRIPE_API_VERSION = "2020-08-27"
# Where the providers' own addons keep the secret of their webhook.
_STOCK_SECRETS = {
    "adyen": "adyen_hmac_key",
    "razorpay": "razorpay_webhook_secret",
    "stripe": "stripe_webhook_secret",
    "worldline": "worldline_webhook_secret",
    "xendit": "xendit_webhook_token",
}
# Where the providers' own addons keep the id of a saved method.
_REFERENCES = {"stripe": "stripe_payment_method"}


class PaymentProvider(models.Model):
    _name = "payment.provider"
    # An alert about it is a to-do of somebody who can mend it.
    _inherit = ["payment.provider", "mail.thread", "mail.activity.mixin"]

    recovery_events_secret = fields.Char(
        string="Card Updates Secret",
        copy=False,
        groups="base.group_system",
        help="What the provider signs its news of saved methods, and of money that it takes back, "
        "with: the signing secret (Stripe) "
        "or the HMAC key (Adyen) of the webhook that has the address below. Empty: that of the "
        "webhook for payments. Without either, nothing is believed.",
    )
    recovery_events_url = fields.Char(
        string="Card Updates Address",
        compute="_compute_recovery_events",
        groups="base.group_system",
        help="Where the provider sends its news of saved methods, and of money that it takes back.",
    )
    recovery_events_names = fields.Char(
        string="Events to Switch On",
        compute="_compute_recovery_events",
        groups="base.group_system",
    )

    # === COMPUTE METHODS === #

    @api.depends("code")
    def _compute_recovery_events(self):
        for provider in self:
            code = provider._get_code()
            names = EVENT_NAMES.get(code) if provider._origin else None
            provider.recovery_events_names = names and ", ".join(names)
            provider.recovery_events_url = names and (
                f"{provider.get_base_url()}{EVENTS_PATH}/{code}/{provider._origin.id}"
            )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `payment` to drop the defaults of the company that a provider leaves."""
        result = super().write(vals)
        if "company_id" in vals:
            # In sudo mode: methods of contacts are for few users.
            tokens_sudo = self.env["payment.token"].sudo().with_context(active_test=False)
            tokens_sudo = tokens_sudo.search([("provider_id", "in", self.ids)])
            DefaultMethods(self.env).drop_of(self.env["res.partner"], tokens_sudo)
        return result

    # === ACTION METHODS === #

    def action_recovery_create_events_webhook(self):
        """Set a webhook for news of saved methods up at Stripe, and keep its secret.

        :raise UserError: when there is one already, or no key to ask Stripe with
        :raise ValidationError: when Stripe refuses, for example an address it can't reach
        """
        self.ensure_one()
        self.check_access("write")
        if self.code != "stripe" or not self.stripe_secret_key:
            raise UserError(self.env._("Fill in the secret key of Stripe first."))
        if self.recovery_events_secret:
            raise UserError(
                self.env._(
                    "The webhook is set up already. To make another one, remove the old one at "
                    "Stripe and empty the secret here."
                )
            )
        webhook = self._send_api_request(
            "POST",
            "webhook_endpoints",
            data={
                "url": self.recovery_events_url,
                "enabled_events[]": EVENT_NAMES["stripe"],
                "api_version": STRIPE_API_VERSION,
            },
        )
        if not webhook.get("secret"):
            raise UserError(self.env._("Stripe told no secret. Set the webhook up at Stripe."))
        self.recovery_events_secret = webhook["secret"]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Stripe now tells of cards that change."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # === EVENTS === #

    def _recovery_is_authentic(self, headers, body):
        """Return whether this provider has sent a body; never without a secret.

        Hook for addons of providers that sign in another way.

        :param headers: of the request
        :param bytes body: as it was received
        """
        self.ensure_one()
        if self.state == "disabled":
            return False
        now = aware(fields.Datetime.now())
        secrets = self._recovery_get_events_secrets()
        return is_authentic(self._get_code(), headers, body, secrets, now)

    def _recovery_take_event(self, payload):
        """Take over what the provider tells of a saved method; anything else is left alone.

        Hook for addons of providers whose events are read in another way.

        :param payload: the parsed body, whose signature was verified
        :raise ValueError: when it can't be read
        """
        self.ensure_one()
        event = read_event(self._get_code(), payload)
        if not event:
            return
        tokens = self._recovery_find_tokens(event.reference)
        _logger.info("%s: saved method %s for tokens %s", self.code, event.kind, tokens.ids)
        lang = self.company_id.partner_id.lang  # What is written is for accountants.
        tokens.with_context(lang=lang).with_company(self.company_id)._recovery_note_event(event)

    # === GETTERS === #

    def _recovery_offers_backup(self):
        """Return whether a policy uses backup methods, so that customers are asked about them."""
        policies_sudo = self.env["recovery.policy"].sudo()  # Customers see the answer only.
        domain = [
            ("use_backup_methods", "=", True),
            *policies_sudo._check_company_domain(self.company_id),
        ]
        return bool(policies_sudo.search_count(domain, limit=1))

    def _recovery_get_events_secrets(self):
        """Return the secrets that an event of this provider may be signed with."""
        names = ["recovery_events_secret", _STOCK_SECRETS.get(self._get_code())]
        secrets = [self[name] for name in names if name in self._fields]
        return [secret for secret in secrets if secret]

    def _recovery_find_tokens(self, reference):
        """Return this provider's tokens of a method, by the id that it has there."""
        name = _REFERENCES.get(self._get_code(), "provider_ref")
        if name not in self.env["payment.token"]._fields:
            return self.env["payment.token"]
        return self.env["payment.token"].search(
            [("provider_id", "=", self.id), (name, "=", reference)]
        )
