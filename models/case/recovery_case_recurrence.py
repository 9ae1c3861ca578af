from odoo import fields, models

from .account_move_recurrence import RECURRENCES


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    recurrence = fields.Selection(
        selection=RECURRENCES,
        default="once",
        readonly=True,
        copy=False,
        help="How often invoices like this one were made when the case opened: by Odoo's "
        "recurring entries, or by a contract or subscription of an addon that is known.",
    )
