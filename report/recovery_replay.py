# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What other retry schedules would have recovered, from the stored decisions of closed cases."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..models.case.recovery_case import OPEN_STATES
from ..models.schedule.record import unpack_case
from ..timing.calendar import ChargeHours
from ..timing.plan.ladder import Ladder
from ..timing.stats.replay import (
    CHOICES,
    LADDERS,
    SUPPORTED,
    Candidate,
    Journey,
    LoggedDecision,
    following,
    replay,
)
from ..tools.instants import aware

# The latest ones: the record of each of their decisions is read and parsed.
LIMIT = 5000
MOST_MONTHS = 24
MOST_TRIES, MOST_DAYS = 30, 90
# Of so many cases the odds are asked what other schedules would bring: a few milliseconds each.
MOST_EXPECTED = 200
# An estimate that rests on fewer cases is not even shown.
FEWEST_TOLD = 30


class RecoveryDashboard(models.AbstractModel):
    _inherit = "recovery.dashboard"

    # === PUBLIC METHODS === #

    @api.model
    @api.readonly
    def get_replay(self, months=6, company_ids=None, tries=None, window=None):
        """Return what other retry schedules would have recovered of the cases that are closed.

        :param int months: 1 to 24, back from today
        :param list company_ids: as for :meth:`get_data`
        :param int tries: with `window`, one more schedule: so many tries spread evenly over it
        :param float window: days
        :return: `count` of closed cases, the share `recovered` of what failed by their charges, and
            by schedule, in `policies`, both estimates with their intervals, how many cases they
            rest on, whether these are enough (and worth to be told), and `why` not (`few` or
            `unsupported`); of fixed schedules also what the learned odds have `expected`
        :raise AccessError: for a company that is not switched on, or without rights to cases
        :raise UserError: for months, or tries and a window, that are none
        """
        self.env["recovery.attempt"].check_access("read")
        companies = self._check_companies(company_ids)
        self = self.with_context(allowed_company_ids=companies.ids)
        if not isinstance(months, int) or not 1 <= months <= MOST_MONTHS:
            raise UserError(self.env._("Choose between 1 and %(most)s months.", most=MOST_MONTHS))
        ladders = {"own": self._check_ladder(tries, window)} if tries or window else {}
        for name, ladder in LADDERS.items():
            if ladder not in ladders.values():
                ladders[name] = ladder
        schedules = {name: following(ladder) for name, ladder in ladders.items()} | CHOICES
        journeys = self._read_journeys(companies, months)
        names = self._get_schedule_names(tries, window)
        estimates = {name: replay(journeys, wants) for name, wants in schedules.items()}
        expected = self._expect(companies, months, ladders) if journeys else {}
        return {
            "count": len(journeys),
            "months": months,
            "recovered": estimates["best"].logged if journeys else None,
            "policies": [
                {
                    "id": name,
                    "name": names[name],
                    "snips": estimate.snips,
                    "snips_interval": estimate.snips_interval,
                    "robust": estimate.robust,
                    "robust_interval": estimate.robust_interval,
                    "effective": estimate.effective,
                    "supported": estimate.supported,
                    "is_enough": estimate.is_enough,
                    "is_told": self._is_told(estimate),
                    "why": self._find_doubt(estimate),
                    "expected": expected.get(name),
                }
                for name, estimate in estimates.items()
            ],
        }

    # === GETTERS === #

    @api.model
    def _check_ladder(self, tries, window):
        """Return the schedule of so many tries spread evenly over days.

        :raise UserError: for tries or days that make none
        """
        is_told = isinstance(tries, int) and isinstance(window, int | float)
        if not is_told or not (1 <= tries <= MOST_TRIES and 1 <= window <= MOST_DAYS):
            raise UserError(
                self.env._(
                    "Choose 1 to %(tries)s tries in 1 to %(days)s days.",
                    tries=MOST_TRIES,
                    days=MOST_DAYS,
                )
            )
        return Ladder(tries, window)

    @api.model
    def _get_schedule_names(self, tries, window):
        def evenly(tries, days):
            return self.env._("%(tries)s tries, evenly in %(days)s days", tries=tries, days=days)

        return {
            "own": evenly(tries, window),
            **{
                name: evenly(ladder.tries, f"{ladder.window:g}")
                for name, ladder in LADDERS.items()
                if not ladder.waits
            },
            "usual": self.env._("Days 1, 2, 3, 5, 7, 10 and 14"),
            "daily": self.env._("Daily, 8 times"),
            "weekly": self.env._("Weekly, 3 times"),
            "best": self.env._("Smart, always the time expected to recover most"),
            "likeliest": self.env._("Smart, always the time likeliest to succeed"),
            "soonest": self.env._("Smart, always the soonest of the times weighed"),
        }

    @api.model
    def _find_doubt(self, estimate):
        """Return why an estimate can't be trusted, if so."""
        if estimate.is_enough:
            return False
        return "unsupported" if estimate.supported < SUPPORTED else "few"

    @api.model
    def _is_told(self, estimate):
        """Return whether an estimate is worth being looked at, with its warning."""
        is_reached = estimate.supported >= SUPPORTED and estimate.effective >= FEWEST_TOLD
        return estimate.is_enough or is_reached

    @api.model
    def _read_journeys(self, companies, months):
        """Return the closed cases of the smart schedule, each with its charges."""
        since = fields.Date.context_today(self) - relativedelta(months=months)
        cases = self.env["recovery.case"].search_fetch(
            [
                ("company_id", "in", companies.ids),
                ("failed_on", ">=", since),
                ("arm", "=", "smart"),
                ("state", "not in", [*OPEN_STATES, "cancelled"]),
                ("failed_amount", ">", 0),
            ],
            ["exhausted_at", "failed_amount", "first_failure_at", "state"],
            order="failed_on DESC, id DESC",
            limit=LIMIT,
        )
        rows = self._read_charges_of(cases)
        journeys = []
        for case in cases:
            charges = rows.get(case.id, ())
            if any(row["candidates"] for row in charges):
                journeys.append(self._prepare_journey(case, charges))
        return journeys

    @api.model
    def _expect(self, companies, months, ladders):
        """Return by schedule what the learned odds expect of it, where there is one company.

        Odds are those of one company: several have learned differently.
        """
        if len(companies) != 1:
            return {}
        # Not before it is used, because it brings NumPy.
        from ..timing.stats.expectation import expect

        model = self.env["recovery.timing"]._get_model(companies)
        return expect(self._read_openings(companies, months), model, ladders)

    @api.model
    def _read_openings(self, companies, months):
        """Return the latest closed cases of both groups as they stood when they opened."""
        since = fields.Date.context_today(self) - relativedelta(months=months)
        cases = self.env["recovery.case"].search_fetch(
            [
                ("company_id", "in", companies.ids),
                ("failed_on", ">=", since),
                ("arm", "in", ("smart", "control")),
                ("state", "not in", [*OPEN_STATES, "cancelled"]),
                ("failed_amount", ">", 0),
            ],
            ["arm", "failed_amount"],
            order="failed_on DESC, id DESC",
            limit=MOST_EXPECTED,
        )
        if not cases:
            return []
        self.env["recovery.attempt"].flush_model()
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT DISTINCT ON (case_id) case_id, decision -> 'case' AS told,
                       (SELECT COALESCE(SUM(paid.amount), 0) FROM recovery_attempt paid
                         WHERE paid.case_id = attempt.case_id AND paid.retry_number > 0
                           AND paid.state = 'paid') AS paid
                  FROM recovery_attempt attempt
                 WHERE case_id = ANY(%s) AND retry_number > 0 AND decision -> 'case' IS NOT NULL
              ORDER BY case_id, COALESCE(started_at, planned_at), id
                """,
                cases.ids,
            )
        )
        by_id = {case.id: case for case in cases}
        openings = []
        for row in rows:
            case = by_id[row["case_id"]]
            told = unpack_case(row["told"])
            share = min(row["paid"] / case.failed_amount, 1.0)
            recovered = share if case.arm == "control" else None
            openings.append((replace(told, failures=told.failures[:1]), recovered))
        return openings

    @api.model
    def _read_charges_of(self, cases):
        """Return by case its retries, oldest first, with what was weighed for them."""
        if not cases:
            return {}
        self.env["recovery.attempt"].flush_model()
        # In SQL, of cases that the user may read: of the wide records only what is needed.
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT case_id, state, source, amount, propensity,
                       COALESCE(started_at, planned_at) AS started_at,
                       decision ->> 'at' AS at,
                       decision ->> 'binding' AS binding,
                       decision -> 'candidates' AS candidates,
                       decision #>> '{case,tz}' AS tz,
                       decision #> '{case,policy,hours}' AS hours
                  FROM recovery_attempt
                 WHERE case_id = ANY(%s) AND retry_number > 0 AND charged_on IS NOT NULL
              ORDER BY case_id, started_at, id
                """,
                cases.ids,
            )
        )
        charges = {}
        for row in rows:
            charges.setdefault(row["case_id"], []).append(row)
        return charges

    @api.model
    def _prepare_journey(self, case, charges):
        told = next(row for row in charges if row["candidates"])
        start, end = told["hours"] or (0, 24)
        return Journey(
            aware(case.first_failure_at),
            ChargeHours(start, end, ZoneInfo(told["tz"] or "UTC")),
            [self._prepare_decision(row, case.failed_amount) for row in charges],
            is_exhausted=case.state == "lost" and bool(case.exhausted_at),
        )

    @api.model
    def _prepare_decision(self, row, failed_amount):
        """Return a charge to replay; one that nobody drew comes without candidates."""
        paid = min(row["amount"] / failed_amount, 1.0) if row["state"] == "paid" else 0.0
        if not row["candidates"] or not row["propensity"] or row["source"] == "hint":
            at = aware(row["started_at"])
            return LoggedDecision(at, 1.0, paid)
        candidates = [
            Candidate(_read(one["at"]), one["probability"], one["value"], one["propensity"])
            for one in row["candidates"]
        ]
        return LoggedDecision(
            _read(row["at"]), row["propensity"], paid, candidates, bool(row["binding"])
        )


def _read(text):
    """Return an instant that was written in UTC, with or without its zone."""
    return aware(datetime.fromisoformat(text))
