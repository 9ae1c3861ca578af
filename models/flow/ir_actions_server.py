# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What server actions, and with them automation rules, can do to recovery cases."""

from datetime import datetime, time, timedelta

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import plaintext2html, safe_eval

from ...notices import is_working_day
from ...tools.errors import describe_error
from ...tools.instants import aware, naive
from ...tools.said import say
from ..case.exclusion import FIELDS as EXCLUSION_FIELDS
from ..policy.paths import check_paths
from .base_automation import DEFERRED_MODELS
from .recovery_flow_step_mixin import KINDS, PAUSE_PROVIDER
from .recurrence import stop_recurrence
from .subject import Subject

# What each of our kinds of actions may be run on; a case is found from each of them.
CASE_MODELS = (
    "recovery.case",
    "recovery.event",
    "recovery.attempt",
    "recovery.notice",
    "account.move",
)


class IrActionsServer(models.Model):
    _name = "ir.actions.server"
    _inherit = ["ir.actions.server", "recovery.flow.step.mixin"]

    state = fields.Selection(
        selection_add=KINDS, ondelete={kind: "cascade" for kind, _label in KINDS}
    )
    recovery_user_ids = fields.Many2many(relation="recovery_action_user_rel")
    recovery_is_flow = fields.Boolean(compute="_compute_recovery_is_flow")

    # === COMPUTE METHODS === #

    @api.depends("base_automation_id", "usage", "model_id")
    def _compute_recovery_is_flow(self):
        for action in self:
            action.recovery_is_flow = (
                action.usage == "base_automation" and action.model_id.model in DEFERRED_MODELS
            )

    @api.model
    def _warning_depends(self):
        """Override of `base` to look again when what our kinds need changes."""
        return [
            *super()._warning_depends(),
            "state",
            "recovery_policy_id",
            "recovery_template_id",
            "recovery_sms_template_id",
            "recovery_activity_type_id",
            "recovery_assignee",
            "recovery_user_id",
        ]

    def _get_warning_messages(self):
        """Override of `base` to say what our kinds lack."""
        warnings = super()._get_warning_messages()
        if not (self.state or "").startswith("recovery_"):
            return warnings
        if self.model_id and self.model_id.model not in self._recovery_get_models():
            warnings.append(
                self.env._("Recovery actions work on cases, events, charges, notices and invoices.")
            )
        lacks = {
            "recovery_policy": not self.recovery_policy_id
            and self.env._("Choose the policy to change to."),
            "recovery_notice": not (self.recovery_template_id or self.recovery_sms_template_id)
            and self.env._("Choose the e-mail, or the SMS, to send."),
            "recovery_activity": not self.recovery_activity_type_id
            and self.env._("Choose the kind of to-do."),
        }
        if lacks.get(self.state):
            warnings.append(lacks[self.state])
        if (
            self.state == "recovery_activity"
            and self.recovery_assignee == "user"
            and not self.recovery_user_id
        ):
            warnings.append(self.env._("Choose the person whose to-do it is."))
        return warnings

    # === CONSTRAINT METHODS === #

    @api.constrains("recovery_condition", "model_id")
    def _check_recovery_condition(self):
        for action in self.filtered("recovery_condition"):
            model = self.env[action.model_id.model]
            context = {
                "datetime": safe_eval.datetime,
                "dateutil": safe_eval.dateutil,
                "time": safe_eval.time,
                "uid": self.env.uid,
                "user": self.env.user,
                "model": model,
            }
            try:
                domain = Domain(safe_eval.safe_eval(action.recovery_condition, context))
                domain.validate(model)
                # The job that looks at it may see everything; whoever writes it may not.
                check_paths(model.sudo(False), domain)
            except Exception as error:
                raise ValidationError(
                    self.env._(
                        "The condition of the action “%(action)s” is not one: %(error)s",
                        action=action.name,
                        error=describe_error(error),
                    )
                ) from error

    # === BUSINESS METHODS === #

    def _run_action_recovery_retry_multi(self, eval_context=None):
        """Plan the next charge now or in some days; charges only go out from the job."""
        reason = self._recovery_get_reason()
        result = self._recovery_act(
            eval_context, lambda case: case._retry_from(self._recovery_get_start(case), reason)
        )
        self.env["recovery.attempt"]._make_due()
        return result

    def _run_action_recovery_backup_multi(self, eval_context=None):
        """Charge another saved method of the customer next."""
        reason = self._recovery_get_reason()
        return self._recovery_act(eval_context, lambda case: case._plan_backup(reason))

    def _run_action_recovery_pause_multi(self, eval_context=None):
        """Pause the cases for some days, or until somebody resumes them."""
        reason = self._recovery_get_reason()
        days = self.recovery_days

        def pause(case):
            today = case.move_id._get_recovery_today()
            case._pause(today + timedelta(days=days) if days else False, reason)

        return self._recovery_act(eval_context, pause, waiting=True)

    def _run_action_recovery_resume_multi(self, eval_context=None):
        """Go on with paused cases."""
        reason = self._recovery_get_reason()

        def resume(case):
            if case.state == "paused":
                case._resume(reason)

        return self._recovery_act(eval_context, resume, waiting=True)

    def _run_action_recovery_policy_multi(self, eval_context=None):
        """Go on by another policy."""
        reason = self._recovery_get_reason()
        return self._recovery_act(
            eval_context,
            lambda case: case._change_policy(self.recovery_policy_id, reason),
            waiting=True,
        )

    def _run_action_recovery_notice_multi(self, eval_context=None):
        """Send a message through the calendar of notices."""
        values = (
            {"action_type": "email", "mail_template_id": self.recovery_template_id.id}
            if self.recovery_template_id
            else {"action_type": "sms", "sms_template_id": self.recovery_sms_template_id.id}
        )
        reason = self._recovery_get_reason()
        return self._recovery_act(
            eval_context, lambda case: case._ask_notice(values, reason), closed=True
        )

    def _run_action_recovery_ask_method_multi(self, eval_context=None):
        """Ask the customer for another payment method."""
        reason = self._recovery_get_reason()
        return self._recovery_act(
            eval_context, lambda case: case._ask_for_method(reason), waiting=True
        )

    def _run_action_recovery_tell_multi(self, eval_context=None):
        """Write to the team, with what it is about."""
        for record in eval_context["records"] or eval_context["record"]:
            subject = Subject(record).thread
            body = self._recovery_write_note(record, subject)
            if self.recovery_channel_id:
                self.recovery_channel_id.sudo().message_post(
                    body=body, message_type="comment", subtype_xmlid="mail.mt_comment"
                )
            people = self.recovery_user_ids
            if not (people or self.recovery_channel_id):
                people = self._recovery_get_assignee(record)
            if people:
                # Providers have no chatter.
                thread = subject if "message_ids" in subject._fields else self.env["mail.thread"]
                thread.message_notify(
                    partner_ids=people.partner_id.ids, body=body, subject=self.name
                )
        return False

    def _run_action_recovery_activity_multi(self, eval_context=None):
        """Schedule a to-do on the case, or on the invoice where there is no case."""
        for record in eval_context["records"] or eval_context["record"]:
            subject = Subject(record).thread
            if "activity_ids" not in subject._fields:
                raise UserError(self.env._("There is no case and no invoice to put the to-do on."))
            today = fields.Date.context_today(self)
            subject.activity_schedule(
                activity_type_id=self.recovery_activity_type_id.id,
                summary=self.recovery_summary or self.name,
                note=plaintext2html(self.recovery_note or ""),
                date_deadline=today + timedelta(days=self.recovery_days),
                user_id=self._recovery_get_assignee(record).id,
            )
        return False

    def _run_action_recovery_block_multi(self, eval_context=None):
        """Let the customers' new orders wait."""
        self._recovery_block(eval_context, True)

    def _run_action_recovery_unblock_multi(self, eval_context=None):
        """Let the customers order again."""
        self._recovery_block(eval_context, False)

    def _run_action_recovery_exclude_multi(self, eval_context=None):
        """Exclude invoices, or their customers, from charges, notices, or both.

        :raise AccessError: when the user may not write them
        """
        today = fields.Date.context_today(self)
        self._recovery_write_exclusion(
            eval_context,
            {
                "recovery_excluded": self.recovery_exclude_what or "both",
                "recovery_excluded_until": self.recovery_days
                and today + timedelta(days=self.recovery_days),
                "recovery_excluded_reason": self.recovery_exclude_reason
                or self._recovery_get_reason(),
            },
        )

    def _run_action_recovery_include_multi(self, eval_context=None):
        """Let recovery go on for invoices, or customers, that were excluded.

        :raise AccessError: when the user may not write them
        """
        self._recovery_write_exclusion(eval_context, dict.fromkeys(EXCLUSION_FIELDS, False))

    def _run_action_recovery_stop_recurrence_multi(self, eval_context=None):
        """End what makes further invoices of this kind."""
        reason = self._recovery_get_reason()

        def stop(case):
            for sentence in stop_recurrence(case.move_id, reason):
                case._message_log(body=sentence)

        return self._recovery_act(eval_context, stop, closed=True)

    def _run_action_recovery_uncollectible_multi(self, eval_context=None):
        """Close the cases as lost, with the loss booked when the action says so."""
        reason = self._recovery_get_reason()
        return self._recovery_act(
            eval_context,
            lambda case: case._mark_uncollectible(reason, self.recovery_write_off),
            closed=True,
        )

    def _run_action_recovery_close_multi(self, eval_context=None):
        """Give the cases up; a late payment still recovers them."""
        reason = self._recovery_get_reason()
        return self._recovery_act(
            eval_context,
            lambda case: case._close("lost", reason, exhausted_at=False),
            waiting=True,
        )

    def _run_action_recovery_pause_provider_multi(self, eval_context=None):
        """Pause the charges of the providers that the records are about.

        :raise AccessError: for a user who is neither an administrator nor a manager of recovery
        :raise UserError: when no record tells of a provider
        """
        records = eval_context["records"] or eval_context["record"]
        if not (
            self.env.uid == SUPERUSER_ID
            or self.env.user.has_group("revenue_recovery.group_recovery_manager")
            or self.env.user.has_group("base.group_system")
        ):
            raise AccessError(
                self.env._("Only managers of Revenue Recovery pause the charges of a provider.")
            )
        # In sudo mode: providers are for administrators only; whose they are was checked before.
        providers_sudo = self._recovery_get_providers(records.sudo())
        if not providers_sudo:
            raise UserError(self.env._("There is no payment provider to pause."))
        providers_sudo._recovery_pause(
            timedelta(hours=self.recovery_hours), self._recovery_get_reason()
        )
        return False

    def _recovery_act(self, eval_context, act, waiting=False, closed=False):
        """Do something with the case of each record that is in the state for it.

        What is left out is told: to the user who ran the action, or on the case where a job did.

        :param act: called with one case in sudo mode; may return why it left the case as it was
        :param waiting: whether paused and suspended cases are in the state for it, too
        :param closed: whether closed ones are
        :raise UserError: for a user, when there is no case, or none was in the state for it
        :raise AccessError: when the user may not write the cases
        """
        cases_sudo = self._recovery_get_cases(eval_context)
        is_job = self.env.uid == SUPERUSER_ID
        left_out = []
        for case_sudo in cases_sudo:
            block = None if closed else case_sudo._get_acting_block(waiting)
            block = block or act(case_sudo.with_company(case_sudo.company_id))
            if isinstance(block, str):
                left_out.append(block)
                if is_job:
                    case_sudo._message_log(body=f"{self.name}: {block}")
        if is_job:
            return False
        if not cases_sudo:
            raise UserError(self.env._("There is no recovery case to act on."))
        if len(left_out) == len(cases_sudo):
            raise UserError("\n".join(left_out))
        return cases_sudo._notify(self.env._("Done: %(action)s.", action=self.name), left_out)

    def _recovery_block(self, eval_context, is_blocked):
        """Block or unblock the customers that records are about, each in the record's company.

        :raise AccessError: when the user may not write the customers
        """
        records = eval_context["records"] or eval_context["record"]
        for company, group in records.grouped("company_id").items():
            partners = group.partner_id.commercial_partner_id.with_company(company)
            partners.sudo(False).check_access("write")
            partners.recovery_blocked = is_blocked

    def _recovery_write_exclusion(self, eval_context, values):
        """Write an exclusion on the invoices of records, or on their customers in their company."""
        records = eval_context["records"] or eval_context["record"]
        moves = records if records._name == "account.move" else records.move_id
        for company, group in moves.grouped("company_id").items():
            excluded = group.with_company(company)
            if self.recovery_exclude_whom == "customer":
                excluded = excluded.commercial_partner_id
            excluded.sudo(False).check_access("write")
            excluded.write(values)

    # === GETTERS === #

    def _recovery_get_models(self):
        """Return the models that this action can be run on.

        Hook for addons with further kinds.
        """
        return (*CASE_MODELS, "payment.provider") if self.state == PAUSE_PROVIDER else CASE_MODELS

    def _recovery_get_cases(self, eval_context):
        """Return the cases of the records that the action runs on, in sudo mode.

        :raise AccessError: when the user may not write them
        """
        records = eval_context["records"] or eval_context["record"]
        if records._name == "account.move":
            cases = records.recovery_case_id
        elif records._name == "recovery.case":
            cases = records
        else:
            cases = records.case_id
        if records._name == "recovery.event":
            # What happened to an invoice without a case may have one by now.
            cases |= records.filtered(lambda event: not event.case_id).move_id.recovery_case_id
        return cases.with_env(self.env).sudo(False)._check_may_act()

    @api.model
    def _recovery_get_providers(self, records):
        """Return the providers that records of recovery are about.

        Hook for addons that run the action on models of their own.
        """
        if records._name == "payment.provider":
            return records
        providers = self.env["payment.provider"].sudo()
        for record in records:
            providers |= Subject(record).provider
        return providers

    def _recovery_get_assignee(self, record):
        """Return whose to-do it is: who was chosen, else who looks after the record."""
        if self.recovery_assignee == "user" and self.recovery_user_id.active:
            return self.recovery_user_id
        return Subject(record).find_assignee(self.recovery_assignee == "salesperson")

    def _recovery_write_note(self, record, subject):
        """Return what the team reads: the text, what happened, and a link to it."""
        happened = record.sentence if "sentence" in record._fields else ""
        link = Markup('<a href="%s">%s</a>') % (
            f"/odoo/{subject._name}/{subject.id}",
            subject.display_name,
        )
        lines = (self.recovery_note or self.name, happened, link)
        return Markup("").join(Markup("<p>%s</p>") % line for line in lines if line)

    def _recovery_get_start(self, case):
        """Return from which naive UTC instant on a retry may go out, or nothing for at once."""
        if not (self.recovery_days or self.recovery_working_day):
            return None
        hours = case._get_charge_hours()
        place = case.partner_id._get_recovery_place().or_else(
            case.company_id.partner_id._get_recovery_place()
        )
        day = case._get_local_day(fields.Datetime.now()) + timedelta(days=self.recovery_days)
        while self.recovery_working_day and not is_working_day(day, place):
            day += timedelta(days=1)
        midnight = datetime.combine(day, time(), hours.tz)
        return naive(hours.next_instant(aware(midnight)))

    def _recovery_get_reason(self):
        """Return the sentence that explains what this action does to a case."""
        if self.env.uid == SUPERUSER_ID:
            name = self.base_automation_id.name or self.name
            return self.env["recovery.case"]._get_automation_reason(name)
        return say(self.env, "by_action", action=self.name, user=self.env.user.name)

    def _recovery_add_wait(self, instant, zone):
        """Return when this action is due, the one before it being due at a naive UTC instant."""
        self.ensure_one()
        return add_wait(instant, self.recovery_wait_count, self.recovery_wait_unit, zone)


def add_wait(instant, count, unit, zone):
    """Return a naive UTC instant so many hours, days or weeks later.

    Days and weeks keep the time of the clock in the zone, over changes of daylight saving time.
    """
    if unit == "hours":
        return instant + timedelta(hours=count)
    local = aware(instant).astimezone(zone)
    day = local.date() + timedelta(**{unit: count})
    return naive(datetime.combine(day, local.time(), zone))
