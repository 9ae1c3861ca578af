# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    # A product may know its customers by e-mail only, and asks at every page it shows.
    _recovery_email_idx = models.Index("(email_normalized) WHERE email_normalized IS NOT NULL")
