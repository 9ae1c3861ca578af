"""Bank returns that the addon `account_payment_return` of the OCA books, by hand or by import.

That addon is not needed, and neither is one that bridges the two: where its model is loaded, its
confirmation is watched.
"""

import functools
import logging

import psycopg2

from odoo import api, fields, models

from ...declines import read_return

_logger = logging.getLogger(__name__)


def _watch(confirm):
    """Return the method that confirms bank returns, with the recovery after it."""

    @functools.wraps(confirm)
    def action_confirm(self):
        cases = self.env["recovery.case"]
        returned = [(record, cases._collect_returned(record)) for record in self]
        result = confirm(self)
        for record, payments in returned:
            if record.state == "done":
                cases._record_imported_return(record, payments)
        return result

    action_confirm.recovery_origin = confirm
    return action_confirm


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    def _register_hook(self):
        """Override of `base` to watch the confirmation of bank returns, where there are any."""
        super()._register_hook()
        model_class = self.env.registry.get("payment.return")
        confirm = getattr(model_class, "action_confirm", None)
        if confirm and not hasattr(confirm, "recovery_origin"):
            model_class.action_confirm = _watch(confirm)

    def _unregister_hook(self):
        """Override of `base` to let go of the method that is watched."""
        result = super()._unregister_hook()
        model_class = self.env.registry.get("payment.return")
        if model_class and hasattr(model_class.action_confirm, "recovery_origin"):
            del model_class.action_confirm
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _collect_returned(self, record):
        """Return what a bank return is about to take off its invoices.

        :param record: a `payment.return`
        :return: for each of the payments: the line of the return, the payment, empty where a bank
            transaction paid without one, and the invoices it paid
        """
        return [
            (
                line,
                move_line.move_id.origin_payment_id,
                move_line.matched_debit_ids.debit_move_id.move_id.filtered(
                    lambda move: move.is_sale_document(True)
                ),
            )
            for line in record.line_ids
            for move_line in line.move_line_ids
        ]

    @api.model
    def _record_imported_return(self, record, returned):
        """Recover the invoices of a confirmed bank return.

        Its entry is booked by then; what goes wrong here must not undo it.
        """
        for line, payment, moves in returned:
            try:
                with self.env.cr.savepoint():
                    self._record_imported_payment(record, line, payment, moves)
            except psycopg2.OperationalError:
                raise  # Odoo runs the request once more.
            except Exception as error:
                _logger.exception("The return %s could not be recovered", record.display_name)
                # In sudo mode: whoever books returns need not be allowed to see cases.
                moves.sudo().recovery_case_id._ask_for_attention(
                    self.env._("The bank's return could not be followed: %(error)s", error=error)
                )

    @api.model
    def _record_imported_payment(self, record, line, payment, moves):
        # In sudo mode: attempts and cases are written by the engine only.
        cases_sudo = self.sudo()
        payment_sudo = payment.sudo()
        decline = read_return(
            payment_sudo._recovery_guess_scheme() if payment_sudo else "sepa",
            (line.reason_id.code or "").strip().upper(),
            line.reason_additional_information or "",
            cases_sudo.env["recovery.decline.code"]._get_taxonomy(),
        )
        payment_sudo.recovery_return_move_id = record.move_id
        date = record.date or fields.Date.context_today(self)
        cases_sudo._record_return(payment_sudo, decline, date, moves.sudo())
