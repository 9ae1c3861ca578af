# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import os
from urllib.parse import urlsplit

from odoo import models
from odoo.exceptions import UserError

GATEWAY_VARIABLE = "RECOVERY_GATEWAY_URL"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _build_request_url(self, endpoint, *, is_proxy_request=False, **kwargs):
        """Override of `payment` to call the simulated gateway instead of Stripe.

        The environment decides, not a setting: a database that is copied to production must not
        carry the detour with it. `UserError` rather than `ValidationError`, which Stripe's charge
        would take for a decline.
        """
        gateway = os.environ.get(GATEWAY_VARIABLE)
        if self.code != "stripe" or not gateway:
            return super()._build_request_url(endpoint, is_proxy_request=is_proxy_request, **kwargs)
        if is_proxy_request:
            raise UserError(self.env._("The simulated gateway has no Stripe Connect onboarding."))
        address = urlsplit(gateway)
        if address.scheme != "http" or address.hostname not in LOOPBACK:
            raise UserError(
                self.env._(
                    "%(variable)s is %(url)s, which is not on this machine: simulated payments go "
                    "to a loopback address such as http://127.0.0.1:8123 only.",
                    variable=GATEWAY_VARIABLE,
                    url=gateway,
                )
            )
        return f"{gateway.rstrip('/')}/v1/{endpoint}"
