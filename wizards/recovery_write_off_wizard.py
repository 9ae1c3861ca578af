# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.policy.choices import check_choice
from ..models.policy.recovery_policy import WRITE_OFF_ACCOUNT_DOMAIN
from ..tools.said import say


class RecoveryWriteOffWizard(models.TransientModel):
    _name = "recovery.write.off.wizard"
    _description = "Recovery: Write Off"
    _check_company_auto = True

    case_id = fields.Many2one(comodel_name="recovery.case", required=True, readonly=True)
    company_id = fields.Many2one(related="case_id.company_id")
    currency_id = fields.Many2one(related="case_id.currency_id")
    amount = fields.Monetary(
        related="case_id.move_id.amount_residual",
        string="Amount",
        help="All that is open on the invoice.",
    )
    account_id = fields.Many2one(
        comodel_name="account.account",
        required=True,
        check_company=True,
        compute="_compute_account_id",
        store=True,
        precompute=True,
        readonly=False,
        domain=WRITE_OFF_ACCOUNT_DOMAIN,
        help="The loss is booked on this account.",
    )
    date = fields.Date(
        required=True,
        default=fields.Date.context_today,
        help="The accounting date of the write-off.",
    )

    @api.depends("case_id")
    def _compute_account_id(self):
        for wizard in self:
            wizard.account_id = wizard.case_id.policy_id.write_off_account_id

    @api.constrains("account_id")
    def _check_account(self):
        for wizard in self:
            check_choice(wizard, "account_id", WRITE_OFF_ACCOUNT_DOMAIN)

    def action_confirm(self):
        """Book the loss and close the case as lost."""
        self.ensure_one()
        if not self.env.user.has_group("revenue_recovery.group_recovery_manager"):
            raise AccessError(self.env._("Only a recovery manager may write an invoice off."))
        self.case_id.check_access("write")
        self.case_id.move_id.check_access("write")
        if block := self.case_id._get_in_flight_sentence():
            raise UserError(block)
        # In sudo mode: a manager of recoveries need not be allowed to make journal entries.
        case_sudo = self.case_id.sudo()
        reason = say(self.env, "written_off_by", user=self.env.user.name)
        entry = case_sudo._write_off(self.account_id, self.date)
        case_sudo._close("lost", reason)
        case_sudo.end_reason = reason  # The case may have been lost before.
        return entry._get_records_action(name=self.env._("Write-Off"))
