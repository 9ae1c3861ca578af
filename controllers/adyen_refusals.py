# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import http
from odoo.http import request

from odoo.addons.payment_adyen.controllers.main import AdyenController


class AdyenRefusals(AdyenController):
    @http.route()
    def adyen_webhook(self):
        """Override of `payment_adyen` to take over the refusals that it passes over.

        Odoo's controller has verified the signatures by then, or has answered 403.
        """
        response = super().adyen_webhook()
        for item in request.get_json_data()["notificationItems"]:
            # In sudo mode: the signature, not a user, gives the right to change anything.
            transactions_sudo = request.env["payment.transaction"].sudo()
            transactions_sudo._recovery_take_adyen_item(item["NotificationRequestItem"])
        return response
