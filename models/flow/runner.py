"""The job that runs planned actions, each in a database transaction of its own."""

import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.safe_eval import safe_eval

from ...tools.jobs import lock_one
from ..case.account_move import SETTLED_STATES
from ..case.recovery_invoice_queue import FOLLOW
from .recovery_trigger import CLOSED_STATES, running_in

_logger = logging.getLogger(__name__)
FOLLOW.fill("events of the day", ("recovery.event", "_raise_daily"))
FOLLOW.fill("failing providers", ("payment.provider", "_recovery_tell_failing"))
FOLLOW.fill("planned actions", ("recovery.planned.action", "_run_due"))

BUSY_WAIT = timedelta(minutes=1)
# From when on what follows is put off, too: the job ran late, not just at its next turn.
LATE = timedelta(days=1)
# How far a case has gone. One that goes back has left what set a rule off.
RANKS = {"in_recovery": 0, "paused": 1, "suspended": 1, "grace": 2, "lost": 3}


class RecoveryPlannedAction(models.Model):
    _inherit = "recovery.planned.action"

    # === CRON === #

    @api.model
    def _run_due(self):
        """Plan what rules were set off for, and run the actions that are due."""
        triggers = self.env["recovery.trigger"]
        triggers._plan_all()
        tried = [0]
        while action_id := self._lock_due(tried):
            tried.append(action_id)
            self.browse(action_id)._perform()
            if not self.env["ir.cron"]._commit_progress():
                break
            triggers._plan_all()
        self._tell_failures()

    @api.model
    def _lock_due(self, tried):
        """Return the id of a due action, its row locked by a fresh database transaction."""
        now = fields.Datetime.now()
        query = SQL(
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
        return lock_one(self.env, query)

    def _perform(self):
        """Run this action if it is still due, in a database transaction of its own."""
        self.ensure_one()
        try:
            self.with_company(self.company_id)._do()
            self.env["ir.cron"]._commit_progress()
        except psycopg2.OperationalError:
            self.env.cr.rollback()  # Somebody else works on the record.
            self._put_off()
        except Exception as error:
            self.env.cr.rollback()
            _logger.info("Planned action %s failed", self.id, exc_info=error)
            try:
                self._fail(error)
            except psycopg2.OperationalError:
                self.env.cr.rollback()  # Another worker has it: the next time.

    def _do(self):
        """Cancel, leave out or do this action."""
        lateness = fields.Datetime.now() - self.planned_at
        if reason := self._get_moot_reason():
            self._cancel_rest(reason)
            return
        if not self._holds_condition():
            self._set_state(
                "skipped",
                self.env._("Left out: the condition “only if” did not hold."),
            )
        else:
            # Written first: an action that commits and fails later is not done once more.
            self._set_state("done", self.env._("Done by the rule %(rule)s.", rule=self._get_rule()))
            self._act()
        if lateness >= LATE:
            self._shift_rest(lateness)

    def _act(self):
        action_sudo = self.action_id.sudo()
        with running_in(self.chain, self.depth):
            action_sudo.with_context(
                active_model=self.res_model, active_id=self.res_id, active_ids=[self.res_id]
            ).run()
            self.env.flush_all()
        rule_sudo = self.automation_id.sudo()
        if rule_sudo.recovery_error:
            rule_sudo._recovery_clear_error()

    def _shift_rest(self, lateness):
        """Put off what follows by as much as this action came too late."""
        for action in self._get_rest():
            action.planned_at += lateness

    def _put_off(self):
        """Let others finish with the record first."""
        try:
            until = fields.Datetime.now() + BUSY_WAIT
            self.not_before = until
            self.env.ref("revenue_recovery.ir_cron_recovery_follow").sudo()._trigger(until)
            self.env["ir.cron"]._commit_progress()
        except psycopg2.OperationalError:
            self.env.cr.rollback()  # Another worker took it.

    def _fail(self, error):
        """Keep why the action failed, and cancel what was to follow."""
        if not self.exists():
            return
        following = self._get_rest() - self
        sentence = self.env._("It failed: %(error)s", error=error)
        self._set_state("failed", sentence, untold=True)
        following._set_state("cancelled", self.env._("An action before it failed."))
        self.env["ir.cron"]._commit_progress()

    # === TELL === #

    @api.model
    def _tell_failures(self):
        """Tell administrators what failed, once for each rule until it succeeds again."""
        for action_id in self.search([("untold", "=", True)], limit=100).ids:
            action = self.browse(action_id)
            try:
                action.automation_id.sudo()._recovery_tell_error(action)
                action.untold = False
                self.env["ir.cron"]._commit_progress()
            except psycopg2.OperationalError:
                self.env.cr.rollback()  # The next time.
            except Exception:
                self.env.cr.rollback()
                _logger.exception("The failure of planned action %s could not be told", action_id)
                action.untold = False
                self.env["ir.cron"]._commit_progress()

    # === CHECKS === #

    def _get_moot_reason(self):
        """Return why the action, with all that follow it, is not due any more, or nothing."""
        rule_sudo = self.automation_id.sudo()
        if not rule_sudo:
            return self.env._("The rule was deleted.")
        if not rule_sudo.active:
            return self.env._("The rule was switched off.")
        action_sudo = self.action_id.sudo()
        if action_sudo not in rule_sudo.action_server_ids:
            return self.env._("The action was taken out of the rule.")
        record = self._get_record()
        if not record:
            return self.env._("The record was deleted.")
        return self._get_stop_reason(record) if self.stops_when_paid else None

    def _get_stop_reason(self, record):
        """Return why nobody waits for the money any more, or nothing."""
        case, move = self.case_id, record.move_id
        if case.state in CLOSED_STATES:
            states = dict(case._fields["state"]._description_selection(self.env))
            return self.env._("The case is over: %(state)s.", state=states[case.state])
        if move and move.state == "cancel":
            return self.env._("The invoice was cancelled.")
        if move and move.payment_state in SETTLED_STATES:
            return self.env._("The invoice is paid.")
        origin = self.origin_state
        if record._name != "recovery.case" or not origin or record.state == origin:
            return None
        went_back = RANKS[record.state] < RANKS.get(origin, len(RANKS))
        if went_back or origin in ("paused", "suspended"):
            return self.env._("The case left the state that had set the rule off.")
        return None

    def _holds_condition(self):
        """Tell whether the action's own condition holds for the record now."""
        condition = self.action_id.sudo().recovery_condition
        if not condition:
            return True
        domain = Domain(safe_eval(condition, self.automation_id.sudo()._get_eval_context()))
        return bool(self._get_record().filtered_domain(domain))

    # === GETTERS === #

    def _get_record(self):
        """Return the record that the action is for, empty when it is gone."""
        return self.env[self.res_model].browse(self.res_id).exists()

    def _get_rule(self):
        """Return the rule's name."""
        return self.automation_id.sudo().name
