from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    recovery_charge_test_providers = fields.Boolean(
        help="Let automatic charges use providers in test mode. Their payments move no money but "
        "mark invoices as paid: never allow it in a database that you do your books in.",
    )
