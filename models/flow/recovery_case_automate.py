"""What automations do to a case besides what its buttons do."""

from datetime import timedelta

from odoo import api, fields, models

from ..case.recovery_case import OPEN_STATES
from ..notice.recovery_policy_step import CLASS_TEMPLATES

# The texts that ask a customer for something other than patience.
METHOD_TEMPLATE = "revenue_recovery.mail_template_other_method"
METHOD_CLASSES = ("fix_data", "customer_action", "returned")


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    # === BUSINESS METHODS === #

    def _change_policy(self, policy, reason):
        """Go on by another policy: its schedule, window, steps and end.

        The tries made count, and an arm once drawn stays.

        :return: why it is refused, for a person; nothing when it is done
        """
        self.ensure_one()
        if policy == self.policy_id:
            return None
        if policy.company_id and policy.company_id not in self.company_id.parent_ids:
            return self.env._(
                "%(case)s: the policy “%(policy)s” is for another company.",
                case=self.display_name,
                policy=policy.name,
            )
        values = {
            "policy_id": policy.id,
            "deadline_at": self.first_failure_at + timedelta(days=policy.window_days),
        }
        if self.ladder or self.opened_by != "overdue":
            values["ladder"] = policy._get_schedule(self.move_id) or False
            values["arm"] = self.arm or self._draw_arm(self.move_id, self.due_date, policy)
        self.write(values)
        if not self.ladder:
            self._cancel_planned(reason)
        self._replan(reason)
        return None

    def _mark_uncollectible(self, reason, write_off=False):
        """Close the case as lost, with the loss booked on the policy's account when asked for.

        :return: why it is refused, for a person; nothing when it is done
        """
        self.ensure_one()
        name = {"case": self.display_name}
        if self.state not in (*OPEN_STATES, "lost"):
            return self.env._("The case of %(case)s is closed.", **name)
        if block := self._get_in_flight_sentence():
            return block
        if write_off:
            account = self.policy_id.write_off_account_id
            if not account:
                return self.env._(
                    "%(case)s: the policy “%(policy)s” names no write-off account.",
                    policy=self.policy_id.name,
                    **name,
                )
            self._write_off(account, fields.Date.context_today(self))
        self._close("lost", reason)
        self.end_reason = reason
        return None

    def _ask_for_method(self, reason):
        """Plan a message that asks the customer for another payment method, or to mend his."""
        self.ensure_one()
        kind = self._get_notice_class()
        xmlid = CLASS_TEMPLATES[kind] if kind in METHOD_CLASSES else METHOD_TEMPLATE
        template = self.env.ref(xmlid, raise_if_not_found=False)
        if not template:
            return self.env._(
                "%(case)s: the e-mail template that asks for another method was deleted.",
                case=self.display_name,
            )
        self._ask_notice({"action_type": "email", "mail_template_id": template.id}, reason)
        return None

    def _ask_notice(self, values, reason):
        """Plan a message that is no step of the policy; see `recovery.notice._ask`."""
        return self.env["recovery.notice"]._ask(self, values, reason)

    # === GETTERS === #

    @api.model
    def _get_automation_reason(self, name):
        """Return the sentence that explains what an automation did."""
        return self.env._("Done by the automation “%(name)s”.", name=name)
