from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    recovery_charge_test_providers = fields.Boolean(
        help="Let automatic charges use providers in test mode. Their payments move no money but "
        "mark invoices as paid: never allow it in a database that you do your books in.",
    )
    recovery_share_timing = fields.Boolean(
        string="Share What Is Learned About Timing",
        help="The smart retry schedule of this company also learns from the charges of the other "
        "companies that share, and they from its charges. Only outcomes of charges are shared.",
    )
