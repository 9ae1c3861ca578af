"""The buttons of a case. They charge nothing themselves: a request may be run twice."""

from odoo import fields, models
from odoo.exceptions import UserError

from .recovery_case import OPEN_STATES


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

    def action_pause(self):
        """Ask until when to pause these cases."""
        return self._open_wizard("pause", self.env._("Pause"))

    def action_change_date(self):
        """Ask for another time of the next charge of these cases."""
        return self._open_wizard("date", self.env._("Change Date"))

    def action_resume(self):
        """Go on with paused cases."""
        reason = self.env._("Resumed by %(user)s.", user=self.env.user.name)
        for case_sudo in self._check_may_act().filtered(lambda case: case.state == "paused"):
            case_sudo._resume(reason)
        return True

    def action_skip(self):
        """Leave out the next charge of these cases; the schedule goes on with the one after."""
        reason = self.env._("Skipped by %(user)s.", user=self.env.user.name)
        left_out = self._act_on_each(lambda case_sudo: case_sudo._skip_next(reason))
        return self._notify(self.env._("The next charge is left out."), left_out)

    def action_stop(self):
        """Give these cases up: no more charges and notices. A late payment still recovers them."""
        reason = self.env._("Stopped by %(user)s.", user=self.env.user.name)
        left_out = self._act_on_each(
            lambda case_sudo: case_sudo._close("lost", reason, exhausted_at=False), waiting=True
        )
        return self._notify(self.env._("Stopped."), left_out)

    def action_attention_done(self):
        """Take the cases off the list of those that need attention."""
        cases_sudo = self._check_may_act()
        for case_sudo in cases_sudo:
            if case_sudo.in_flight_state == "unknown":
                raise UserError(
                    self.env._(
                        "Confirm first whether %(case)s was charged.", case=case_sudo.display_name
                    )
                )
        cases_sudo._clear_attention()
        return True

    def action_confirm_charged(self):
        """Record that the provider did charge the attempt of unknown outcome."""
        self.ensure_one()
        return self._get_unknown_attempt().action_confirm_charged()

    def action_confirm_not_charged(self):
        """Record that the provider did not charge the attempt of unknown outcome."""
        self.ensure_one()
        return self._get_unknown_attempt().action_confirm_not_charged()

    def action_view_move(self):
        """Open the invoice."""
        self.ensure_one()
        return self.move_id._get_records_action(name=self.env._("Invoice"))

    def action_view_attempts(self):
        """Open the attempts of these cases."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "revenue_recovery.action_recovery_attempt"
        )
        return {**action, "domain": [("case_id", "in", self.ids)], "context": {}}

    def action_write_off(self):
        """Ask a manager to confirm the write-off that ends the case."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Write Off"),
            "res_model": "recovery.write.off.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_case_id": self.id},
        }

    # === HELPERS OF ACTIONS === #

    def _check_may_act(self):
        """Return these cases in sudo mode, when the user may write them.

        :raise AccessError: when the user may not
        """
        self.check_access("write")
        self.move_id.check_access("read")
        # In sudo mode: attempts and notices are written by the engine only.
        return self.sudo()

    def _act_on_each(self, act, waiting=False):
        """Do something with each of these cases that is in the state for it.

        :param act: called with one case in sudo mode; may return why it left the case as it was
        :param waiting: whether paused and suspended cases are in the state for it, too
        :return: a sentence for each case that was left out
        :raise UserError: when none was in the state for it
        """
        left_out = []
        for case_sudo in self._check_may_act():
            block = case_sudo._get_acting_block(waiting) or act(case_sudo)
            if isinstance(block, str):
                left_out.append(block)
        if left_out and len(left_out) == len(self):
            raise UserError("\n".join(left_out))
        return left_out

    def _get_acting_block(self, waiting):
        """Return why nothing can be done with this case now, or none."""
        self.ensure_one()
        name = {"case": self.display_name}
        if self.state not in OPEN_STATES:
            return self.env._("The case of %(case)s is closed.", **name)
        if block := self._get_in_flight_sentence():
            return block
        if not waiting and self.state in ("paused", "suspended"):
            return self.env._("Resume the case of %(case)s first.", **name)
        return None

    def _get_in_flight_sentence(self):
        """Return the sentence that a charge is under way, or none."""
        self.ensure_one()
        if not self.in_flight_state:
            return None
        return self.env._(
            "A charge of %(case)s is under way. Wait for its outcome.", case=self.display_name
        )

    def _skip_next(self, reason):
        """Give up the next planned charge; its rung of the schedule counts as used."""
        self.next_attempt_id._set_state("refused", sentence=reason)
        self._plan_next_charge()

    def _get_unknown_attempt(self):
        self.check_access("read")
        attempt = self.attempt_ids.filtered(lambda attempt: attempt.state == "unknown")
        if not attempt:
            raise UserError(self.env._("No charge of this case has an unknown outcome."))
        return attempt

    def _open_wizard(self, mode, name):
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "recovery.plan.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_mode": mode, "default_case_ids": self.ids},
        }

    def _notify(self, message, left_out=()):
        """Tell the user what was done, and with which cases it was not, and show it."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": "\n".join((message, *left_out)),
                "type": "warning" if left_out else "success",
                "sticky": bool(left_out),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
