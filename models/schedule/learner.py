"""The nightly job that learns from finished charges; charges never wait for it."""

import logging
from collections import defaultdict
from datetime import datetime, timedelta, timezone

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from ...timing.plan.smart import Case, FinishedAttempt, Method, Model
from .facts import BANK_SCHEMES
from .record import make_failure, unpack_case

_logger = logging.getLogger(__name__)

BATCH = 5000
# Charges of one company in one turn of the job, so that every company gets its turn.
MOST_PER_RUN = 100_000
# An outcome is committed well within this time after it is dated.
COMMIT_ALLOWANCE = timedelta(minutes=5)
# A charge this far from the instant that was decided says nothing of what had been promised.
PROMISE_SLACK = timedelta(hours=2)
FAILED_STATES = ("declined", "not_sent", "returned")


class RecoveryTiming(models.Model):
    _inherit = "recovery.timing"

    # === CRON === #

    @api.model
    def _cron_learn(self):
        """Learn from the charges that finished since the last time, company by company."""
        commit_progress = self.env["ir.cron"]._commit_progress
        companies = self._find_companies_to_learn()
        commit_progress(remaining=len(companies) + 1)
        for company in companies:
            try:
                has_time, is_done = self._get_row(company)._learn()
                if not has_time:
                    return
            except psycopg2.OperationalError:
                self.env.cr.rollback()  # Somebody reset the model just now; tomorrow is a day, too.
                is_done = True
            except Exception:
                self.env.cr.rollback()
                _logger.exception("The charges of company %s could not be learned", company.id)
                is_done = True
            if not commit_progress(1 if is_done else 0):
                return
        self._merge_shared()
        commit_progress(1)

    @api.model
    def _find_companies_to_learn(self):
        """Return the companies with charges in a case, or with a rebuild asked for."""
        attempts = self.env["recovery.attempt"]
        companies = self.env["res.company"].search([("active", "=", True)])
        asked = self.search([("rebuild_pending", "=", True)]).company_id
        return companies.filtered(
            lambda company: (
                company in asked
                or attempts.search_count(
                    [("company_id", "=", company.id), ("state", "in", ("paid", "declined"))],
                    limit=1,
                )
            )
        )

    # === BUSINESS METHODS === #

    def _learn(self):
        """Learn what is new of a company, batch by batch, each committed.

        :return: whether the job has time left, and whether everything has been learned
        """
        self.ensure_one()
        model, since = self._begin()
        commit_progress = self.env["ir.cron"]._commit_progress
        for _batch in range(MOST_PER_RUN // BATCH):
            rows = self._read_finished(since)
            for attempt in self._prepare_finished(rows):
                model.learn(attempt)
            is_done = len(rows) < BATCH
            if is_done:
                model.refresh()
            if rows or self.rebuild_pending:
                since = (rows[-1]["finished_at"], rows[-1]["id"]) if rows else (False, 0)
                self._keep(model, since)
            has_time = commit_progress()
            if is_done or not has_time:
                return has_time, is_done
        return has_time, False

    def _begin(self):
        """Return the model to go on with, and end and id of the last charge it has learned."""
        model = Model() if self.rebuild_pending else self._read_model()
        # One that another version of the engine stored can't be read: it is learned anew.
        if self.rebuild_pending or model.attempts != self.attempt_count:
            return model, None
        return model, (self.learned_until, self.learned_attempt_id)

    def _keep(self, model, since):
        """Store a model and how far it has learned."""
        learned_until, attempt_id = since
        self.write(
            {
                **self._prepare_model_vals(model),
                "learned_until": learned_until,
                "learned_attempt_id": attempt_id,
                "rebuild_pending": False,
            }
        )

    @api.model
    def _merge_shared(self):
        """Put the models of the companies that share theirs together, when one has changed."""
        companies = self.env["res.company"].search([("recovery_share_timing", "=", True)])
        rows = self.search([("company_id", "in", companies.ids), ("attempt_count", ">", 0)])
        shared = self.search([("company_id", "=", False)], limit=1)
        if not rows:
            shared.unlink()
            return
        basis = " ".join(f"{row.id}:{row.version}" for row in rows.sorted("id"))
        if shared.basis == basis:
            return
        model = rows[0]._read_model()
        for row in rows[1:]:
            model.merge(row._read_model())
        vals = {**self._prepare_model_vals(model), "basis": basis}
        if shared:
            shared.write(vals)
        else:
            shared.create({**vals, "company_id": False})

    # === GETTERS === #

    def _read_finished(self, since):
        """Return the next finished charges of cases, by the time they ended.

        :param since: end and id of the last one learned; none for the first ones
        """
        self.env["recovery.attempt"].flush_model()
        after = SQL("TRUE")
        if since and since[0]:
            after = SQL("(attempt.finished_at, attempt.id) > (%s, %s)", *since)
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT attempt.id, attempt.case_id, attempt.finished_at
                  FROM recovery_attempt attempt
                  JOIN recovery_case ON recovery_case.id = attempt.case_id
                 WHERE attempt.company_id = %(company)s
                   AND attempt.state IN ('paid', 'declined', 'returned')
                   AND attempt.id != COALESCE(recovery_case.first_attempt_id, 0)
                   AND attempt.started_at IS NOT NULL
                   AND attempt.finished_at <= %(until)s
                   AND %(after)s
              ORDER BY attempt.finished_at, attempt.id LIMIT %(limit)s
                """,
                company=self.company_id.id,
                until=fields.Datetime.now() - COMMIT_ALLOWANCE,
                after=after,
                limit=BATCH,
            )
        )

    def _prepare_finished(self, rows):
        """Yield finished charges as the timing engine learns them.

        :param rows: of :meth:`_read_finished`
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
                    yield self._make_finished(f"{uuid} {case_id}", attempt, case)

    @api.model
    def _make_finished(self, name, attempt, case):
        """Return one finished charge; a case that opened again counts as another one."""
        at = attempt["at"].replace(tzinfo=timezone.utc)
        opened = min(failure.at for failure in case.failures)
        is_paid = attempt["state"] == "paid"
        return FinishedAttempt(
            key=f"{name} {int(opened.timestamp())}",
            case=case,
            at=at,
            paid=is_paid,
            failure=None if is_paid else make_failure(attempt),
            predicted=self._get_promise(attempt),
        )

    @api.model
    def _get_promise(self, attempt):
        """Return the probability that had been promised for the instant of the charge, or none."""
        decided = (attempt["decision"] or {}).get("at")
        if not attempt["probability"] or not decided:
            return None
        is_kept = abs(attempt["at"] - datetime.fromisoformat(decided)) <= PROMISE_SLACK
        return attempt["probability"] if is_kept else None

    @api.model
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
            if other["state"] in FAILED_STATES
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
            ),
            tz=attempt["tz"],
            history=history,
        )

    @api.model
    def _get_opening(self, attempt, earlier):
        """Return what is known of the failure that opened the case."""
        opened = {"at": attempt["first_failure_at"]}
        for other in earlier:
            if other["id"] == attempt["first_attempt_id"]:
                return {**other, **opened}
            kept = (other["decision"] or {}).get("case")
            if kept and kept["failures"][0][0] == _seconds(opened["at"]):
                _at, reason, decline_class, code, _until = kept["failures"][0]
                return {**opened, **_say(reason, decline_class, code)}
        return {**opened, **_say("unknown", "later", "")}

    @api.model
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
        return self.env["recovery.case"]._read_timing_history(keys) if keys else {}

    @api.model
    def _read_attempts(self, case_ids):
        """Return the charges of cases that were sent, in their order, as plain values."""
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT attempt.id, attempt.case_id, attempt.state, attempt.decision,
                       attempt.probability, attempt.advised_until, attempt.company_id,
                       COALESCE(attempt.started_at, attempt.finished_at) AS at,
                       COALESCE(attempt.network_code, attempt.decline_code) AS code,
                       CASE WHEN attempt.state = 'not_sent' THEN 'technical'
                            ELSE attempt.decline_class END AS decline_class,
                       reason.code AS reason,
                       COALESCE(attempt.network, token.recovery_network) AS network,
                       COALESCE(attempt.funding, token.recovery_funding) AS funding,
                       COALESCE(attempt.issuer_country, token.recovery_country) AS country,
                       recovery_case.first_failure_at, recovery_case.first_attempt_id,
                       recovery_case.partner_id,
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


def _seconds(instant):
    return int(instant.replace(tzinfo=timezone.utc).timestamp())
