from odoo import models


class PaymentToken(models.Model):
    _inherit = "payment.token"

    def get_linked_records_info(self):
        """Override of `payment` to show a customer which invoices a payment method pays."""
        # Anybody who is logged in can call this, with any id.
        self.check_access("read")
        linked = super().get_linked_records_info()
        # In sudo mode: the customer may see the names of his own invoices.
        invoices_sudo = (
            self.sudo()
            .env["account.move"]
            .search(
                [
                    ("collect_token_id", "=", self.id),
                    ("collect_automatically", "=", True),
                    ("state", "=", "posted"),
                    ("payment_state", "in", ("not_paid", "partial")),
                ]
            )
        )
        return linked + [
            {
                "description": self.env._("Invoice"),
                "id": invoice.id,
                "name": invoice.name,
                "url": invoice.get_portal_url(),
            }
            for invoice in invoices_sudo
        ]
