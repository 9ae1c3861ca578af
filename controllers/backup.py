# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Where customers agree that a saved payment method is charged when another one fails."""

from odoo import http
from odoo.http import request

from odoo.addons.account_payment.controllers.payment import PaymentPortal

from ..models.method.backup import BackupConsent

# What the tick beside a method that is being saved is called.
TICK = "recovery_backup"


class RecoveryBackup(PaymentPortal):
    @http.route(
        "/my/payment_method/backup", type="http", methods=["POST"], auth="user", website=True
    )
    def arrange_backups(self, **_ignored):
        """Keep which of their own saved methods the user agrees to have charged, in which order."""
        arrange(self._list_backup_tokens(request.env.user.partner_id))
        return request.redirect("/my/payment_method", code=303)

    def _get_extra_payment_form_values(self, **kwargs):
        """Override of `payment` to ask about backups below the user's saved methods."""
        tokens_sudo = self._list_backup_tokens(request.env.user.partner_id)
        return {
            **super()._get_extra_payment_form_values(**kwargs),
            "backup_tokens_sudo": BackupConsent(tokens_sudo).list_in_order(),
            "backup_path": "/my/payment_method/backup",
        }

    @staticmethod
    def _validate_transaction_kwargs(kwargs, additional_allowed_keys=()):
        """Override of `payment` to let the tick beside a method that is being saved through."""
        PaymentPortal._validate_transaction_kwargs(kwargs, (*additional_allowed_keys, TICK))

    def _create_transaction(
        self, *args, custom_create_values=None, recovery_backup=False, **kwargs
    ):
        """Override of `payment` to remember the tick until the method is saved."""
        values = {**(custom_create_values or {}), "recovery_backup": bool(recovery_backup)}
        return super()._create_transaction(*args, custom_create_values=values, **kwargs)

    def _list_backup_tokens(self, partner, company=None):
        """Return a person's own saved methods about which they may be asked, in sudo mode.

        :param company: that would charge them; the website's, or the user's, when not told
        """
        company = company or request.env.company
        # In sudo mode: providers are readable by administrators only.
        tokens_sudo = partner.sudo()._get_collect_tokens(company).sudo()
        return tokens_sudo.filtered(
            lambda token: (
                token.partner_id == partner
                and (token.recovery_backup_at or token.provider_id._recovery_offers_backup())
            )
        )


def arrange(tokens_sudo):
    """Keep what somebody has ticked of their own methods, in the order of the numbers beside them.

    :param tokens_sudo: those that the form showed
    """
    form = request.httprequest.form
    places = {}
    for text in form.getlist("backup")[: len(tokens_sudo)]:
        place = form.get(f"place_{text}", "")
        if text.isdecimal():
            places[int(text)] = int(place) if place.isdecimal() else len(places) + 1
    BackupConsent(tokens_sudo).arrange(sorted(places, key=places.get))
