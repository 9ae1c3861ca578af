# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the customer hears of a debt that is paid in parts, beside what its steps say."""

from datetime import datetime, time, timedelta

from odoo import SUPERUSER_ID, fields

from ...notices.plan import step_hours
from ...tools.instants import aware, find_zone, naive
from ...tools.said import say

CONFIRMATION = "revenue_recovery.mail_template_parts_agreed"
REMINDER = "revenue_recovery.mail_template_part_reminder"
# A reminder that would come so shortly before the charge is left out.
LEAST_NOTICE = timedelta(hours=12)


def confirm(case):
    """Plan the e-mail that tells a customer what was agreed."""
    _ask(case, CONFIRMATION, say(case.env, "part_confirmed"))


def remind(case, attempt):
    """Plan the e-mail that reminds a customer of a part, once, some days before it is charged."""
    part, days = attempt.part_id, case.policy_id.parts_remind_days
    is_told = part in case.notice_ids.part_id
    # A step of the policy's own may announce each charge.
    is_announced = "before_attempt" in case.policy_id.step_ids.mapped("trigger")
    if not days or is_told or is_announced or part._find_failed():
        return
    zone = find_zone(case.partner_id.with_company(case.company_id)._get_recovery_tz())
    day = naive(datetime.combine(part.day - timedelta(days=days), time(8), zone))
    if day <= part.plan_id.agreed_at:
        return  # They have just been told, by the confirmation.
    notice = _ask(case, REMINDER, say(case.env, "part_reminder"), max(day, fields.Datetime.now()))
    if not notice:
        return
    if notice.planned_at > attempt.planned_at - LEAST_NOTICE:
        notice.unlink()
    else:
        notice.part_id = part


def find_begin(case):
    """Return since when failures count, and the name of that beginning, for the steps of a case.

    What failed before the customer agreed to pay in parts is settled by that, and what failed
    before a part was paid is made good.

    :return: a naive UTC instant and a text; none where nothing is paid in parts
    """
    plan = case._get_part_plan()
    if not plan:
        return None
    paid = plan.part_ids.attempt_ids.filtered(lambda attempt: attempt.state == "paid")
    # Instants are kept in whole seconds: who agrees in the one of a failure does it afterwards.
    agreed = plan.agreed_at + timedelta(seconds=1)
    begin = max([agreed, *filter(None, paid.mapped("finished_at"))])
    is_behind = any(part._find_failed() for part, _owed in plan._list_charges())
    if plan.state == "running" and not is_behind:
        begin = datetime.max
    return begin, f" {plan.id}-{len(paid)}"


def _ask(case, template, sentence, at=None):
    template = case.env.ref(template, raise_if_not_found=False)
    if not template:
        return None
    values = {"action_type": "email", "mail_template_id": template.id}
    # As the job would: whoever agrees need not be allowed to choose templates, and these are ours.
    notices = case.env["recovery.notice"].with_user(SUPERUSER_ID)
    notice = notices._ask(case.with_env(notices.env), values, sentence).with_env(case.env)
    if at:
        company = case.company_id.partner_id._get_recovery_place()
        customer = case.partner_id._get_recovery_place().or_else(company)
        hours = step_hours(notice.step_id._make_step(1), customer, company)
        notice.planned_at = naive(hours.next_instant(aware(at)))
    return notice
