# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields
from odoo.fields import Command

from ..common import RecoveryCommon

IN_THE_PAST = "2026-01-05 09:00:00"


class RulesCommon(RecoveryCommon):
    """Automation rules that write down, in a tag or a note, that they did something."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._switch_rules_off)

    def _switch_rules_off(self):
        self.env["base.automation"].search([]).active = False
        self.registry.registry_invalidated = False

    def _create_rule(self, *actions, model="recovery.case", trigger="on_state_set", **values):
        """Create an active rule.

        :param actions: each the code of an action, or its values; the record is `record`
        """
        state = values.pop("state", None)
        if state:
            values["trg_selection_field_id"] = self.env["ir.model.fields.selection"].search(
                [
                    ("field_id.model", "=", model),
                    ("field_id.name", "=", "state"),
                    ("value", "=", state),
                ]
            )
            values["trg_selection_field_id"] = values["trg_selection_field_id"].id
        rule = self.env["base.automation"].create(
            {
                "name": values.pop("name", "Rule"),
                "model_id": self.env["ir.model"]._get_id(model),
                "trigger": trigger,
                **values,
            }
        )
        rule.action_server_ids = [
            Command.create(self._prepare_action_vals(rule, number, action))
            for number, action in enumerate(actions)
        ]
        self.registry.registry_invalidated = False
        return rule

    def _prepare_action_vals(self, rule, number, action):
        values = {"code": action} if isinstance(action, str) else action
        return {
            "name": f"Action {number + 1}",
            "model_id": rule.model_id.id,
            "state": "code",
            "sequence": number,
            "usage": "base_automation",
            **values,
        }

    def _note(self, word, **values):
        """Return an action that writes a word on the case."""
        code = f"(record.case_id if 'case_id' in record else record).message_post(body={word!r})"
        return {"code": code, **values}

    def _get_notes(self, case, *words):
        """Return which of these words were written on a case, in the order in which they were."""
        bodies = case.sudo().message_ids.sorted("id").mapped("body")
        return [word for body in bodies for word in words if word in body]

    def _get_planned_actions(self, rule=None):
        domain = [("automation_id", "=", rule.id)] if rule else []
        return self.env["recovery.planned.action"].sudo().search(domain, order="id")

    def _follow(self):
        self._run_cron("follow")

    def _now(self):
        return fields.Datetime.now()
