"""What automations do to a case besides what its buttons do."""

from datetime import timedelta

from odoo import api, fields, models

from ..case.recovery_case import OPEN_STATES
from ..notice.recovery_policy_step_notice import CLASS_TEMPLATES
from ..schedule.planner import Plan, _aware, _naive

# The texts that ask a customer for something other than patience.
METHOD_TEMPLATE = "revenue_recovery.mail_template_other_method"
METHOD_CLASSES = ("fix_data", "customer_action", "returned")


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    # === BUSINESS METHODS === #

    def _retry_from(self, instant, reason):
        """Plan the next charge as soon as hours and rules allow, not before a naive UTC instant.

        While the schedule runs this is advice to it, below all rules; afterwards one more charge.

        :param instant: empty for now
        :return: why there is none, for a person; nothing when it is planned
        """
        self.ensure_one()
        if self.state == "in_recovery" and self.ladder:
            left_out = self.set_retry_advice("at" if instant else "now", instant, reason)
            return left_out[0] if left_out else None
        instant = instant or fields.Datetime.now()
        return self._plan_by_user(self._get_charge_instant(instant), reason)

    def _plan_backup(self, reason):
        """Plan a charge of another saved method of the customer, though the policy names none.

        :return: why there is none, for a person; nothing when it is planned
        """
        self.ensure_one()
        amount = self._get_owed()
        default = self._get_default_token()
        at = self._get_charge_instant(fields.Datetime.now())
        for token in self._get_other_tokens() - default:
            choice = self._judge_method(token, amount)
            if choice.block or token._recovery_check_ceiling(choice.charge, at, choice.history):
                continue
            self.next_attempt_id._set_state("cancelled", sentence=reason)
            # As a person's choice of the method, which the schedule leaves alone.
            self._create_attempt(
                self.move_id,
                Plan(at, "user", reason),
                self.due_date,
                case_id=self.id,
                token_id=token.id,
            )
            self._on_changed()
            return None
        return self.env._(
            "%(case)s: the customer has no other saved payment method that may be charged.",
            case=self.display_name,
        )

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

    def _get_charge_instant(self, instant):
        """Return the first naive UTC instant from this one on at which charges may go out."""
        return _naive(self._get_charge_hours().next_instant(_aware(instant)))

    @api.model
    def _get_automation_reason(self, name):
        """Return the sentence that explains what an automation did."""
        return self.env._("Done by the automation “%(name)s”.", name=name)
