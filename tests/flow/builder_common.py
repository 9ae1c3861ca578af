# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import Form, new_test_user

from .rules_common import RulesCommon

MANAGER = "base.group_user,account.group_account_manager"


class BuilderCommon(RulesCommon):
    """Flows as a manager builds them: without code, developer mode or further rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user("flow manager", MANAGER)
        cls.admin = cls._create_user("flow admin", f"{MANAGER},base.group_system")

    @classmethod
    def _create_user(cls, login, groups, company=None):
        company = company or cls.env.company
        return new_test_user(
            cls.env, login, groups, company_id=company.id, company_ids=[Command.set(company.ids)]
        )

    def _build(self, user=None, steps=("recovery_tell",), otherwise=(), is_on=True, **values):
        """Build a flow, by default on failed charges, and switch it on.

        :param steps, otherwise: kinds of steps, or their values
        :return: the builder, in the user's environment
        """
        vals = {
            "when": "event:attempt_failed",
            "step_ids": [Command.create(self._get_step_vals(step)) for step in steps],
            "otherwise_ids": [Command.create(self._get_step_vals(step)) for step in otherwise],
            **values,
        }
        builder = self.env["recovery.flow.builder"].with_user(user or self.manager).create(vals)
        if is_on:
            builder.action_activate()
            self.registry.registry_invalidated = False
        return builder

    def _get_step_vals(self, step):
        return {"kind": step} if isinstance(step, str) else step

    def _open(self, rule, user=None):
        """Return the builder that a click on a flow opens."""
        action = rule.with_user(user or self.manager).action_recovery_edit()
        builders = self.env["recovery.flow.builder"].with_user(user or self.manager)
        return builders.browse(action["res_id"])

    def _form(self, builder=None, user=None):
        return Form(builder or self.env["recovery.flow.builder"].with_user(user or self.manager))

    def _fail_twice(self, amount=100.0, **values):
        """Return the case of an invoice whose first retry failed, too, with what flows did."""
        _invoice, case = self._fail_invoice(amount=amount, **values)
        self._charge_next(case)
        self._follow()
        return case

    def _get_done(self, case):
        """Return the steps of flows for a case, with their states."""
        actions = case.sudo().planned_action_ids.sorted(lambda action: (action.flow, action.id))
        return [(action.name, action.state) for action in actions]

    def _get_distance(self, case):
        """Return in how many days each planned step of a case is due."""
        planned = case.sudo().planned_action_ids.filtered(lambda each: each.state == "planned")
        now = fields.Datetime.now()
        return [round((each.planned_at - now) / timedelta(days=1)) for each in planned]
