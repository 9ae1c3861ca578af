# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import logging

from werkzeug.exceptions import BadRequest, Forbidden

from odoo import http
from odoo.http import request

from ..models.case.return_events import take_events
from ..models.method.payment_provider import EVENTS_PATH

_logger = logging.getLogger(__name__)

# Events are a few kilobytes; nobody unknown may make the server read more.
MAX_BODY = 256 * 1024


class RecoveryEvents(http.Controller):
    @http.route(
        f"{EVENTS_PATH}/<string:code>/<int:provider_id>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=MAX_BODY,
    )
    def receive_event(self, code, provider_id):
        """Take over what a payment provider tells of a saved method, or of money taken back.

        Apart from the provider's own webhook, which belongs to its addon and verifies nothing
        where no payment is concerned.

        :return: 200 for what is genuine, known or not; 403 for what isn't, and 400 for what can't
            be read
        """
        # In sudo mode: the signature, not a user, gives the right to change anything.
        provider_sudo = request.env["payment.provider"].sudo().browse(provider_id).exists()
        headers, body = request.httprequest.headers, request.httprequest.get_data()
        is_right = provider_sudo and provider_sudo._get_code() == code
        if not is_right or not provider_sudo._recovery_is_authentic(headers, body):
            _logger.warning("Refused an event for the provider %s %s", code, provider_id)
            raise Forbidden()
        provider_sudo._recovery_note_heard()
        try:
            payload = request.get_json_data()
            provider_sudo._recovery_take_event(payload)
            take_events(request.env, code, payload)
        except (ValueError, RecursionError) as error:
            _logger.warning("Unreadable event for the provider %s: %s", provider_id, error)
            raise BadRequest("The event can't be read.") from error
        # Adyen asks for these words, Stripe for none.
        return request.make_response("[accepted]", [("Content-Type", "text/plain")])
