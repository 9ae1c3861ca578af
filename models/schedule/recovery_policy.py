# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.parts import FEWEST, MOST


class RecoveryPolicy(models.Model):
    _inherit = "recovery.policy"

    parts_most = fields.Integer(
        string="Parts",
        default=0,
        help="In how many parts a debt may be paid at most, from 2 to 6: the customer agrees to it "
        "on their page, or a person writes it down. Each part is charged to the saved payment "
        "method on its day. 0: nothing is paid in parts.",
    )
    parts_from = fields.Monetary(
        string="Owed From",
        currency_field="company_currency_id",
        default=100.0,
        help="Only what is at least so much may be paid in parts, in the company's currency.",
    )
    parts_least = fields.Monetary(
        string="Least Part",
        currency_field="company_currency_id",
        default=25.0,
        help="No part is less, in the company's currency.",
    )
    parts_days = fields.Integer(
        string="Longest Time",
        default=90,
        help="The last part is charged at most so many days after it was agreed.",
    )
    parts_a_year = fields.Integer(
        string="Times a Year",
        default=1,
        help="How often in a year a customer may agree to it on their page, whatever their "
        "invoices. A person may always write it down for them.",
    )
    parts_failure = fields.Selection(
        selection=[
            ("wait", "Later parts wait until it is paid"),
            ("go_on", "Later parts are charged on their days"),
        ],
        string="When a Part Fails",
        default="wait",
        required=True,
        help="A part that fails is tried again by the retry schedule, which it has to itself. When "
        "that is used up, and no later part is left that may go on, the plan is broken: the whole "
        "debt is recovered again, with the whole window.",
    )
    parts_remind_days = fields.Integer(
        string="Remind Before",
        default=3,
        help="The customer is reminded by e-mail so many days before each part, within their one "
        "message a day. 0: no reminder.",
    )

    @api.constrains("parts_most", "parts_days", "parts_a_year", "parts_remind_days")
    def _check_parts(self):
        for policy in self:
            if policy.parts_most and not FEWEST <= policy.parts_most <= MOST:
                raise ValidationError(
                    self.env._(
                        "A debt is paid in %(fewest)s to %(most)s parts; 0 offers none.",
                        fewest=FEWEST,
                        most=MOST,
                    )
                )
            if not 1 <= policy.parts_days <= 366:
                raise ValidationError(
                    self.env._("The longest time for parts must be between 1 and 366 days.")
                )
            if not 1 <= policy.parts_a_year <= 12:
                raise ValidationError(
                    self.env._("A customer may agree to parts from 1 to 12 times a year.")
                )
            if not 0 <= policy.parts_remind_days <= 30:
                raise ValidationError(
                    self.env._("A part is announced at most 30 days before it is charged.")
                )

    @api.constrains("parts_from", "parts_least")
    def _check_part_amounts(self):
        for policy in self:
            if policy.parts_from < 0 or policy.parts_least < 0:
                raise ValidationError(
                    self.env._("The amounts of the policy for parts can't be negative.")
                )
