# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Cases of a company and a period as the trial plays them, and policies as its terms.

Only reads: what can't be read any more is left out here, and noted where it is used.
"""

from dataclasses import replace

from odoo import fields
from odoo.tools import SQL

from ...audit.retries import make_failure as read_failure
from ...declines.networks import BANK_SCHEMES
from ...timing.plan.smart import Case, Method
from ...tools.instants import aware, naive
from ..schedule.facts import read_history
from ..schedule.past import PastReader, read_cases
from ..schedule.record import make_failure

# The latest of a period; more say nothing more.
MOST_CASES = 20000


class TrialReader:
    """Reads what policies are tried on.

    :param policy: on trial: cases count whose invoices fulfil its conditions
    :param since: naive UTC instant of the oldest first failure
    :param until: naive UTC instant that the latest comes before
    """

    def __init__(self, company, policy, since, until):
        self.env = company.env
        self.company, self.policy = company, policy
        self.since, self.until = since, until
        self.now = fields.Datetime.now()

    def read_persons(self):
        """Return the cases of the period, and the failed payments that recovery had no part in.

        :rtype: list[trial.person.Person]
        """
        persons = [*self._read_cases(), *self._read_past()]
        moves = self.env["account.move"].browse([_get_move(person) for person in persons])
        fitting = set(self._find_fitting(self.policy, moves).ids)
        return [person for person in persons if _get_move(person) in fitting]

    def complete(self, persons, policies):
        """Return persons with what takes longer to read: histories, places, steps left out."""
        moves = self.env["account.move"].browse([_get_move(person) for person in persons])
        barred = self._find_barred(policies.step_ids, moves)
        moves.fetch(["partner_id", "commercial_partner_id", "invoice_date_due"])
        keys = [
            (number, move.commercial_partner_id.id, self.company.id, naive(person.opened))
            for number, (move, person) in enumerate(zip(moves, persons, strict=True))
        ]
        histories = read_history(self.env, keys) if keys else {}
        return [
            replace(
                person,
                case=replace(person.case, history=histories.get(number, ())),
                due=move.invoice_date_due or None,
                place=move.commercial_partner_id._get_recovery_place(),
                barred=frozenset(barred.get(move.id, ())),
            )
            for number, (move, person) in enumerate(zip(moves, persons, strict=True))
        ]

    def make_terms(self, policy):
        """Return a policy as the trial plays it.

        The smart schedule is played for all cases: which of them are the control group, is drawn
        when they open.

        :rtype: trial.person.Terms
        """
        # Not before it is used, because it brings NumPy.
        from ...trial.person import Terms

        is_charging = policy.retry_schedule in ("smart", "fixed")
        return Terms(
            policy._get_ladder() if is_charging else None,
            policy.retry_schedule == "smart",
            policy.charge_hour_from,
            policy.charge_hour_to,
            policy.attempt_cost,
            policy.pull_only,
            policy.step_ids._make_steps(),
            policy._get_notice_rules(),
            self.company.partner_id._get_recovery_place(),
        )

    # Cases

    def _read_cases(self):
        from ...trial.person import Person

        rows = self._query_cases()
        charges = self._read_charges([row["id"] for row in rows])
        persons = []
        for row in rows:
            case = self._make_case(row)
            opened = case.failures[0].at
            mine = tuple(one for one in charges.get(row["id"], ()) if one.at > opened)
            is_paid = any(one.failure is None for one in mine)
            is_own = row["state"] == "recovered" and not is_paid and row["closed_at"]
            persons.append(
                Person(
                    f"case {row['move_id']} {row['id']}",
                    case,
                    self._convert(row["failed_amount"], row["currency_id"]),
                    aware(self.now),
                    self._get_minor(row["failed_amount"], row["currency_id"]),
                    row["token_id"] is not None,
                    _until_paid(mine),
                    max(aware(row["closed_at"]), opened) if is_own else None,
                )
            )
        return persons

    def _query_cases(self):
        self.env["recovery.case"].flush_model()
        self.env["recovery.attempt"].flush_model()
        self.env["payment.token"].flush_model()
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT recovery_case.id, recovery_case.move_id, recovery_case.state,
                       recovery_case.first_failure_at AS at, recovery_case.closed_at,
                       recovery_case.failed_amount, recovery_case.currency_id,
                       COALESCE(first.token_id, recovery_case.token_id) AS token_id,
                       COALESCE(reason.code, latest.code) AS reason,
                       CASE WHEN first.id IS NULL THEN recovery_case.decline_class
                            WHEN first.state = 'not_sent' THEN 'technical'
                            ELSE first.decline_class END AS decline_class,
                       COALESCE(first.network_code, first.decline_code) AS code,
                       first.advised_until,
                       COALESCE(first.network, token.recovery_network) AS network,
                       COALESCE(first.funding, token.recovery_funding) AS funding,
                       COALESCE(first.issuer_country, token.recovery_country) AS country,
                       token.recovery_issuer AS issuer,
                       COALESCE(partner.tz, %(zone)s) AS tz
                  FROM recovery_case
                  JOIN res_partner partner ON partner.id = recovery_case.partner_id
             LEFT JOIN recovery_attempt first ON first.id = recovery_case.first_attempt_id
             LEFT JOIN recovery_decline_reason reason ON reason.id = first.decline_reason_id
             LEFT JOIN recovery_decline_reason latest
                    ON latest.id = recovery_case.decline_reason_id
             LEFT JOIN payment_token token
                    ON token.id = COALESCE(first.token_id, recovery_case.token_id)
                 WHERE recovery_case.company_id = %(company)s
                   AND recovery_case.opened_by = 'failure'
                   AND recovery_case.state != 'cancelled'
                   AND recovery_case.failed_amount > 0
                   AND COALESCE(first.decline_class, recovery_case.decline_class, '')
                       != 'merchant'
                   AND recovery_case.first_failure_at >= %(since)s
                   AND recovery_case.first_failure_at < %(until)s
              ORDER BY recovery_case.first_failure_at DESC, recovery_case.id DESC
                 LIMIT %(limit)s
                """,
                company=self.company.id,
                since=self.since,
                until=self.until,
                limit=MOST_CASES,
                zone=self.company.partner_id._get_recovery_tz(),
            )
        )

    def _make_case(self, row):
        network = row["network"] or ""
        return Case(
            (make_failure(row),),
            Method(
                rail=network if network in BANK_SCHEMES else "card",
                network=network,
                funding=row["funding"] or "",
                country=row["country"] or "",
                issuer=row["issuer"] or "",
            ),
            amount=row["failed_amount"],
            currency=self.env["res.currency"].browse(row["currency_id"]).name,
            tz=row["tz"],
        )

    def _read_charges(self, case_ids):
        """Return by case the real charges of the method that had failed, oldest first.

        Not those that were made because the method was replaced or put in order.
        """
        from ...trial.person import Recorded

        if not case_ids:
            return {}
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT attempt.case_id, attempt.state, attempt.advised_until,
                       COALESCE(attempt.started_at, attempt.finished_at) AS at,
                       COALESCE(attempt.network_code, attempt.decline_code) AS code,
                       attempt.decline_class, reason.code AS reason
                  FROM recovery_attempt attempt
                  JOIN recovery_case ON recovery_case.id = attempt.case_id
             LEFT JOIN recovery_attempt first ON first.id = recovery_case.first_attempt_id
             LEFT JOIN recovery_decline_reason reason ON reason.id = attempt.decline_reason_id
                 WHERE attempt.case_id = ANY(%s)
                   AND attempt.state IN ('paid', 'declined', 'returned')
                   AND attempt.decline_class IS DISTINCT FROM 'merchant'
                   AND attempt.source NOT IN ('method', 'backup')
                   AND attempt.id != COALESCE(recovery_case.first_attempt_id, 0)
                   AND attempt.token_id = COALESCE(first.token_id, recovery_case.token_id)
                   AND attempt.started_at >= recovery_case.first_failure_at
              ORDER BY attempt.case_id, at, attempt.id
                """,
                case_ids,
            )
        )
        charges = {}
        for row in rows:
            failure = None if row["state"] == "paid" else make_failure(row)
            at = aware(row["at"]).replace(microsecond=0)
            charges.setdefault(row["case_id"], []).append(Recorded(at, failure))
        return charges

    # The past without recovery

    def _read_past(self):
        debts = PastReader(self.company, self.since, self.now).read_debts()
        until = aware(self.until)
        debts = [debt for debt in debts if debt.first.at < until and debt.amount > 0]
        cases = read_cases(self.company, debts)
        return [self._make_past(debt, cases[debt.key]) for debt in debts]

    def _make_past(self, debt, case):
        from ...trial.person import Person, Recorded

        method, mine, own_at = debt.first.method, [], debt.own_at
        for payment in debt.later:
            if payment.method == method and method and not payment.by_customer:
                at = aware(payment.at).replace(microsecond=0)
                failure = None if payment.is_paid else read_failure(payment)
                if at > case.failures[0].at:
                    mine.append(Recorded(at, failure))
            elif payment.is_paid:
                own_at = own_at or payment.at
        return Person(
            f"past {debt.key}",
            case,
            debt.amount,
            aware(self.now),
            round(100 * debt.amount),
            method is not None,
            _until_paid(mine),
            own_at,
        )

    # Helpers

    def _find_fitting(self, policy, moves):
        if policy.domain in (False, "", "[]"):
            return moves
        fitting, _error = policy._get_conditions().find_safely(moves)
        return fitting

    def _find_barred(self, steps, moves):
        """Return by invoice which steps are not for it; nothing is noted on the steps."""
        barred = {move_id: set() for move_id in moves.ids}
        for step in steps:
            if step.domain in (False, "", "[]"):
                continue
            fitting, _error = step._get_conditions().find_safely(moves)
            for move_id in set(moves.ids) - set(fitting.ids):
                barred[move_id].add(step.id)
        return barred

    def _convert(self, amount, currency_id):
        currency = self.env["res.currency"].browse(currency_id)
        own = self.company.currency_id
        if currency == own:
            return amount
        return currency._convert(amount, own, self.company, self.now.date(), round=False)

    def _get_minor(self, amount, currency_id):
        currency = self.env["res.currency"].browse(currency_id)
        return round(amount * 10**currency.decimal_places)


def _get_move(person):
    return int(person.key.split()[1])


def _until_paid(charges):
    """Return charges up to the first that paid: what came after it was another story."""
    found = []
    for charge in charges:
        found.append(charge)
        if charge.failure is None:
            break
    return tuple(found)
