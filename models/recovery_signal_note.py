"""What happened to a payment method is told on the case by the job that follows it."""

from odoo import api, fields, models
from odoo.tools import SQL


class RecoverySignal(models.Model):
    _inherit = "recovery.signal"

    note = fields.Char(help="A sentence for the chatter of the invoice's open case.")

    @api.model
    def _raise_note(self, moves, note):
        """Queue a sentence for the open cases of these invoices, and wake the job."""
        if moves:
            self.sudo().create([{"move_id": move.id, "note": note} for move in moves])
            self.env.ref("revenue_recovery.ir_cron_recovery_follow").sudo()._trigger()

    @api.model
    def _take(self, move):
        """Extended to write the sentences on the case, in the transaction that follows it."""
        rows = self.env.execute_query(
            SQL(
                """
                DELETE FROM recovery_signal
                 WHERE id IN (SELECT id FROM recovery_signal
                               WHERE move_id = %s AND note IS NOT NULL
                                 FOR UPDATE SKIP LOCKED)
                RETURNING id, note
                """,
                move.id,
            )
        )
        transactions = super()._take(move)
        if not rows:
            return transactions
        for note in dict.fromkeys(note for _id, note in sorted(rows)):
            move.recovery_case_id.message_post(body=note)
        return transactions or self.env["payment.transaction"]
