# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import models

from .delivery import Delivery


class MailMail(models.Model):
    _inherit = "mail.mail"

    def write(self, vals):
        """Override of `mail` to let notices know of e-mails that somebody cancelled."""
        result = super().write(vals)
        if vals.get("state") == "cancel":
            # In sudo mode: who cancels mail needn't be an accountant.
            Delivery(self.env(su=True)).follow_removal(self)
        return result

    def unlink(self):
        """Override of `mail` to let notices know of e-mails deleted before they were sent."""
        unsent = self.filtered(lambda mail: mail.state in ("outgoing", "exception"))
        if unsent:
            Delivery(self.env(su=True)).follow_removal(unsent)
        return super().unlink()

    def _postprocess_sent_message(self, *args, **kwargs):
        """Override of `mail` to let notices know what became of e-mails that were to be sent."""
        messages = self.mail_message_id
        result = super()._postprocess_sent_message(*args, **kwargs)
        # In sudo mode: who sends mail needn't be an accountant.
        Delivery(self.env(su=True)).follow(messages)
        return result
