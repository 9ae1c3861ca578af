# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields, models


class RecoveryPartsWizardLine(models.TransientModel):
    _name = "recovery.parts.wizard.line"
    _description = "Recovery: One of the Parts"
    _order = "day, id"

    wizard_id = fields.Many2one(
        comodel_name="recovery.parts.wizard", required=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    day = fields.Date(required=True, help="On which it is charged, where the customer lives.")
    amount = fields.Monetary(required=True)
