# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    call_about_payment = fields.Boolean(help="Somebody of the sales team calls about a payment.")
    recovered_count = fields.Integer(help="How often a failed payment of this customer came back.")
