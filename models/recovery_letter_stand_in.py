"""Stand-ins for the links of the customer's page."""

from odoo import models


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    def _get_recovery_link(self, notice=None):
        return self[:1]._get_payment_link()


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_recovery_payment_link(self):
        self.ensure_one()
        return self.sudo()._get_portal_payment_link()


class PaymentToken(models.Model):
    _inherit = "payment.token"

    def _get_recovery_method_link(self, notice=None):
        return f"{self.get_base_url()}/my/payment_method"
