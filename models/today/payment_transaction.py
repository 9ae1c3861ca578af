# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A payment that its provider tells of by itself shows that the webhook is heard."""

from odoo import models
from odoo.http import request

# As the addresses of the providers' webhooks end, in Odoo's own addons.
WEBHOOKS = ("/webhook", "/notification")


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _process(self, provider_code, payment_data):
        """Override of `payment` to note that the provider was heard.

        Its addon has verified by now that it was the provider.
        """
        result = super()._process(provider_code, payment_data)
        if request and any(end in request.httprequest.path for end in WEBHOOKS):
            # In sudo mode: whoever calls a webhook has no rights.
            (self or result).provider_id.sudo()._recovery_note_heard()
        return result
