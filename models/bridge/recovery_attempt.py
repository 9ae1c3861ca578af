# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models

from ...tools import jobs
from .queue_job import MOST_WAITING, NEXT_LOOK, JobQueue, try_later


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    # === BUSINESS METHODS === #

    @api.model
    def _hand_over_due(self):
        """Fill the hook to make jobs of `queue_job`, in the order in which they are to be done."""
        queue = JobQueue(self.env)
        if not queue.is_used():
            return super()._hand_over_due()
        queue.prepare()
        due = self._list_due()
        for priority in range(MOST_WAITING - queue.count_waiting("charge")):
            attempt_id = due.take(self.env)
            if not attempt_id:
                return True
            self._browse_in_company(attempt_id)._put_job(queue, priority)
            due.finish(attempt_id)
            if not jobs.commit(self.env, 1):
                break
        # The rest, when some of it is done.
        self._make_due(fields.Datetime.now() + NEXT_LOOK)
        return True

    def _put_job(self, queue, priority):
        self.ensure_one()
        queue.put(
            self.with_context(lang=self.company_id.partner_id.lang),
            "_charge_by_job",
            f"charge:{self.id}",
            self.env._(
                "Charge %(invoice)s, %(customer)s",
                invoice=self.move_id.name,
                customer=self.partner_id.display_name,
            ),
            priority,
        )

    def _charge_by_job(self):
        """Charge this attempt, if it is still due and no other worker is at it.

        What was sent never raises: `queue_job` repeats only what was put back before.

        :return: what became of it, for the list of jobs
        """
        self.ensure_one()
        attempt, _has_time = self._claim_one(self.id)
        if attempt and not attempt._carry_out().is_recorded and attempt.state == "planned":
            raise try_later(attempt.planned_at, attempt.sentence)
        states = dict(self._fields["state"]._description_selection(self.env))
        return " · ".join(filter(None, (states[self.state], self.sentence)))
