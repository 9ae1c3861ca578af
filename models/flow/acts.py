"""How recovery's kinds of server actions run: on many records, each explained."""

from datetime import datetime, time, timedelta, timezone

from markupsafe import Markup

from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import UserError

from ...notices import is_working_day
from ..schedule.recovery_case_plan import _naive


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    # === RUN === #

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
        until = fields.Date.context_today(self) + timedelta(days=days) if days else False
        return self._recovery_act(
            eval_context, lambda case: case._pause(until, reason), waiting=True
        )

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
            subject = self._recovery_get_thread(record)
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
            subject = self._recovery_get_thread(record)
            if "activity_ids" not in subject._fields:
                raise UserError(self.env._("There is no case and no invoice to put the to-do on."))
            today = fields.Date.context_today(self)
            subject.activity_schedule(
                activity_type_id=self.recovery_activity_type_id.id,
                summary=self.recovery_summary or self.name,
                note=self.recovery_note,
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

    def _run_action_recovery_stop_recurrence_multi(self, eval_context=None):
        """End what makes further invoices of this kind."""
        reason = self._recovery_get_reason()

        def stop(case):
            for sentence in case.move_id._recovery_stop_recurrence(reason):
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

    # === HELPERS OF ACTIONS === #

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

    def _recovery_get_thread(self, record):
        """Return where people write about a record: its case, else invoice, else customer."""
        if record._name == "recovery.case":
            return record
        if record._name == "account.move":
            return record.recovery_case_id or record
        return record.case_id or record.move_id or record.partner_id or record.provider_id or record

    def _recovery_block(self, eval_context, is_blocked):
        """Block or unblock the customers that records are about, each in the record's company.

        :raise AccessError: when the user may not write the customers
        """
        records = eval_context["records"] or eval_context["record"]
        for company, group in records.grouped("company_id").items():
            partners = group.partner_id.commercial_partner_id.with_company(company)
            partners.sudo(False).check_access("write")
            partners.recovery_blocked = is_blocked

    def _recovery_get_assignee(self, record):
        """Return whose to-do it is: who was chosen, else who is there."""
        if self.recovery_assignee == "user" and self.recovery_user_id.active:
            return self.recovery_user_id
        thread = self._recovery_get_thread(record)
        is_case = thread._name == "recovery.case"
        move = thread.move_id if is_case else thread
        people = [
            thread.user_id if is_case else self.env["res.users"],
            move.invoice_user_id if move._name == "account.move" else self.env["res.users"],
        ]
        if self.recovery_assignee == "salesperson":
            people.reverse()
        for user in (*people, record.partner_id.user_id):
            if user and user.active and not user.share:
                return user
        return self.env.ref("base.user_admin")

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
        return _naive(hours.next_instant(midnight.astimezone(timezone.utc)))

    def _recovery_get_reason(self):
        """Return the sentence that explains what this action does to a case."""
        if self.env.uid == SUPERUSER_ID:
            name = self.base_automation_id.name or self.name
            return self.env["recovery.case"]._get_automation_reason(name)
        return self.env._(
            "“%(action)s”, asked for by %(user)s.", action=self.name, user=self.env.user.name
        )
