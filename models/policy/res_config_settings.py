# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.http import request
from odoo.tools import config

_FORWARDED = ("X-Forwarded-For", "X-Real-Ip", "Forwarded")


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    recovery_charge_test_providers = fields.Boolean(
        related="company_id.recovery_charge_test_providers", readonly=False
    )
    recovery_share_timing = fields.Boolean(
        related="company_id.recovery_share_timing", readonly=False
    )
    recovery_small_rests_wait = fields.Boolean(
        related="company_id.recovery_small_rests_wait", readonly=False
    )
    recovery_due_soon_days = fields.Integer(
        related="company_id.recovery_due_soon_days", readonly=False
    )
    recovery_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of Recovery"
    )
    recovery_large_amount = fields.Monetary(
        related="company_id.recovery_large_amount",
        currency_field="recovery_currency_id",
        readonly=False,
    )
    recovery_proxy_warning = fields.Char(compute="_compute_recovery_proxy_warning")

    @api.depends_context("uid")
    def _compute_recovery_proxy_warning(self):
        self.recovery_proxy_warning = self._find_proxy_warning()

    @api.model
    def _find_proxy_warning(self):
        """Return why Odoo does not know its visitors' addresses; empty where it seems to.

        The settings come the same way as the customers' page: a proxy tells of itself in a header.
        """
        headers = request.httprequest.headers if request else {}
        if not any(name in headers for name in _FORWARDED):
            return False
        if not config["proxy_mode"]:
            return self.env._(
                "Requests arrive through a proxy, and Odoo does not take its word for whom they "
                "are from: all customers count as one visitor of the payment page, and one of them "
                "can use up its limits for all. Start Odoo with proxy_mode."
            )
        if "X-Forwarded-Host" not in headers:
            return self.env._(
                "The proxy does not send the header X-Forwarded-Host, without which Odoo does not "
                "take its word for whom requests are from: all customers count as one visitor of "
                "the payment page, and one of them can use up its limits for all."
            )
        return False
