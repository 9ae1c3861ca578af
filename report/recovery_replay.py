"""What other ways to choose the first retry would have recovered, from the stored decisions."""

from datetime import datetime

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.recovery_case import OPEN_STATES
from ..timing.replay import POLICIES, Candidate, Decision, replay

# The latest ones: each record is read and parsed.
LIMIT = 20000
MOST_MONTHS = 24


class RecoveryDashboard(models.AbstractModel):
    _inherit = "recovery.dashboard"

    # === PUBLIC METHODS === #

    @api.model
    def get_replay(self, months=6, company_ids=None):
        """Return what other ways to choose the time of the first retry would have recovered.

        :param int months: 1 to 24, back from today
        :param list company_ids: as for :meth:`get_data`
        :return: `count` of closed cases, the share `recovered` of what failed, and by way, in
            `policies`, both estimates with their intervals, how many decisions they rest on, and
            whether these are enough
        :raise AccessError: for a company that is not switched on, or without rights to cases
        :raise UserError: for months that are none
        """
        self.env["recovery.attempt"].check_access("read")
        companies = self._check_companies(company_ids)
        self = self.with_context(allowed_company_ids=companies.ids)
        if not isinstance(months, int) or not 1 <= months <= MOST_MONTHS:
            raise UserError(self.env._("Choose between 1 and %(most)s months.", most=MOST_MONTHS))
        decisions = self._read_decisions(companies, months)
        names = {
            "best": self.env._("Always the time expected to recover most (nothing left to chance)"),
            "likeliest": self.env._("The time at which the charge is likeliest to succeed"),
            "soonest": self.env._("The soonest of the times that were weighed"),
        }
        estimates = {name: replay(decisions, choose) for name, choose in POLICIES.items()}
        return {
            "count": len(decisions),
            "months": months,
            "recovered": estimates["best"].logged if decisions else None,
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
                }
                for name, estimate in estimates.items()
            ],
        }

    # === GETTERS === #

    @api.model
    def _read_decisions(self, companies, months):
        """Return the smart first retries of closed cases, with what became of these."""
        since = fields.Date.context_today(self) - relativedelta(months=months)
        attempts = self.env["recovery.attempt"].search_fetch(
            [
                ("company_id", "in", companies.ids),
                ("charged_on", ">=", since),
                ("retry_number", "=", 1),
                ("arm", "=", "smart"),
                ("propensity", ">", 0),
                ("case_id.state", "not in", [*OPEN_STATES, "cancelled"]),
                ("case_id.failed_company_amount", ">", 0),
            ],
            ["case_id", "decision", "propensity"],
            order="charged_on DESC, id DESC",
            limit=LIMIT,
        )
        decisions = (self._prepare_decision(attempt) for attempt in attempts)
        return [decision for decision in decisions if decision]

    @api.model
    def _prepare_decision(self, attempt):
        """Return a decision to replay; none of one whose candidates were not recorded."""
        record = attempt.decision or {}
        candidates = [
            Candidate(_unify(row["at"]), row["probability"], row["value"], row["propensity"])
            for row in record.get("candidates") or ()
        ]
        if not candidates:
            return None
        case = attempt.case_id
        share = case.recovered_company_amount / case.failed_company_amount
        return Decision(_unify(record["at"]), attempt.propensity, share, candidates)


def _unify(instant):
    """Return an instant in UTC, with or without its zone, as text that compares."""
    return datetime.fromisoformat(instant).replace(tzinfo=None).isoformat()
