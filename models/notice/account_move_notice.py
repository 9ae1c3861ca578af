"""What the sender of notices asks of invoices."""

from odoo import fields, models
from odoo.tools import SQL

from ..case.recovery_attempt import IN_FLIGHT


class AccountMove(models.Model):
    _inherit = "account.move"

    def _filter_in_flight(self, longest):
        """Return those of these invoices that money may be on its way for, or not booked yet.

        :param longest: for how long an unfinished payment counts
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT move_id FROM recovery_attempt
                 WHERE move_id IN %(moves)s AND state IN %(in_flight)s AND started_at > %(since)s
                 UNION
                SELECT rel.invoice_id
                  FROM account_invoice_transaction_rel rel
                  JOIN payment_transaction transaction ON transaction.id = rel.transaction_id
                  JOIN payment_provider provider ON provider.id = transaction.provider_id
                 WHERE rel.invoice_id IN %(moves)s
                   AND transaction.operation NOT IN ('validation', 'refund')
                   AND provider.code != 'custom' -- He only said that he would transfer it.
                   AND (transaction.state IN ('pending', 'authorized')
                        OR transaction.state = 'done'
                       AND transaction.is_post_processed IS NOT TRUE)
                   AND transaction.last_state_change > %(since)s
                """,
                moves=tuple(self.ids) or (0,),
                in_flight=IN_FLIGHT,
                since=fields.Datetime.now() - longest,
            )
        )
        return self.browse(move_id for (move_id,) in rows)
