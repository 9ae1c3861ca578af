# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models

from ...tools import jobs
from ..case.recovery_invoice_queue import FOLLOW
from .queue_job import MOST_WAITING, NEXT_LOOK, JobQueue


class RecoveryInvoiceQueue(models.Model):
    _inherit = "recovery.invoice.queue"

    # === BUSINESS METHODS === #

    @api.model
    def _hand_over_due(self):
        """Fill the hook to make jobs of `queue_job`: one for each invoice, two for the calendar."""
        queue = JobQueue(self.env)
        if not queue.is_used():
            return super()._hand_over_due()
        queue.prepare()
        moves = self._find_due_moves(MOST_WAITING - queue.count_waiting("follow"))
        if len(moves) < self._count_due(limit=MOST_WAITING):
            self._wake(fields.Datetime.now() + NEXT_LOOK)  # The rest, when some of it is done.
        for move in moves:
            description = self.env._(
                "Follow %(invoice)s, %(customer)s",
                invoice=move.name,
                customer=move.commercial_partner_id.display_name,
            )
            queue.put(
                move.with_company(move.company_id),
                "_recovery_follow_by_job",
                f"follow:{move.id}",
                description,
            )
            jobs.commit(self.env, 1)
        calendar = self.env._("Follow what the calendar says")
        queue.put(self, "_follow_by_job", "follow", calendar, priority=20)
        queue.put(self, "_send_by_job", "send", self.env._("Send the notices that are due"))
        return True

    @api.model
    def _follow_by_job(self):
        """Do what the follow job does beside the invoices, but for the notices."""
        self.env["recovery.return"]._book_due()
        for name, (model, method) in FOLLOW.items():
            if name != "notices":
                getattr(self.env[model], method)()

    @api.model
    def _send_by_job(self):
        """Send the notices that are due."""
        self.env["recovery.notice"]._send_due()
