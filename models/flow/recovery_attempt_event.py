"""Outcomes of charges become events when the case has followed them, never in the charge."""

from odoo import fields, models

OUTCOME_STATES = ("declined", "not_sent", "refused", "paid")


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    is_news = fields.Boolean(
        readonly=True, copy=False, help="Automation rules are still to be told of its outcome."
    )

    # === BUSINESS METHODS === #

    def _set_state(self, target, **values):
        """Override to keep, in the same statement, that rules wait for the outcome."""
        if target in OUTCOME_STATES and self.env["recovery.event"]._is_awaited():
            values["is_news"] = True
        return super()._set_state(target, **values)

    def _postpone(self, instant, sentence, rule=None):
        """Override to keep that rules wait for the news of a network's rule."""
        result = super()._postpone(instant, sentence, rule)
        if rule and self.env["recovery.event"]._is_awaited():
            self.is_news = True
            self.env["recovery.invoice.queue"]._add(self.move_id)
        return result

    def _raise_outcome(self):
        """Write the event of what became of this charge."""
        self.ensure_one()
        if self.state in ("planned", "refused") and self.rule_id:
            self._raise_ceiling()
        elif self.state == "paid":
            self._raise_event("attempt_succeeded")
        elif self.state in OUTCOME_STATES:
            self._raise_event("attempt_failed")

    def _raise_ceiling(self):
        """Tell that a network's rule holds this charge back."""
        self._raise_event("ceiling_reached")

    def _raise_event(self, type):
        self.env["recovery.event"]._raise(
            type, attempt=self, sentence=self.sentence or self.display_name
        )
