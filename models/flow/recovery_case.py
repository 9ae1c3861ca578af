# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What automations know of a case, and what they do to it besides what its buttons do."""

from datetime import timedelta

from odoo import api, fields, models

from ...tools.said import Money, say
from ..case.states import OPEN_STATES
from ..notice.recovery_policy_step import CLASS_TEMPLATES

# How long ago a method may have been updated for the event to be news.
LATELY = timedelta(days=1)
# The texts that ask a customer for something other than patience.
METHOD_TEMPLATE = "revenue_recovery.mail_template_other_method"
METHOD_CLASSES = ("fix_data", "customer_action", "returned", "own")


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    planned_action_ids = fields.One2many(
        comodel_name="recovery.planned.action", inverse_name="case_id", string="Planned Actions"
    )
    method_expires_on = fields.Date(
        string="Method Expires",
        compute="_compute_method_expires_on",
        search="_search_method_expires_on",
        help="The last day of the saved payment method of the invoice, or of the customer.",
    )

    # === COMPUTE METHODS === #

    def _compute_method_expires_on(self):
        for case in self:
            # In sudo mode: the facts of a method are shown to whoever may see the case.
            case.method_expires_on = case._get_default_token().sudo().recovery_expiry

    def _search_method_expires_on(self, operator, value):
        tokens = self.env["payment.token"].sudo()._search([("recovery_expiry", operator, value)])
        return [
            "|",
            ("move_id.collect_token_id", "in", tokens),
            "&",
            ("move_id.collect_token_id", "=", False),
            ("token_id", "in", tokens),
        ]

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=True)
    def _unlink_events(self):
        """Take the events along, and cancel what rules had planned.

        Left to PostgreSQL, a planned action that loses its case and its event at once fails to
        lose either.
        """
        actions_sudo = self.env["recovery.planned.action"].sudo()
        actions_sudo = actions_sudo.search([("case_id", "in", self.ids)])
        actions_sudo._set_planned_cancelled(say(self.env, "case_deleted"))
        actions_sudo.write({"case_id": False, "event_id": False})
        self.env["recovery.event"].sudo().search([("case_id", "in", self.ids)]).unlink()

    # === EVENTS === #

    @api.model
    def _is_listening(self):
        """Fill the hook: an active automation rule waits for events."""
        return super()._is_listening() or self.env["recovery.event"]._is_awaited()

    @api.model
    def _emit(
        self, type, sentence="", move=None, attempt=None, token=None, provider=None, **values
    ):
        """Fill the hook to write an event for the automation rules that wait for it."""
        records = {"move": move, "attempt": attempt, "token": token, "provider": provider}
        super()._emit(type, sentence, **records, **values)
        if not self._is_listening():
            return
        if type == "large_failed":
            sentence = self._describe_large()
        if not sentence or self._is_told_already(type, sentence, move):
            return
        self.env["recovery.event"]._raise(type, case=self, sentence=sentence, **records, **values)

    def _describe_large(self):
        """Return that much money failed; nothing where it is below the company's threshold."""
        move = self.move_id
        debt = move._get_debt(self.due_date)
        threshold = self.company_id.recovery_large_amount
        if not threshold or debt.balance < threshold:
            return ""
        return say(
            self.env,
            "large_failed",
            amount=Money(debt.owed, self.currency_id),
            invoice=move.name,
        )

    @api.model
    def _is_told_already(self, type, sentence, move):
        """Return whether it is a return that was told: a bank, or a provider, may tell it twice."""
        return type == "payment_returned" and self.env["recovery.event"]._is_known(
            ("type", "=", type),
            ("move_id", "=", (move or self.move_id).id),
            ("sentence", "=", sentence),
        )

    def _on_followed(self):
        """Fill the hook to tell of the customer's methods that were updated of late."""
        result = super()._on_followed()
        self._tell_method_updates()
        return result

    def _tell_method_updates(self):
        """Tell once of each method of the customer that was added or updated of late."""
        if self.state not in OPEN_STATES:
            return
        events = self.env["recovery.event"]
        since = max(self.first_failure_at, fields.Datetime.now() - LATELY)
        for token in self._get_default_token() | self._get_other_tokens():
            at = token.recovery_updated_at
            if not at or at <= since:
                continue
            if not events._is_known(
                ("type", "=", "method_updated"),
                ("case_id", "=", self.id),
                ("token_id", "=", token.id),
                ("occurred_at", ">=", at),
            ):
                name = token._recovery_get_label()
                self._emit(
                    "method_updated",
                    say(self.env, "method_updated", method=name),
                    token=token,
                    occurred_at=max(at, fields.Datetime.now()),
                )

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
            "deadline_at": self._get_clock_start() + timedelta(days=policy.window_days),
        }
        if not self._has_schedule(policy):
            values["ladder"] = False
        else:
            values["ladder"] = policy._get_schedule(self.move_id) or False
            values["arm"] = self.arm or self._draw_arm(self.move_id, self.due_date, policy)
        self.write(values)
        self._on_changed()
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
        """Plan a message that asks the customer for another payment method, or to mend theirs."""
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
        return say(self.env, "by_automation", name=name)
