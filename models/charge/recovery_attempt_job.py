"""The job that charges, and what a person says of an unknown outcome."""

from datetime import timedelta

from odoo import api, fields, models

from ..case.recovery_invoice_queue import FOLLOW

FOLLOW.fill("unknown outcomes", ("recovery.attempt", "_resolve_due"))


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    def action_confirm_charged(self):
        """Record a person's word that the provider did charge an attempt of unknown outcome."""
        self.ensure_one()
        return self._confirm_outcome(charged=True)

    def action_confirm_not_charged(self):
        """Record a person's word that the provider did not charge an unknown attempt."""
        self.ensure_one()
        return self._confirm_outcome(charged=False)

    @api.model
    def _cron_charge(self):
        """Charge what is due, each attempt in database transactions of its own.

        Any number of workers, on any number of hosts, may run this at once.
        """
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(remaining=self._count_due())
        while attempt := self._claim():
            attempt._carry_out()
            if not commit_progress(1):
                return
        commit_progress(remaining=0)

    @api.model
    def _count_due(self, limit=1000):
        domain = [("state", "=", "planned"), ("planned_at", "<=", fields.Datetime.now())]
        # In the order of the index: a bare count makes PostgreSQL read the whole table.
        return len(self._search(domain, order="planned_at, id", limit=limit))

    @api.model
    def _get_resolve_waits(self):
        """Return the waits after which the provider is asked again for an unknown outcome."""
        return [timedelta(minutes=minutes) for minutes in (0, 1, 5, 30, 120, 480)]

    def _follow_transactions(self):
        """Fill the hook: attempts that a living worker charges are left to it."""
        changed = super()._follow_transactions()
        for attempt in self:
            is_open = attempt.state in ("running", "unknown")
            if is_open and not attempt._take_lock("running", "unknown"):
                continue  # Its worker is alive and follows by itself.
            changed |= attempt._follow_transaction()
        return changed
