# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the planner of notices is told of cases, read for many of them at once."""

from collections import defaultdict
from datetime import datetime, time, timedelta

from odoo.tools import SQL

from ...notices import CaseFacts, FailedAttempt, PlannedAttempt
from ...tools.instants import aware, find_zone
from ..case.exclusion import FIELDS as EXCLUSION_FIELDS
from ..case.exclusion import find_exclusion
from ..case.owed import read_debts
from ..case.recovery_case import OPEN_STATES
from ..charge.chargeable import find_method_block
from .parts import find_begin

# Declines of which a customer hears nothing as long as they may pass, or are mended.
UNHEARD_CLASSES = ("merchant", "technical")
# Charges that tell the customer's bank, or nobody, to have refused; what a block refused is none.
FAILED_CHARGES = ("declined", "not_sent", "returned")


def read_facts(cases):
    """Return what the planner is told of each of these cases.

    :rtype: dict[recovery.case, notices.CaseFacts]
    """
    if not cases:
        return {}
    cases.env.flush_all()
    cases.move_id._fetch_for_recovery()
    for company, group in cases.grouped("company_id").items():
        group.partner_id.with_company(company).fetch(EXCLUSION_FIELDS)
    debts = read_debts([(case.move_id, case.due_date) for case in cases])
    due = _read_due(cases)
    attempts = _read_attempts(cases)
    barred = {}
    for policy, group in cases.grouped("policy_id").items():
        barred.update(policy.step_ids._find_barred(group.move_id))
    return {
        case: _make_facts(
            case,
            debt.balance,
            due[case.id],
            attempts.get(case.id, ()),
            barred[case.move_id.id],
        )
        for case, debt in zip(cases, debts, strict=True)
    }


def _make_facts(case, amount, due, attempts, barred):
    planned = [
        PlannedAttempt(row["id"], aware(row["planned_at"]), row["probability"] or None)
        for row in attempts
        if row["state"] == "planned"
    ]
    is_open = case.state in OPEN_STATES
    if planned and _is_announced(case) and not case._get_coming_charge():
        planned = []  # Something stands against it: it is announced to nobody.
    exclusion = find_exclusion(case.move_id, "notices")
    begin, beginning = find_begin(case) or (None, "")
    paid_at = case.closed_at if case.state == "recovered" else None
    return CaseFacts(
        key=case.id,
        life=case.life,
        amount=amount,
        failures=tuple(_make_failures(case, attempts, begin)),
        beginning=beginning,
        attempts=tuple(planned) if is_open else (),
        due=due,
        has_method=bool(case.ladder or case.policy_id.retry_schedule == "provider")
        and not find_method_block(case._get_default_token(), case.move_id),
        is_one_off=not case.move_id.collect_automatically,
        exhausted_at=case.exhausted_at and aware(case.exhausted_at),
        paid_at=paid_at and aware(paid_at),
        lost=case.state == "lost",
        cancelled=case.state == "cancelled",
        promise=_get_promised_day(case),
        paused=case.state in ("paused", "suspended"),
        paused_until=_get_pause_end(case),
        waiting=bool(case.waiting_since),
        barred_steps=barred,
        excluded=bool(exclusion),
        excluded_until=exclusion and exclusion.until,
        once=case._hears_once(),
        told=case._hears_once() and case._has_heard(),
    )


def _is_announced(case):
    """Return whether a step of the policy announces the next charge to the customer."""
    return "before_attempt" in case.policy_id.step_ids.mapped("trigger")


def _make_failures(case, attempts, since=None):
    """Yield the failed charges of this life.

    The first charge counts from when the case was opened. What it was refused for by a block
    is the customer's business only when it was the fault of their method.

    :param since: naive UTC instant from which on they count; all of this life when not told
    """
    begin = since or (case.first_failure_at if case.life > 1 else datetime.min)
    is_loud = False
    first = case.first_attempt_id.id
    for row in attempts:
        is_refused = row["id"] == first and row["state"] == "refused" and row["decline_class"]
        at = case.first_failure_at if row["id"] == first else row["finished_at"]
        if not (row["state"] in FAILED_CHARGES or is_refused) or at < begin:
            continue
        # What a rule forbids to try again nobody can mend but the customer, by another way to pay.
        is_final = case.blocked_class == "never" and row["decline_class"] in UNHEARD_CLASSES
        if row["decline_class"] == "merchant" and not is_final:
            continue  # Nothing that the customer did, or could mend.
        is_technical = row["state"] == "not_sent" or row["decline_class"] == "technical"
        is_technical &= not is_final
        decline_class = "never" if is_final else row["decline_class"] or "later"
        is_loud |= not is_technical
        yield FailedAttempt(
            row["id"],
            aware(at),
            row["reason"] or "unknown",
            "technical" if is_technical else decline_class,
        )
    if not is_loud and not since:
        yield from _make_foreign_failure(case)


def _make_foreign_failure(case):
    """Yield the failure of a payment that somebody else had started, if there was one."""
    if case.decline_class == "merchant":
        return
    at = case.foreign_failure_at
    if case.opened_by in ("failure", "customer") and not case.first_attempt_id:
        at = case.first_failure_at
    if at:
        is_technical = case.decline_class == "technical" and not case.foreign_failure_at
        decline_class = case.decline_class or "later"
        yield FailedAttempt(
            "first",
            aware(at),
            case.decline_reason_id.code or "unknown",
            decline_class if decline_class != "technical" or is_technical else "later",
        )


def _get_pause_end(case):
    """Return the instant at which a pause ends by itself, or none."""
    if case.state != "paused" or not case.paused_until:
        return None
    zone = find_zone(case.partner_id.with_company(case.company_id)._get_recovery_tz())
    return datetime.combine(case.paused_until, time(), zone)


def _get_promised_day(case):
    """Return the last day, where the customer lives, on which they promised to pay, or none."""
    wait = case._get_promised_wait()
    return case._get_local_day(wait.until - timedelta(seconds=1)) if wait else None


def _read_due(cases):
    """Return since when each case is due, by its id."""
    rows = cases.env.execute_query_dict(
        SQL(
            """
            SELECT recovery_case.id,
                   MAX(line.date_maturity)
                       FILTER (WHERE line.date_maturity <= recovery_case.due_date) AS due
              FROM recovery_case
         LEFT JOIN account_move_line line ON line.move_id = recovery_case.move_id
                                         AND line.display_type = 'payment_term'
             WHERE recovery_case.id IN %s
          GROUP BY recovery_case.id
            """,
            tuple(cases.ids),
        )
    )
    return {row["id"]: row["due"] for row in rows}


def _read_attempts(cases):
    """Return the charges of these cases, planned ones and failed ones, oldest first."""
    rows = cases.env.execute_query_dict(
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
            tuple(cases.ids),
            ("planned", "refused", *FAILED_CHARGES),
        )
    )
    attempts = defaultdict(list)
    for row in rows:
        attempts[row["case_id"]].append(row)
    return attempts
