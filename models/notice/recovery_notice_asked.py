"""Notices that an automation asks for: no step of the case's policy, but on the same calendar."""

from datetime import datetime
from uuid import uuid4

from odoo import api, fields, models

from ...notices import Notice
from ...notices.plan import find_end, step_hours
from ...timing.decision import Sentence
from ..schedule.recovery_case_plan import _aware, _naive

ASKED = "asked "


class RecoveryNotice(models.Model):
    _inherit = "recovery.notice"

    @api.model
    def _ask(self, case, values, sentence):
        """Plan a message for a case at the next hour for messages.

        It goes out like one of the policy's steps: at most one e-mail a day and customer, looked at
        again just before, traced, and withdrawn when the invoice is paid.

        :param dict values: of the step that stands for it: its action and its text
        :param str sentence: why it is sent, for people
        :return: the notice
        """
        policy = self.env.ref("revenue_recovery.recovery_policy_asked")
        step = self.env["recovery.policy.step"]._get_asked_step(policy, values)
        company = case.company_id.partner_id._get_recovery_place()
        customer = case.partner_id._get_recovery_place().or_else(company)
        hours = step_hours(step._make_step(1), customer, company)
        now = _aware(fields.Datetime.now())
        case.notices_outdated = True
        return self.create(
            {
                **case._prepare_notice_vals(),
                "step_id": step.id,
                "name": step.name,
                "action_type": step.action_type,
                "life": case.life,
                "occurrence": ASKED + uuid4().hex,
                "planned_at": _naive(hours.next_instant(now)),
                "sentence": sentence,
            }
        )

    def _plan_asked(self, facts):
        """Return those of these notices that an automation asked for, as the planner knows them.

        :param timing.notices.CaseFacts facts: what is true of their case
        :rtype: list[timing.notices.Notice]
        """
        planned = self.filtered(
            lambda notice: (
                notice.state == "planned" and notice.step_id and notice.occurrence.startswith(ASKED)
            )
        )
        return [notice._make_asked(facts) for notice in planned]

    def _make_asked(self, facts):
        step = self.step_id._make_step(1)
        at: datetime = _aware(self.planned_at)
        sentence = Sentence(self.sentence or "")
        return Notice(self._get_key(), step, at, at, sentence, skip=find_end(facts, step))
