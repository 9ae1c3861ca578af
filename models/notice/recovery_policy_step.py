# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A step as the plain values of `notices`, and the text that it sends."""

import logging

from odoo import models

from ...notices import Conditions, Step
from ...tools.errors import describe_error
from ..policy.recovery_policy_step import CLASS_FIELDS

_logger = logging.getLogger(__name__)

# The text that tells a customer what to do, by what the decline asks for.
CLASS_TEMPLATES = {
    "own": "revenue_recovery.mail_template_own_payment",
    "later": "revenue_recovery.mail_template_payment_failed",
    "technical": "revenue_recovery.mail_template_payment_failed",
    "fix_data": "revenue_recovery.mail_template_update_card",
    "customer_action": "revenue_recovery.mail_template_confirm_bank",
    "never": "revenue_recovery.mail_template_other_method",
    "returned": "revenue_recovery.mail_template_debit_returned",
}


class RecoveryPolicyStep(models.Model):
    _inherit = "recovery.policy.step"

    def _on_changed(self):
        """Fill the hook: let the job plan the notices of the policies' open cases anew."""
        super()._on_changed()
        if not self.policy_id:
            return
        self.env.flush_all()
        # In SQL: there may be very many, and who may change a policy need not be able to write
        # cases.
        self.env.cr.execute(
            """
            UPDATE recovery_case SET notices_outdated = TRUE
             WHERE policy_id IN %s AND closed_at IS NULL AND notices_outdated IS NOT TRUE
            """,
            [tuple(self.policy_id.ids)],
        )
        self.env["recovery.case"].invalidate_model(["notices_outdated"])

    def _make_steps(self):
        """Return these steps as values of `notices`, in their order."""
        return tuple(step._make_step(number) for number, step in enumerate(self.sorted(), 1))

    def _make_step(self, number):
        return Step(
            key=self.id,
            trigger=self.trigger,
            days=self.delay_days,
            hours=self.delay_hours,
            action=self.action_type,
            sequence=number,
            conditions=Conditions(
                decline_classes=frozenset(self._get_decline_classes()),
                reasons=frozenset(self.decline_reason_ids.mapped("code")),
                amount_min=self.amount_min or None,
                amount_max=self.amount_max or None,
                attempt_min=self.attempt_min or None,
                attempt_max=self.attempt_max or None,
            ),
            is_final=self.is_final,
            start=self.hour_from,
            end=self.hour_to,
            working_days=self.working_days,
        )

    def _find_barred(self, moves):
        """Return for each invoice which of these steps are not for it.

        A step whose conditions can't be evaluated any more is left out for all of them, and says
        so: a wrong e-mail can't be taken back.

        :rtype: dict[int, frozenset[int]]
        """
        barred = {move_id: set() for move_id in moves.ids}
        for step in self:
            if step.domain in (False, "", "[]"):
                continue
            fitting, error = step._get_conditions().find_safely(moves)
            if error:
                _logger.warning("Step %s can't be evaluated", step.id, exc_info=error)
                if step.domain_error != describe_error(error):
                    step.domain_error = describe_error(error)
            for move_id in set(moves.ids) - set(fitting.ids):
                barred[move_id].add(step.id)
        return {move_id: frozenset(steps) for move_id, steps in barred.items()}

    # === GETTERS === #

    def _get_decline_classes(self):
        """Return the decline classes that this step is for; none of them: for all."""
        self.ensure_one()
        return [name for name, field in CLASS_FIELDS.items() if self[field]]

    def _get_template(self, case):
        """Return the e-mail template of this step for a case.

        :param case: a `recovery.case`; whatever else the step is about has the step's own text
        """
        self.ensure_one()
        if self.by_class and case._name == "recovery.case":
            xmlid = CLASS_TEMPLATES.get(case._get_notice_class())
            template = xmlid and self.env.ref(xmlid, raise_if_not_found=False)
            if template and template.model == self.subject_model:
                return template
        return self.mail_template_id
