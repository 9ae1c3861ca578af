# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import os

from odoo import models

KEEP_MAIL_VARIABLE = "RECOVERY_KEEP_MAIL"


class IrMailServer(models.Model):
    """Keeps the demo's e-mails: they count as sent, and nobody gets them.

    The environment decides, as it does where charges go.
    """

    _inherit = "ir.mail_server"

    def _connect__(self, *args, **kwargs):  # noqa: PLW3201
        """Override of `base` to reach no server."""
        return None if os.environ.get(KEEP_MAIL_VARIABLE) else super()._connect__(*args, **kwargs)

    def send_email(self, message, *args, **kwargs):
        """Override of `base` to send nothing."""
        if os.environ.get(KEEP_MAIL_VARIABLE):
            return message["Message-Id"]
        return super().send_email(message, *args, **kwargs)
