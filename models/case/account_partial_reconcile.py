# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `account` to let cases follow what is paid or credited."""
        partials = super().create(vals_list)
        partials._queue_invoices()
        partials._note_taken_off(False)
        return partials

    def unlink(self):
        """Override of `account` to let cases follow a payment that is taken off again."""
        if not self:  # Odoo calls it a dozen times for each payment, with nothing to undo.
            return super().unlink()
        self._queue_invoices()
        # In sudo mode: whoever undoes a return need not be allowed to see cases.
        payments_sudo = self.sudo()._get_returned_payments()
        returns_sudo = payments_sudo.env["recovery.return"].search(
            [("entry_id", "in", self.sudo().debit_move_id.move_id.ids)]
        )
        self._note_taken_off(True)
        result = super().unlink()
        payments_sudo._recovery_undo_return()
        returns_sudo._note_undone()
        return result

    def _note_taken_off(self, is_off):
        """Note that payments are matched with invoices, or are not any more."""
        # In sudo mode: whoever matches payments need not be allowed to see cases.
        of_invoices_sudo = self.sudo().filtered(
            lambda partial: partial.debit_move_id.move_id.move_type == "out_invoice"
        )
        payments_sudo = of_invoices_sudo.credit_move_id.move_id.origin_payment_id
        changed_sudo = payments_sudo.filtered(lambda each: each.recovery_taken_off != is_off)
        if changed_sudo:
            changed_sudo.recovery_taken_off = is_off

    def _get_returned_payments(self):
        """Return the payments whose booked return is among these reconciliations."""
        payments = self.env["account.payment"].search(
            [("recovery_return_move_id", "in", self.debit_move_id.move_id.ids)]
        )
        return payments.filtered(lambda payment: payment.move_id in self.credit_move_id.move_id)

    def _queue_invoices(self):
        moves = self.debit_move_id.move_id
        # What is matched with a credit note of an invoice may have paid it out.
        moves |= self.credit_move_id.move_id.reversed_entry_id
        self.env["recovery.invoice.queue"]._add_followed(moves)
