from odoo import api, fields, models


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    # === ACTION METHODS === #

    def action_retry_now(self):
        """Make the next charge due and wake the job; nothing is charged in this request."""
        reason = self.env._("Asked for by %(user)s.", user=self.env.user.name)
        left_out = self._act_on_each(
            lambda case_sudo: case_sudo._plan_by_user(fields.Datetime.now(), reason)
        )
        self.env["recovery.attempt"]._make_due()
        message = self.env._("The charge goes out as soon as the scheduled job comes to it.")
        return self._notify(message, left_out)

    def action_change_date(self):
        """Ask for another time of the next charge of these cases."""
        return self._open_wizard("date", self.env._("Change Date"))

    def action_skip(self):
        """Leave out the next charge of these cases; the schedule goes on with the one after."""
        reason = self.env._("Skipped by %(user)s.", user=self.env.user.name)
        left_out = self._act_on_each(lambda case_sudo: case_sudo._skip_next(reason))
        return self._notify(self.env._("The next charge is left out."), left_out)

    def _skip_next(self, reason):
        """Give up the next planned charge; its rung of the schedule counts as used."""
        self.next_attempt_id._set_state("refused", sentence=reason)
        self._plan_next_charge()

    @api.model
    def _prepare_opening_vals(self, move, due_date, policy):
        """Fill the hook: draw the arm of a new case."""
        values = super()._prepare_opening_vals(move, due_date, policy)
        return {**values, "arm": self._draw_arm(move, due_date, policy)}

    def _leave_grace(self):
        """Charge once more in the grace period when a method has been added or updated."""
        self.ensure_one()
        if not self._choose_method().block:
            reason = self.env._("The payment method was added or updated.")
            self._set_state("in_recovery", reason, grace_until=False, exhausted_at=False)
