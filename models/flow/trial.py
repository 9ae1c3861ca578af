# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a flow would do on a case, and when: thought through, nothing done, nothing written."""

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_datetime

from .criteria import EVENT, WHEN_FIELDS, get_whens, is_on, read_domain, write_domain
from .definition import Definition
from .flow_planner import schedule
from .picture import Picture
from .recovery_flow_step_mixin import KINDS_ON_GOING, KINDS_ON_OPEN

ATTEMPT_EVENTS = ("attempt_failed", "attempt_succeeded")


class Trial:
    """A flow tried on a case, as if what sets it off happened now.

    Conditions are looked at by the rights of whoever tries it.

    :param rule: a `base.automation` that the user may read
    :param case: a `recovery.case` that the user may read
    :raise UserError: when the rule says more than a definition can
    """

    def __init__(self, rule, case):
        self.rule_sudo = rule.sudo()  # Server actions are for administrators.
        self.case = case
        self.env = case.env
        self.picture = Picture(self.rule_sudo)
        self.definition = Definition(rule).get_values()
        if self.definition is None:
            raise UserError(
                self.env._("“%(flow)s” says more than can be tried here.", flow=rule.name)
            )
        self.record = self._imagine()

    def draw(self):
        """Return what would happen as HTML."""
        return self.env["ir.qweb"]._render("revenue_recovery.flow_trial", self.tell())

    def tell(self):
        """Return what would happen: `blocks`, `conditions`, `starts`, `meant` and `steps`.

        Conditions are pairs of words and whether they hold, ``None`` where the user may not look.
        Steps have `at` (a naive UTC instant), `when` (in words), `name`, `conditions` and `block`.
        """
        parts = read_domain(self.definition["domain"])
        starting = [self._judge(part) for part in parts if is_on(part, WHEN_FIELDS)]
        others = [self._judge(part) for part in parts if not is_on(part, WHEN_FIELDS)]
        has_otherwise = self.rule_sudo._recovery_has_otherwise()
        meant = all(holds for _words, holds in starting + others)
        starts = meant or (has_otherwise and all(holds for _words, holds in starting))
        blocks = self._find_blocks()
        return {
            "trigger": dict(get_whens(self.env))[self.definition["when"]],
            "blocks": blocks,
            "conditions": starting + others,
            "starts": starts and not blocks,
            "meant": meant,
            "steps": self._tell_steps(not meant) if starts and not blocks else [],
        }

    def _imagine(self):
        """Return the case, or an event about it that is not in the database."""
        kind, key = self.definition["when"].split(":")
        if kind != "event":
            return self.case
        # In sudo mode: what an event tells of a case is for whoever sees the case.
        case_sudo = self.case.sudo()
        attempts = case_sudo.attempt_ids.filtered("transaction_id").sorted("id")
        attempt = attempts[-1:] if key in ATTEMPT_EVENTS else None
        events = self.env[EVENT]
        values = events.sudo()._prepare_event_vals(
            key, case_sudo, None, attempt, None, None, {"occurred_at": fields.Datetime.now()}
        )
        return events.new(values)

    def _find_blocks(self):
        """Return why the flow would not start at all, whatever its conditions say."""
        company = self.rule_sudo.recovery_company_id
        if company and company != self.case.company_id:
            return [self.env._("The flow is for invoices of %(company)s.", company=company.name)]
        return []

    def _judge(self, part):
        """Return a condition in words, and whether it holds now; ``None`` where nobody may look."""
        words = ", ".join(self.picture.describe_conditions(write_domain([part])))
        try:
            holds = bool(self.record.filtered_domain(Domain(part)))
        except AccessError:
            holds = None
        return words, holds

    def _tell_steps(self, is_otherwise):
        now = fields.Datetime.now()
        steps = []
        for action, at in schedule(self.rule_sudo, is_otherwise, now, self.record):
            is_now = at == now
            steps.append(
                {
                    "at": at,
                    "when": self.env._("At once") if is_now else format_datetime(self.env, at),
                    "name": action.name,
                    "conditions": [self._judge(part) for part in self._read_step_parts(action)],
                    "block": self._find_step_block(action),
                }
            )
        return steps

    def _read_step_parts(self, action):
        return read_domain(action.recovery_condition) or []

    def _find_step_block(self, action):
        """Return why the step would be left out as the case is now, or nothing."""
        if action.state in KINDS_ON_GOING + KINDS_ON_OPEN:
            return self.case.sudo()._get_acting_block(action.state in KINDS_ON_OPEN)
        return None
