"""What happened to a payment method is told on the case by the job that follows it."""

from odoo import api, fields, models


class RecoveryInvoiceQueue(models.Model):
    _inherit = "recovery.invoice.queue"

    note = fields.Char(help="A sentence for the chatter of the invoice's open case.")

    @api.model
    def _add_note(self, moves, note):
        """Queue a sentence for the open cases of these invoices, and wake the job."""
        if moves:
            self.sudo().create([{"move_id": move.id, "note": note} for move in moves])
            self.env.ref("revenue_recovery.ir_cron_recovery_follow").sudo()._trigger()

    @api.model
    def _write_notes(self, move, notes):
        """Write sentences on the case of an invoice, each once."""
        for note in dict.fromkeys(notes):
            move.recovery_case_id.message_post(body=note)
