"""What the planner of notices is told of cases, and what becomes of its answers."""

import logging
from collections import defaultdict
from datetime import datetime, time, timezone

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from ...notices import CaseFacts, FailedAttempt, PlannedAttempt, compare, plan_notices
from ...tools.instants import aware as _aware
from ..case.recovery_case import OPEN_STATES

_logger = logging.getLogger(__name__)

# Charges that tell the customer's bank, or nobody, to have refused; what a block refused is none.
FAILED_CHARGES = ("declined", "not_sent", "returned")
# Triggers about invoices and methods that have no case.
AHEAD_TRIGGERS = ("before_due", "method_expires")
PLAN_BATCH = 500


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    notices_outdated = fields.Boolean(
        readonly=True,
        default=True,
        copy=False,
        help="Something happened since the notices were planned; the job plans them anew.",
    )

    _notices_outdated_idx = models.Index("(id) WHERE notices_outdated IS TRUE")

    notice_ids = fields.One2many(comodel_name="recovery.notice", inverse_name="case_id")

    # === PLAN === #

    @api.model
    def _plan_outdated_notices(self):
        """Plan the notices anew of all cases to which something happened, and commit.

        Cases that somebody else works on are left for the next time; one that can't be planned is
        told on it, and the others go on.
        """
        domain = [("notices_outdated", "=", True)]
        size = PLAN_BATCH
        while True:
            try:
                cases = self.search(domain, limit=size, order="id").try_lock_for_update(
                    allow_referencing=True
                )
                if not cases:
                    return
                cases._plan_notices()
            except (psycopg2.OperationalError, psycopg2.errors.UniqueViolation):
                self.env.cr.rollback()
                _logger.info("Notices are planned the next time: their cases are worked on.")
                return
            except Exception as error:
                self.env.cr.rollback()
                if size > 1:
                    size = 1  # To find the one it is.
                    continue
                cases._fail_planning(error)
            if not self.env["ir.cron"]._commit_progress():
                return

    def _fail_planning(self, error):
        """Tell that the notices of a case can't be planned; it is tried at its next event."""
        _logger.error("The notices of case %s could not be planned", self.id, exc_info=error)
        self.notices_outdated = False
        self._ask_for_attention(
            self.env._("The notices could not be planned: %(error)s", error=error), activity=True
        )

    def _plan_notices(self):
        """Bring the planned notices of these cases in line with the facts.

        :return: the facts of each case, and all notices that they ask for
        :rtype: dict[recovery.case, tuple[timing.notices.CaseFacts, tuple[timing.notices.Notice]]]
        """
        facts = self._get_notice_facts()
        stored = self._get_stored_notices()
        wanted = {}
        values, notices = [], self.env["recovery.notice"]
        for company, cases in self.grouped("company_id").items():
            place = company.partner_id._get_recovery_place()
            steps = {
                policy: policy.step_ids.filtered(lambda step: step.trigger not in AHEAD_TRIGGERS)
                for policy in cases.policy_id
            }
            plain = {policy: steps[policy]._make_steps() for policy in steps}
            for case in cases:
                records = stored.get(case, notices)
                wanted[case] = (
                    *plan_notices(
                        facts[case],
                        plain[case.policy_id],
                        case.partner_id._get_recovery_place(),
                        place,
                    ),
                    *records._plan_asked(facts[case]),
                )
                changes = compare(records._get_stored(), wanted[case])
                values += records._apply_changes(changes, case._prepare_notice_vals())
        notices.create(values)
        self.filtered("notices_outdated").notices_outdated = False
        return {case: (facts[case], wanted[case]) for case in self}

    def _on_changed(self):
        """Fill the hook: the job plans the notices anew."""
        super()._on_changed()
        self.filtered(lambda case: not case.notices_outdated).notices_outdated = True

    def _has_sent_notices(self):
        """Fill the hook: one that was handed over counts."""
        return super()._has_sent_notices() or "sent" in self.notice_ids.mapped("state")

    def _on_closed(self, reason):
        """Fill the hook: withdraw the planned notices of closed cases.

        What a step says after the last retry may be that the case is lost.
        """
        super()._on_closed(reason)
        for case in self:
            planned = case.notice_ids.filtered(lambda notice: notice.state == "planned")
            if case.state == "lost" and case.exhausted_at:
                planned = planned.filtered(lambda notice: notice.step_id.trigger != "exhausted")
            planned._skip(reason)

    def _follow_settled(self):
        """Let those of these cases follow their invoices that are settled or left alone by now."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT recovery_case.id
                  FROM recovery_case
                  JOIN account_move move ON move.id = recovery_case.move_id
                 WHERE recovery_case.id IN %s
                   AND recovery_case.state IN %s
                   AND (move.state != 'posted'
                        OR move.payment_state NOT IN ('not_paid', 'partial')
                        OR recovery_case.state = 'suspended'
                        OR NOT EXISTS (
                            SELECT FROM account_move_line line
                             WHERE line.move_id = move.id
                               AND line.display_type = 'payment_term'
                               AND NOT line.reconciled
                               AND line.no_followup IS NOT TRUE
                               AND line.date_maturity <= recovery_case.due_date))
                """,
                tuple(self.ids) or (0,),
                OPEN_STATES,
            )
        )
        for case in self.browse(case_id for (case_id,) in rows):
            case._follow_invoice()

    def _get_stored_notices(self):
        """Return the notices of each of these cases."""
        notices = self.env["recovery.notice"].search_fetch(
            [("case_id", "in", self.ids)],
            ["case_id", "life", "step_id", "occurrence", "planned_at", "state"],
        )
        return notices.grouped("case_id")

    def _prepare_notice_vals(self):
        """Return the values that all notices of this case have."""
        self.ensure_one()
        return {
            "case_id": self.id,
            "move_id": self.move_id.id,
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
        }

    # === FACTS === #

    def _get_notice_facts(self):
        """Return what the planner is told of each of these cases.

        :rtype: dict[recovery.case, timing.notices.CaseFacts]
        """
        if not self:
            return {}
        self.env.flush_all()
        self.move_id._fetch_for_recovery()
        debts = self._read_notice_debts()
        attempts = self._read_notice_attempts()
        barred = {}
        for policy, cases in self.grouped("policy_id").items():
            barred.update(policy.step_ids._find_barred(cases.move_id))
        return {
            case: case._make_notice_facts(
                debts[case.id], attempts.get(case.id, ()), barred[case.move_id.id]
            )
            for case in self
        }

    def _make_notice_facts(self, debt, attempts, barred):
        planned = [
            PlannedAttempt(row["id"], _aware(row["planned_at"]), row["probability"] or None)
            for row in attempts
            if row["state"] == "planned"
        ]
        is_open = self.state in OPEN_STATES
        paid_at = self.closed_at if self.state == "recovered" else None
        return CaseFacts(
            key=self.id,
            life=self.life,
            amount=float(debt["amount"]),
            failures=tuple(self._make_notice_failures(attempts)),
            attempts=tuple(planned) if is_open else (),
            due=debt["due"],
            has_method=bool(self.ladder or self.policy_id.retry_schedule == "provider")
            and bool(self._get_default_token()),
            is_one_off=not self.move_id.collect_automatically,
            exhausted_at=self.exhausted_at and _aware(self.exhausted_at),
            paid_at=paid_at and _aware(paid_at),
            lost=self.state == "lost",
            cancelled=self.state == "cancelled",
            promise=self.promise_date or None,
            paused=self.state in ("paused", "suspended"),
            paused_until=self._get_pause_end(),
            barred_steps=barred,
        )

    def _make_notice_failures(self, attempts):
        """Yield the failed charges of this life.

        The first charge counts from when the case was opened. What it was refused for by a block
        is the customer's business only when it was his method.
        """
        begin = self.first_failure_at if self.life > 1 else datetime.min
        is_loud = False
        first = self.first_attempt_id.id
        for row in attempts:
            is_refused = row["id"] == first and row["state"] == "refused" and row["decline_class"]
            at = self.first_failure_at if row["id"] == first else row["finished_at"]
            if not (row["state"] in FAILED_CHARGES or is_refused) or at < begin:
                continue
            is_technical = row["state"] == "not_sent" or row["decline_class"] == "technical"
            is_loud |= not is_technical
            yield FailedAttempt(
                row["id"],
                _aware(at),
                row["reason"] or "unknown",
                "technical" if is_technical else row["decline_class"] or "later",
            )
        if is_loud:
            return
        # Somebody else had started the payment that failed.
        at = self.foreign_failure_at
        if self.opened_by == "failure" and not self.first_attempt_id:
            at = self.first_failure_at
        if at:
            is_technical = self.decline_class == "technical" and not self.foreign_failure_at
            decline_class = self.decline_class or "later"
            yield FailedAttempt(
                "first",
                _aware(at),
                self.decline_reason_id.code or "unknown",
                decline_class if decline_class != "technical" or is_technical else "later",
            )

    def _read_notice_debts(self):
        """Return what is owed of each case, in the company's currency, and since when it is due."""
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT recovery_case.id,
                       COALESCE(SUM(line.amount_residual)
                                FILTER (WHERE NOT line.reconciled
                                          AND line.date_maturity <= recovery_case.due_date), 0)
                           AS amount,
                       MAX(line.date_maturity)
                           FILTER (WHERE line.date_maturity <= recovery_case.due_date) AS due
                  FROM recovery_case
             LEFT JOIN account_move_line line ON line.move_id = recovery_case.move_id
                                             AND line.display_type = 'payment_term'
                 WHERE recovery_case.id IN %s
              GROUP BY recovery_case.id
                """,
                tuple(self.ids),
            )
        )
        return {row["id"]: row for row in rows}

    def _read_notice_attempts(self):
        """Return the charges of these cases, planned ones and failed ones, oldest first."""
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT attempt.id, attempt.case_id, attempt.state, attempt.planned_at,
                       COALESCE(attempt.finished_at, attempt.planned_at) AS finished_at,
                       attempt.probability, attempt.decline_class, reason.code AS reason
                  FROM recovery_attempt attempt
             LEFT JOIN recovery_decline_reason reason ON reason.id = attempt.decline_reason_id
                 WHERE attempt.case_id IN %s AND attempt.state IN %s
              ORDER BY attempt.id
                """,
                tuple(self.ids),
                ("planned", "refused", *FAILED_CHARGES),
            )
        )
        attempts = defaultdict(list)
        for row in rows:
            attempts[row["case_id"]].append(row)
        return attempts

    # === GETTERS === #

    def _get_pause_end(self):
        """Return the instant at which a pause ends by itself, or none."""
        if self.state != "paused" or not self.paused_until:
            return None
        return datetime.combine(self.paused_until, time(), timezone.utc)

    def _get_notice_class(self):
        """Return what the latest failure asks of the customer, for the text of a step."""
        self.ensure_one()
        latest = self.attempt_ids.filtered(lambda attempt: attempt.state in FAILED_CHARGES)
        if latest.sorted("id")[-1:].state == "returned":
            return "returned"
        return self.decline_class or "later"

    def _get_cases_of_notice(self):
        """Return the cases that an e-mail about this one lists, this one first.

        While a notice is sent, that is what was decided for it; else the customer's open ones.
        """
        self.ensure_one()
        case_ids = self.env.context.get("recovery_notice_case_ids")
        if case_ids is not None:
            return self | self.browse(case_ids)
        return self | self.search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("in_recovery", "grace")),
            ],
            order="first_failure_at, id",
        )
