# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import models
from odoo.http import request

from .return_events import WEBHOOKS, take_webhook


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _dispatch(cls, endpoint):
        """Override of `base` to read the providers' webhooks before their own addons do.

        These addons need not be there, and can't be extended where they are not.
        """
        http_request = request.httprequest
        if http_request.method == "POST" and http_request.path in WEBHOOKS:
            cls._recovery_take_webhook(WEBHOOKS[http_request.path])
        return super()._dispatch(endpoint)

    @classmethod
    def _recovery_take_webhook(cls, provider_code):
        http_request = request.httprequest
        body = http_request.get_data()
        try:
            payload = request.get_json_data()
        except (ValueError, RecursionError):
            return  # The addon says so.
        take_webhook(request.env, provider_code, http_request.headers, body, payload)
