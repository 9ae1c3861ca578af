# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The step of the job that runs planned actions, each in a database transaction of its own."""

import logging
from datetime import timedelta
from functools import partial

from odoo import fields
from odoo.tools import SQL

from ...tools import jobs
from ...tools.errors import describe_error
from ...tools.said import Choice, say
from ..case.account_move import SETTLED_STATES
from .recovery_trigger import CLOSED_STATES, running_in

BUSY_WAIT = timedelta(minutes=1)
# From when on what follows is put off, too: the job ran late, not just at its next turn.
LATE = timedelta(days=1)
# How far a case has gone. One that goes back has left what set a rule off.
RANKS = {"in_recovery": 0, "paused": 1, "suspended": 1, "grace": 2, "lost": 3}


def run_due(env):
    """Plan what rules were set off for, run the actions that are due, and tell what failed."""
    triggers = env["recovery.trigger"]
    triggers._plan_all()
    tried = [0]
    while action_id := jobs.lock_one(env, _prepare_due_query(tried)):
        tried.append(action_id)
        Runner(env["recovery.planned.action"].browse(action_id)).perform()
        if not jobs.commit(env):
            break
        triggers._plan_all()
    tell_failures(env)


def tell_failures(env):
    """Tell administrators what failed, once for each rule until it succeeds again."""
    planned_actions = env["recovery.planned.action"]
    for action_id in planned_actions.search([("untold", "=", True)], limit=100).ids:
        planned_action = planned_actions.browse(action_id)
        jobs.work(
            env,
            partial(_tell, planned_action),
            failed=lambda _error, told=planned_action: told.write({"untold": False}),
            doing=f"Telling that planned action {action_id} failed",
        )


def _tell(planned_action):
    planned_action.automation_id.sudo()._recovery_tell_error(planned_action)
    planned_action.untold = False


def _prepare_due_query(tried):
    """Return the query for the id of a due action, its row locked."""
    now = fields.Datetime.now()
    return SQL(
        """
        SELECT action.id
          FROM recovery_planned_action action
         WHERE action.state = 'planned' AND action.planned_at <= %s
           AND (action.not_before IS NULL OR action.not_before <= %s)
           AND action.id != ALL(%s)
           AND NOT EXISTS (SELECT FROM recovery_planned_action earlier
                            WHERE earlier.flow = action.flow
                              AND earlier.sequence < action.sequence
                              AND earlier.state = 'planned')
         ORDER BY action.planned_at, action.id LIMIT 1
           FOR NO KEY UPDATE OF action SKIP LOCKED
        """,
        now,
        now,
        tried,
    )


class Runner:
    """Runs one planned action, if it is still due.

    :param planned_action: a `recovery.planned.action`
    """

    def __init__(self, planned_action):
        self.planned_action = planned_action.with_company(planned_action.company_id)
        self.env = planned_action.env

    def perform(self):
        """Run the action in a database transaction of its own, or write why it did not."""
        jobs.work(
            self.env,
            self._do,
            busy=self._put_off,
            failed=self._fail,
            doing=f"Planned action {self.planned_action.id}",
            level=logging.INFO,  # Administrators are told by the rule that failed.
        )

    def _do(self):
        """Cancel, leave out or do the action."""
        planned_action = self.planned_action
        lateness = fields.Datetime.now() - planned_action.planned_at
        if reason := self._get_moot_reason():
            planned_action._cancel_rest(reason)
            return
        if not self._holds_condition():
            planned_action._set_state("skipped", say(self.env, "condition_unmet"))
        else:
            # Written first: an action that commits and fails later is not done once more.
            rule_name = planned_action.automation_id.sudo().name
            planned_action._set_state("done", say(self.env, "by_rule", rule=rule_name))
            self._act()
        if lateness >= LATE:
            self._shift_rest(lateness)

    def _act(self):
        planned_action = self.planned_action
        with running_in(planned_action.chain, planned_action.depth):
            planned_action.action_id.sudo().with_context(
                active_model=planned_action.res_model,
                active_id=planned_action.res_id,
                active_ids=[planned_action.res_id],
            ).run()
            planned_action.env.flush_all()
        rule_sudo = planned_action.automation_id.sudo()
        if rule_sudo.recovery_error:
            rule_sudo._recovery_clear_error()

    def _shift_rest(self, lateness):
        """Put off what follows by as much as this action came too late."""
        for following in self.planned_action._get_rest():
            following.planned_at += lateness

    def _put_off(self):
        """Let others finish with the record first."""
        until = fields.Datetime.now() + BUSY_WAIT
        self.planned_action.not_before = until
        self.env["recovery.invoice.queue"]._wake(until)

    def _fail(self, error):
        """Keep why the action failed, and cancel what was to follow."""
        planned_action = self.planned_action
        if not planned_action.exists():
            return
        following = planned_action._get_rest() - planned_action
        sentence = say(self.env, "it_failed", error=describe_error(error))
        planned_action._set_state("failed", sentence, untold=True)
        following._set_state("cancelled", say(self.env, "earlier_failed"))

    # === CHECKS === #

    def _get_moot_reason(self):
        """Return why the action, with all that follow it, is not due any more, or nothing."""
        planned_action = self.planned_action
        rule_sudo = planned_action.automation_id.sudo()
        if not rule_sudo:
            return say(self.env, "rule_deleted")
        if not rule_sudo.active:
            return say(self.env, "rule_off")
        if planned_action.action_id.sudo() not in rule_sudo.action_server_ids:
            return say(self.env, "action_taken_out")
        record = planned_action._get_record()
        if not record:
            return say(self.env, "record_deleted")
        return self._get_stop_reason(record) if planned_action.stops_when_paid else None

    def _get_stop_reason(self, record):
        """Return why nobody waits for the money any more, or nothing."""
        case, move = self.planned_action.case_id, record.move_id
        if case.state in CLOSED_STATES:
            return say(self.env, "case_over", state=Choice(case, "state", case.state))
        if move and move.state == "cancel":
            return say(self.env, "invoice_cancelled")
        if move and move.payment_state in SETTLED_STATES:
            return say(self.env, "invoice_paid")
        origin = self.planned_action.origin_state
        if record._name != "recovery.case" or not origin or record.state == origin:
            return None
        went_back = RANKS[record.state] < RANKS.get(origin, len(RANKS))
        if went_back or origin in ("paused", "suspended"):
            return say(self.env, "state_left")
        return None

    def _holds_condition(self):
        """Return whether the action's own condition holds for the record now."""
        condition = self.planned_action.action_id.sudo().recovery_condition
        if not condition:
            return True
        rule_sudo = self.planned_action.automation_id.sudo()
        return bool(rule_sudo._recovery_find(self.planned_action._get_record(), condition))
