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
    recovery_due_soon_days = fields.Integer(
        string="Days Before Due",
        default=3,
        help="How many days before its due date the event “Invoice due soon” tells of an unpaid "
        "invoice.",
    )
    recovery_large_amount = fields.Monetary(
        string="Large Invoice",
        default=1000.0,
        help="From what amount, in the company's currency, the event “Large invoice failed” tells "
        "of an invoice; with 0 it tells of none.",
    )
