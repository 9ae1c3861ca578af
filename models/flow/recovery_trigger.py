# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The queue between what sets a rule off and the job that plans its actions."""

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import jobs
from ...tools.errors import describe_error
from ...tools.isolation import run_isolated
from ...tools.said import say
from ..case.account_move import SETTLED_STATES
from .flow_planner import FlowPlanner

_logger = logging.getLogger(__name__)

# The chain and the depth of the planned action that runs in this thread.
_running = ContextVar("recovery_running", default=(None, -1))
# Where nobody waits for money, whatever the invoice's state says in the middle of a payment.
SETTLED_ATTEMPTS = ("paid", "pending")
SETTLED_EVENTS = ("attempt_succeeded", "service_ended")
CLOSED_STATES = ("recovered", "cancelled")


@contextmanager
def running_in(chain, depth):
    """Let what is set off inside belong to a chain of flows, one deeper."""
    token = _running.set((chain, depth))
    try:
        yield
    finally:
        _running.reset(token)


class RecoveryTrigger(models.Model):
    """A rule was set off for a record; the job plans its actions.

    Rows are inserted in whatever database transaction changed the record, maybe the one of a
    charge: they refer to nothing, so that the insert waits for nothing and fails for nothing.
    """

    _name = "recovery.trigger"
    _description = "Recovery Trigger"
    _log_access = False

    automation = fields.Integer(required=True)
    res_model = fields.Char(required=True)
    res_id = fields.Integer(required=True)
    occurred_at = fields.Datetime(required=True)
    key = fields.Char(
        required=True, index=True, help="The same for all rules that one change sets off."
    )
    state_then = fields.Char(help="The state of the record that set the rule off.")
    is_owed = fields.Boolean(help="Whether somebody still waited for the money then.")
    is_otherwise = fields.Boolean(help="The conditions did not hold: its other branch is meant.")
    chain = fields.Char()
    depth = fields.Integer(required=True)
    error = fields.Char(help="Why the rule's condition could not be evaluated.")

    # === BUSINESS METHODS === #

    @api.model
    def _record(self, rule, records, done=None, is_otherwise=False):
        """Queue the actions of a rule for records; nothing here can fail what set it off.

        :param is_otherwise: whether it is the rule's other branch that is meant
        :param dict done: Odoo's notebook of one change, shared by the rules that it sets off
        """
        if not records:
            return
        key = uuid4().hex if done is None else done.setdefault("recovery_key", uuid4().hex)
        facts, error = run_isolated(
            self.env, lambda: [self._get_facts(record) for record in records.sudo()]
        )
        if error:
            _logger.error("The facts of %s could not be read", records, exc_info=error)
            facts = [(None, False)] * len(records)
        self._insert(
            [
                (rule.id, record._name, record.id, key, state, is_owed, is_otherwise, None)
                for record, (state, is_owed) in zip(records, facts, strict=True)
            ]
        )

    @api.model
    def _record_error(self, rule, record, error):
        """Queue that the condition of a rule raised, to be told to administrators."""
        sentence = f"{type(error).__name__}: {error}"
        values = (rule.id, record._name, record.id or 0, uuid4().hex, None, False, False, sentence)
        self._insert([values], error=True)

    @api.model
    def _insert(self, rows, error=False):
        cr = self.env.cr
        chain, depth = _running.get()
        now = fields.Datetime.now()
        try:
            # Plain SQL in a plain savepoint: nothing that is pending is written by it, or lost.
            with cr.savepoint(flush=False):
                if error and self._is_error_queued(rows[0][0]):
                    return
                cr.execute_values(
                    "INSERT INTO recovery_trigger (automation, res_model, res_id, key, "
                    "state_then, is_owed, is_otherwise, error, chain, depth, occurred_at) "
                    "VALUES %s",
                    [(*row, chain, depth + 1, now) for row in rows],
                )
                # Once in a database transaction.
                if not cr.postcommit.data.setdefault("recovery.trigger", False):
                    self.env["recovery.invoice.queue"]._wake()
                    cr.postcommit.data["recovery.trigger"] = True
        except Exception:
            _logger.exception("A rule could not be queued: %s", rows)

    @api.model
    def _is_error_queued(self, rule_id):
        """Return whether an error of a rule waits to be told already: one is enough."""
        self.env.cr.execute(
            "SELECT FROM recovery_trigger WHERE automation = %s AND error IS NOT NULL LIMIT 1",
            [rule_id],
        )
        return bool(self.env.cr.rowcount)

    @api.model
    def _get_facts(self, record):
        """Return the state of a record, and whether somebody still waits for its money."""
        state = record.state if "state" in record._fields else None
        if record._name == "recovery.attempt" and state in SETTLED_ATTEMPTS:
            return state, False
        if record._name == "recovery.event" and record.type in SETTLED_EVENTS:
            return state, False
        return state, self._is_owed(record)

    @api.model
    def _is_owed(self, record):
        """Return whether somebody waits for the money of a record now."""
        case = record if record._name == "recovery.case" else record.case_id
        if case:
            return case.state not in CLOSED_STATES
        return bool(record.move_id) and record.move_id.payment_state not in SETTLED_STATES

    # === CRON === #

    @api.model
    def _plan_all(self):
        """Plan the actions of what has happened, each change in a database transaction."""
        tried = [0]
        while (first := self._lock_first(tried)) is not None:
            tried.append(first)
            trigger = self.browse(first)
            if not jobs.work_on_each(
                self.env,
                trigger.ids,
                lambda _id, trigger=trigger: trigger._plan_actions(),
                failed=lambda _id, error, trigger=trigger: trigger._drop(error),
                doing="Planning what is set off by trigger",
            ):
                return

    @api.model
    def _lock_first(self, tried):
        """Return the id of the first row of a change, which stands for all of its rows."""
        query = SQL(
            """
            SELECT id FROM recovery_trigger trigger
             WHERE id != ALL(%s)
               AND NOT EXISTS (SELECT FROM recovery_trigger earlier
                                WHERE earlier.key = trigger.key
                                  AND earlier.res_model = trigger.res_model
                                  AND earlier.res_id = trigger.res_id
                                  AND earlier.id < trigger.id)
             ORDER BY id LIMIT 1 FOR UPDATE OF trigger SKIP LOCKED
            """,
            tried,
        )
        return jobs.lock_one(self.env, query)

    def _plan_actions(self):
        """Plan what one change of one record sets off, and take it off the queue."""
        self.ensure_one()
        same = self.search(
            [
                ("key", "=", self.key),
                ("res_model", "=", self.res_model),
                ("res_id", "=", self.res_id),
            ],
            order="id",
        )
        record = self.env[self.res_model].browse(self.res_id).exists()
        for row in same.filtered("error"):
            FlowPlanner(row, record).note_failure(row._describe_error())
        if record:
            for row in same.filtered(lambda row: not row.error)._choose():
                FlowPlanner(row, record).plan()
        same.unlink()

    def _choose(self):
        """Return the rows whose rules go on, in the order of the rules, each rule once."""
        rules = self._get_rule()
        rows = {}
        for row in self:
            rows.setdefault(row.automation, row)
        chosen, has_exclusive = self.browse(), False
        for rule in rules.sorted(lambda rule: (rule.recovery_sequence, rule.id)):
            if not rule.active or (rule.recovery_exclusive and has_exclusive):
                continue
            has_exclusive |= rule.recovery_exclusive
            chosen += rows[rule.id]
        return chosen

    def _drop(self, error):
        """Take a change off the queue that can't be planned, and tell so."""
        if not self.exists():
            return
        sentence = say(self.env, "not_planned", error=describe_error(error))
        record = self.env[self.res_model].browse(self.res_id).exists()
        FlowPlanner(self, record).note_failure(sentence)
        self.unlink()

    def _describe_error(self):
        return say(
            self.env,
            "condition_failed",
            error=self.error,
        )

    # === GETTERS === #

    def _get_rule(self):
        """Return the rules that were set off, as far as there are any."""
        rules = self.env["base.automation"].with_context(active_test=False)
        return rules.browse(dict.fromkeys(row.automation for row in self)).exists()
