# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, models
from odoo.exceptions import UserError

SECRET_KEY = "sk_test_simulation"
PUBLISHABLE_KEY = "pk_test_simulation"
WEBHOOK_SECRET = "whsec_simulation"
# Stripe's names that differ from Odoo's codes of payment methods.
METHOD_CODES = {
    "bacs_debit": "bacs_direct_debit",
    "sepa_debit": "sepa_direct_debit",
    "us_bank_account": "ach_direct_debit",
}


class RecoverySimulation(models.AbstractModel):
    """Sets the scene for tests and the demo; nothing here is reachable by RPC."""

    _name = "recovery.simulation"
    _description = "Simulated payments"

    @api.model
    def _configure_provider(self, company=None, *, state="test", journal=None, **values):
        """Make the Stripe provider of a company ready to charge through the gateway.

        A change of state archives the provider's tokens, as it always does in Odoo.

        :param res.company company: with its chart of accounts loaded; by default the current one
        :param str state: `test` or `enabled`
        :param account.journal journal: where payments are posted; by default the first bank journal
        :param dict values: other values of the provider
        :return: the `payment.provider`, in sudo
        :raise UserError: when the company has no bank journal
        """
        company = company or self.env.company
        journal = journal or self.env["account.journal"].sudo().search(
            [("company_id", "=", company.id), ("type", "=", "bank")], limit=1
        )
        if not journal:
            raise UserError(
                self.env._(
                    "%(company)s has no bank journal; load its chart of accounts first.",
                    company=company.name,
                )
            )
        provider_sudo = self._find_or_copy_provider(company)
        provider_sudo.write(
            {
                "allow_tokenization": True,
                "is_published": True,
                "state": state,
                "stripe_publishable_key": PUBLISHABLE_KEY,
                "stripe_secret_key": SECRET_KEY,
                "stripe_webhook_secret": WEBHOOK_SECRET,
                **values,
            }
        )
        provider_sudo.journal_id = journal
        # The gateway takes as many requests as there are; the recovery need not be installed.
        if "recovery_request_rate" in provider_sudo._fields:
            provider_sudo.recovery_request_rate = 0.0
        return provider_sudo

    @api.model
    def _create_payer(self, provider, method, **partner_values):
        """Create a customer whose saved payment method is one of the gateway.

        :param payment.provider provider: configured by `_configure_provider`
        :param SavedMethod method: from the gateway client's `create_card`
        :param dict partner_values: of the partner; `name` at least
        :return: the `payment.token`, in sudo
        """
        partner = self.env["res.partner"].create(partner_values)
        return self._save_method(provider, method, partner)

    @api.model
    def _save_method(self, provider, method, partner):
        """Give an existing customer a payment method of the gateway.

        :param payment.provider provider: configured by `_configure_provider`
        :param SavedMethod method: from the gateway client's `create_card`
        :param res.partner partner: the customer
        :return: the `payment.token`, in sudo
        """
        provider_sudo = provider.sudo()
        return (
            self.env["payment.token"]
            .sudo()
            .create(
                {
                    "provider_id": provider_sudo.id,
                    "payment_method_id": self._find_payment_method(provider_sudo, method).id,
                    "partner_id": partner.id,
                    "payment_details": method.last4,
                    "provider_ref": method.customer,
                    "stripe_payment_method": method.payment_method,
                }
            )
        )

    @api.model
    def _find_or_copy_provider(self, company):
        # Installing a provider copies it for every company; later companies get theirs here.
        providers_sudo = self.env["payment.provider"].sudo().search([("code", "=", "stripe")])
        of_company = providers_sudo.filtered(lambda provider: provider.company_id == company)
        return of_company[:1] or providers_sudo[:1].copy({"company_id": company.id})

    @api.model
    def _find_payment_method(self, provider_sudo, method):
        """Return the payment method of a saved one: the brand for cards, as Odoo records it."""
        # Methods that no provider of the database has used yet are archived.
        known_sudo = provider_sudo.with_context(active_test=False).payment_method_ids
        wanted = METHOD_CODES.get(method.type) or method.details["brand"]
        found_sudo = (known_sudo | known_sudo.brand_ids).filtered(lambda pm: pm.code == wanted)
        if not found_sudo:
            found_sudo = known_sudo.filtered(lambda pm: pm.code == "card")
        found_sudo.active = True
        return found_sudo[:1]
