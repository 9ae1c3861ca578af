# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import models

from .delivery import Delivery


class MailNotification(models.Model):
    _inherit = "mail.notification"

    def write(self, vals):
        """Override of `mail` to let notices follow what the queue says of their messages."""
        result = super().write(vals)
        # `mail` notes each e-mail as failed just before it is sent; what became of it is told after
        # that (see `_postprocess_sent_message`).
        is_attempt = (
            vals.get("notification_status") == "exception" and vals.get("failure_type") == "unknown"
        )
        if "notification_status" in vals and not is_attempt:
            # In sudo mode: who sends mail, or learns of a bounce, needn't be an accountant.
            Delivery(self.env(su=True)).follow(self.mail_message_id)
        return result
