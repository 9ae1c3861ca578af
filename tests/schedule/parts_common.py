# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields

from ...models.schedule.part_offer import PartOffer
from ..common import RecoveryCommon


class PartsCommon(RecoveryCommon):
    """A failed invoice of 100.00 whose policy lets it be paid in parts."""

    NOW = "2026-03-02 09:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.write({"parts_most": 6, "parts_from": 0.0, "parts_least": 10.0})
        cls.token = cls._create_card()

    def setUp(self):
        super().setUp()
        self.freeze_time.move_to(self.NOW)
        self.invoice, self.case = self._fail_invoice(token=self.token)

    def _set_policy(self, **values):
        """Change the policy, and begin with an invoice that failed under it."""
        self.policy.write(values)
        self.invoice, self.case = self._fail_invoice(token=self.token)

    def _agree(self, *amounts, days=7, first=1, case=None):
        """Agree to parts, the first one so many days from today, and so many between them.

        :return: the plan
        """
        case = case or self.case
        begin = case.move_id._get_recovery_today() + timedelta(days=first)
        parts = [(begin + timedelta(days=days * n), part) for n, part in enumerate(amounts)]
        self.assertFalse(case.sudo()._begin_parts(parts, "I agree."))
        self.env.invalidate_all()
        return case.part_plan_id

    def _offer(self, author=None):
        return PartOffer(self.case.sudo(), author)

    def _set_card(self, state):
        self.token.demo_simulated_state = state

    def _pass(self, days=1, hours=0):
        """Let the time go by, and the jobs do their work."""
        self.freeze_time.move_to(fields.Datetime.now() + timedelta(days=days, hours=hours))
        self._work()

    def _work(self):
        self._run_cron("follow")
        self._run_cron("charge")
        self._run_cron("follow")
        self.env.cr.precommit.data.pop("sequence.mixin", None)
        self.env.invalidate_all()

    def _list_charged(self):
        """Return what the charges of parts were of, and how they ended."""
        attempts = self.invoice.recovery_attempt_ids.filtered("transaction_id").sorted("id")
        return [(each.amount, each.state) for each in attempts.filtered("part_id")]

    def _list_states(self):
        return self.case.part_plan_id.part_ids.mapped("state")
