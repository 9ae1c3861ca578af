# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Finished charges of a company, read as the timing engine learns them."""

from collections import defaultdict
from datetime import datetime, timedelta

from odoo import fields
from odoo.tools import SQL

from ...declines.networks import BANK_SCHEMES
from ...timing.plan.smart import Case, FinishedAttempt, Method, believe
from ...tools.instants import aware, to_seconds
from .facts import SENT_STATES, read_history
from .record import make_failure, unpack_case

BATCH = 5000
# An outcome is committed well within this time after it is dated.
COMMIT_ALLOWANCE = timedelta(minutes=5)
# A charge this far from the instant that was decided says nothing of what had been promised.
PROMISE_SLACK = timedelta(hours=2)


class Learner:
    """Reads what there is to learn from the charges of a company."""

    def __init__(self, company):
        self.company = company
        self.env = company.env

    def read_finished(self, since):
        """Return the next finished charges of cases, by the time they ended.

        :param since: end and id of the last one learned; none for the first ones
        :return: their rows, and whether they are the last ones
        """
        self.env["recovery.attempt"].flush_model()
        after = SQL("TRUE")
        if since and since[0]:
            after = SQL("(attempt.finished_at, attempt.id) > (%s, %s)", *since)
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT attempt.id, attempt.case_id, attempt.finished_at
                  FROM recovery_attempt attempt
                  JOIN recovery_case ON recovery_case.id = attempt.case_id
                 WHERE attempt.company_id = %(company)s
                   AND attempt.state IN ('paid', 'declined', 'returned')
                   -- A fault of the company's own says nothing of when its customers have money.
                   AND attempt.decline_class IS DISTINCT FROM 'merchant'
                   AND attempt.id != COALESCE(recovery_case.first_attempt_id, 0)
                   AND attempt.started_at IS NOT NULL
                   AND attempt.finished_at <= %(until)s
                   AND %(after)s
              ORDER BY attempt.finished_at, attempt.id LIMIT %(limit)s
                """,
                company=self.company.id,
                until=fields.Datetime.now() - COMMIT_ALLOWANCE,
                after=after,
                limit=BATCH,
            )
        )
        return rows, len(rows) < BATCH

    def prepare_finished(self, rows, model=None):
        """Yield finished charges as the timing engine learns them.

        :param rows: of :meth:`read_finished`
        :param model: whose odds say what they would have promised of the control group's charges;
            none where all is learned anew, and the odds of then are not known any more
        """
        wanted = {row["id"] for row in rows}
        attempts_of = defaultdict(list)
        case_ids = {row["case_id"] for row in rows}
        for attempt in self._read_attempts(case_ids) if case_ids else ():
            attempts_of[attempt["case_id"]].append(attempt)
        histories = self._read_histories(attempts_of, wanted)
        uuid = self.env["recovery.case"]._get_database_uuid()
        for case_id, attempts in attempts_of.items():
            for number, attempt in enumerate(attempts):
                if attempt["id"] not in wanted:
                    continue
                case = self._read_case(attempt, attempts[:number], histories.get(case_id, ()))
                if case:
                    yield self._make_finished(f"{uuid} {case_id}", attempt, case, model)

    def _make_finished(self, name, attempt, case, model):
        """Return one finished charge; a case that opened again counts as another one."""
        at = aware(attempt["at"])
        opened = min(failure.at for failure in case.failures)
        is_paid = attempt["state"] == "paid"
        return FinishedAttempt(
            key=f"{name} {int(opened.timestamp())}",
            case=case,
            at=at,
            paid=is_paid,
            failure=None if is_paid else make_failure(attempt),
            **self._get_promise(attempt, case, model),
        )

    def _get_promise(self, attempt, case, model):
        """Return what had been promised for the instant of the charge, and believed; or nothing."""
        if model and attempt["arm"] == "control":
            return {"believed": believe(case, aware(attempt["at"]), model)}
        decision = attempt["decision"] or {}
        if not attempt["probability"] or not decision.get("at"):
            return {}
        decided = datetime.fromisoformat(decision["at"])
        if abs(attempt["at"] - decided) > PROMISE_SLACK:
            return {}
        return {"predicted": attempt["probability"], "believed": decision.get("believed")}

    def _read_case(self, attempt, earlier, history):
        """Return the case as it stood before a charge: as kept with it, else from the columns."""
        kept = (attempt["decision"] or {}).get("case")
        if kept:
            return unpack_case(kept)
        opened = attempt["first_failure_at"]
        if attempt["at"] < opened:
            return None  # Of a life of the case whose beginning is not known any more.
        failures = [
            make_failure({**other, "at": max(other["at"], opened)})
            for other in earlier
            if other["state"] in SENT_STATES
            and other["at"] >= opened
            and other["id"] != attempt["first_attempt_id"]
        ]
        network = attempt["network"] or ""
        return Case(
            failures=(make_failure(self._get_opening(attempt, earlier)), *failures),
            method=Method(
                rail=network if network in BANK_SCHEMES else "card",
                network=network,
                funding=attempt["funding"] or "",
                country=attempt["country"] or "",
                issuer=attempt["issuer"] or "",
            ),
            tz=attempt["tz"],
            history=history,
        )

    def _get_opening(self, attempt, earlier):
        """Return what is known of the failure that opened the case."""
        opened = {"at": attempt["first_failure_at"]}
        for other in earlier:
            if other["id"] == attempt["first_attempt_id"]:
                return {**other, **opened}
            kept = (other["decision"] or {}).get("case")
            if kept and kept["failures"][0][0] == to_seconds(opened["at"]):
                _at, reason, decline_class, code, _until = kept["failures"][0]
                return {**opened, **_say(reason, decline_class, code)}
        return {**opened, **_say("unknown", "later", "")}

    def _read_histories(self, attempts_of, wanted):
        """Return the customers' earlier charges, for the cases that did not keep them."""
        keys = []
        for case_id, attempts in attempts_of.items():
            if any(
                attempt["id"] in wanted and not (attempt["decision"] or {}).get("case")
                for attempt in attempts
            ):
                first = attempts[0]
                opened = first["first_failure_at"]
                keys.append((case_id, first["partner_id"], first["company_id"], opened))
        return read_history(self.env, keys) if keys else {}

    def _read_attempts(self, case_ids):
        """Return the charges of cases that were sent, in their order, as plain values."""
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT attempt.id, attempt.case_id, attempt.state, attempt.decision,
                       attempt.probability, attempt.advised_until, attempt.company_id,
                       COALESCE(attempt.started_at, attempt.finished_at) AS at,
                       COALESCE(attempt.network_code, attempt.decline_code) AS code,
                       CASE WHEN attempt.state = 'not_sent' OR attempt.decline_class = 'merchant'
                            THEN 'technical'
                            ELSE attempt.decline_class END AS decline_class,
                       reason.code AS reason,
                       COALESCE(attempt.network, token.recovery_network) AS network,
                       COALESCE(attempt.funding, token.recovery_funding) AS funding,
                       COALESCE(attempt.issuer_country, token.recovery_country) AS country,
                       token.recovery_issuer AS issuer,
                       recovery_case.first_failure_at, recovery_case.first_attempt_id,
                       recovery_case.partner_id, recovery_case.arm,
                       COALESCE(partner.tz, company_partner.tz, 'UTC') AS tz
                  FROM recovery_attempt attempt
                  JOIN recovery_case ON recovery_case.id = attempt.case_id
                  JOIN res_partner partner ON partner.id = recovery_case.partner_id
                  JOIN res_company company ON company.id = attempt.company_id
                  JOIN res_partner company_partner ON company_partner.id = company.partner_id
             LEFT JOIN recovery_decline_reason reason ON reason.id = attempt.decline_reason_id
             LEFT JOIN payment_token token ON token.id = attempt.token_id
                 WHERE attempt.case_id IN %s
                   AND attempt.state IN ('paid', 'declined', 'returned', 'not_sent')
                   AND attempt.finished_at IS NOT NULL
              ORDER BY attempt.case_id, at, attempt.id
                """,
                tuple(case_ids),
            )
        )


def _say(reason, decline_class, code):
    values = {"reason": reason, "decline_class": decline_class, "code": code}
    return {**values, "advised_until": None}
