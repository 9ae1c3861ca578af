# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""From what set a rule off to its planned actions, with their waits."""

from datetime import timedelta
from uuid import uuid4

from odoo import fields

from ...tools.instants import find_zone
from ...tools.said import say

# Flows of which each sets the next one off: what is deeper is a loop.
MAX_DEPTH = 10
# How often a rule may be set off for one case within 24 hours, whatever sets it off.
MAX_FLOWS_A_DAY = 10
A_DAY = timedelta(days=1)
# A rule waiting for these is set off anew, and what it waited with is forgotten.
FRESH_TRIGGERS = (
    "on_stage_set",
    "on_user_set",
    "on_tag_set",
    "on_state_set",
    "on_priority_set",
    "on_archive",
    "on_unarchive",
)
# These happen so often that what is under way goes on instead.
FREQUENT_TRIGGERS = ("on_create_or_write", "on_write")


class FlowPlanner:
    """Plans the actions of the rule that was set off for a record.

    :param trigger: the `recovery.trigger` that set it off
    :param record: that it is about, empty when it is gone
    """

    def __init__(self, trigger, record):
        self.trigger = trigger
        self.record = record
        self.rule = trigger._get_rule()
        self.env = trigger.env
        self.planned_actions = self.env["recovery.planned.action"]

    def plan(self):
        """Plan the actions, unless the rule loops or is under way already.

        :return: the planned actions
        """
        if loop := self._find_loop():
            self.note_failure(loop)
            return self.planned_actions
        if self._is_repeated():
            return self.planned_actions
        values = self._prepare_flow_vals()
        is_otherwise = self.trigger.is_otherwise
        kind = "planned_by_otherwise" if is_otherwise else "planned_by_rule"
        sentence = say(self.env, kind, rule=self.rule.name)
        vals_list = [
            {
                **values,
                "name": action.name,
                "action_id": action.id,
                "sequence": sequence,
                "planned_at": planned_at,
                "sentence": sentence,
            }
            for sequence, (action, planned_at) in enumerate(
                schedule(self.rule, is_otherwise, self.trigger.occurred_at, self.record), 1
            )
        ]
        return self.planned_actions.create(vals_list)

    def note_failure(self, sentence):
        """Keep that the rule could not go on, once a day, for administrators to be told."""
        known = [
            ("automation_id", "=", self.rule.id),
            ("action_id", "=", False),
            ("state", "=", "failed"),
            ("set_off_at", ">", fields.Datetime.now() - A_DAY),
            ("sentence", "=", sentence),
        ]
        if not self.rule or self.planned_actions.search_count(known, limit=1):
            return
        now = fields.Datetime.now()
        self.planned_actions.create(
            {
                **self._prepare_flow_vals(),
                "name": self.rule.name,
                "res_model": self.trigger.res_model,
                "res_id": self.trigger.res_id,
                "state": "failed",
                "sentence": sentence,
                "planned_at": now,
                "done_at": now,
                "untold": True,
            }
        )

    def _find_loop(self):
        """Return why a rule that was set off again and again goes on no more, or nothing."""
        if self.trigger.depth > MAX_DEPTH:
            return say(
                self.env,
                "rules_loop",
                count=MAX_DEPTH,
            )
        # An event is always a new one: what counts is whom it is about.
        case = self._get_case()
        subject = [("case_id", "=", case.id)] if case else self._get_record_domain()
        count = self.planned_actions.search_count(
            [
                ("automation_id", "=", self.rule.id),
                ("set_off_at", ">", fields.Datetime.now() - A_DAY),
                ("sequence", "=", 1),
                *subject,
            ],
        )
        if count < MAX_FLOWS_A_DAY:
            return None
        return say(
            self.env,
            "rule_loops",
            count=MAX_FLOWS_A_DAY,
            record=self.record.display_name,
        )

    def _is_repeated(self):
        """Return whether the rule ran in this chain already, or is under way for the record."""
        same = [("automation_id", "=", self.rule.id), *self._get_record_domain()]
        chain = self.trigger.chain
        if chain and self.planned_actions.search_count([*same, ("chain", "=", chain)], limit=1):
            return True
        waiting = self.planned_actions.search([*same, ("state", "=", "planned")])
        if self.rule.trigger in FRESH_TRIGGERS:
            waiting._set_state("cancelled", say(self.env, "set_off_anew"))
            return False
        return bool(waiting) and self.rule.trigger in FREQUENT_TRIGGERS

    def _prepare_flow_vals(self):
        """Return the values that all planned actions of the flow have."""
        trigger, record, case = self.trigger, self.record, self._get_case()
        company = record.company_id or case.company_id or self.env.company
        return {
            "automation_id": self.rule.id,
            "res_model": record._name,
            "res_id": record.id,
            "case_id": case.id,
            "event_id": record.id if record._name == "recovery.event" else False,
            "company_id": company.id,
            "flow": uuid4().hex,
            "chain": trigger.chain or uuid4().hex,
            "depth": trigger.depth,
            "origin_state": trigger.state_then if self.rule.trigger == "on_state_set" else False,
            "stops_when_paid": self.rule.recovery_stop_when_paid and trigger.is_owed,
        }

    def _get_case(self):
        """Return the case that the record is, or is about."""
        return self.record if self.record._name == "recovery.case" else self.record.case_id

    def _get_record_domain(self):
        return [("res_model", "=", self.record._name), ("res_id", "=", self.record.id)]


def schedule(rule, is_otherwise, starts_at, record):
    """Return the actions of one branch of a rule, each with the naive UTC instant it is due at.

    :param is_otherwise: whether it is the branch for where the conditions don't hold
    :param starts_at: the naive UTC instant at which it is set off
    :param record: whose customer's clock counts
    """
    zone, due_at, plan = _find_zone_of(record), starts_at, []
    for action in rule.action_server_ids.sorted("sequence"):
        if action.recovery_otherwise == is_otherwise:
            due_at = action._recovery_add_wait(due_at, zone)
            plan.append((action, due_at))
    return plan


def _find_zone_of(record):
    """Return the time zone of the customer whom a record is about, else of the company."""
    company = record.company_id or record.env.company
    partner = record.partner_id or company.partner_id
    return find_zone(partner.with_company(company)._get_recovery_tz())
