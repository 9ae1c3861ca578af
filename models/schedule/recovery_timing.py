# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a company's charges have taught about when to charge."""

import logging
from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError

from ...audit.retries import make_case
from ...timing.stats.intervals import Z90, wilson
from ...tools.jobs import commit, work
from .learner import Learner
from .past import PastReader, choose_taught, find_retries, read_cases

_logger = logging.getLogger(__name__)

MANAGER_GROUP = "revenue_recovery.group_recovery_manager"
# Batches of one company in one turn of the job, so that every company gets its turn.
MOST_BATCHES = 20
# What is older says little of how customers are paid now.
PAST_YEARS = 2


class RecoveryTiming(models.Model):
    """A timing model: one for each company, and one for all companies that share theirs."""

    _name = "recovery.timing"
    _description = "Recovery Timing"
    _order = "company_id, id"

    company_id = fields.Many2one(
        comodel_name="res.company",
        readonly=True,
        ondelete="cascade",
        help="Empty: what the companies that share their models have learned together.",
    )
    # Up to two megabytes: read only where it is asked for.
    model_json = fields.Text(string="Model", readonly=True, prefetch=False)
    version = fields.Char(readonly=True, help="Names the odds; each decision keeps it.")
    attempt_count = fields.Integer(string="Charges", readonly=True, help="Charges learned from.")
    case_count = fields.Integer(string="Cases", readonly=True, help="Cases that are remembered.")
    learned_at = fields.Datetime(string="Learned", readonly=True)
    learned_until = fields.Datetime(
        readonly=True, help="Charges that ended before this time have been learned, or forgotten."
    )
    learned_attempt_id = fields.Integer(
        readonly=True, help="Of the charges that ended at that time, the last one learned."
    )
    rebuild_pending = fields.Boolean(
        readonly=True, help="The job learns from all charges of the company again."
    )
    past_learned_at = fields.Datetime(
        string="Past Learned",
        readonly=True,
        help="When the charges were learned that recovery had no part in: those of before it was "
        "used. They are learned once, and once more with everything else.",
    )
    basis = fields.Char(readonly=True, help="The models that the shared one was made of.")

    _company_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0))", "A company has one timing model only."
    )

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    def _compute_display_name(self):
        for timing in self:
            timing.display_name = timing.company_id.name or self.env._("Shared")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Let every worker read the models anew."""
        timings = super().create(vals_list)
        self.env.registry.clear_cache()
        return timings

    def write(self, vals):
        """Let every worker read the models anew."""
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        """Let every worker read the models anew."""
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # === ACTION METHODS === #

    def action_rebuild(self):
        """Let the job learn from all charges again; without a record, from the company's."""
        timings_sudo = self._check_manager()
        timings_sudo.write({"rebuild_pending": True})
        self.env.ref("revenue_recovery.ir_cron_recovery_learn").sudo()._trigger()
        return self._notify(
            self.env._("The job learns from all charges again. It takes a few minutes.")
        )

    def action_reset(self):
        """Forget what was learned; charges made so far are not learned again by themselves."""
        timings_sudo = self._check_manager()
        timings_sudo.write(
            {
                **self._prepare_model_vals(get_model_class()()),
                "learned_until": fields.Datetime.now(),
                "learned_attempt_id": 0,
                "past_learned_at": fields.Datetime.now(),
                "rebuild_pending": False,
            }
        )
        return self._notify(self.env._("Forgotten. Charges are planned from what is shipped."))

    @api.model
    def get_screen_data(self, company_id=None):
        """Return what has been learned, for the screen: plain values.

        :param int company_id: one of the user's companies, the current one when not told
        :return: `company`, `attempts`, `cases`, `learned_at` and `since` (ISO, UTC), `shared`,
            `rebuilding`, `tables`, `habits`, `promises` by number of the retry (what was promised
            is `learned`) and `calibration`; shares lie between 0 and 1
        :raise AccessError: for a company that the user has not switched on
        """
        # Not before it is used, because it brings NumPy.
        from ...timing.stats.statistics import kept_promises, learned_tables, pay_habits

        self.check_access("read")
        company = self.env["res.company"].browse(company_id) if company_id else self.env.company
        if company not in self.env.companies:
            raise AccessError(self.env._("You can't see what this company has learned."))
        # In sudo mode: the company's switch is in its settings, and the model is one text.
        timing_sudo = self._get_row(company)
        company_sudo = company.sudo()
        model = self._get_model(company)
        oldest = min((sequence.born for sequence in model.reservoir.cases.values()), default=None)
        return {
            "id": timing_sudo.id,
            "company": {"id": company.id, "name": company_sudo.name},
            "attempts": model.attempts,
            "cases": len(model.reservoir),
            "learned_at": _to_iso(timing_sudo.learned_at),
            "since": oldest and _to_iso(_from_days(oldest)),
            "shared": company_sudo.recovery_share_timing,
            "rebuilding": timing_sudo.rebuild_pending,
            "tables": {
                name: [self._prepare_row(name, row) for row in rows]
                for name, rows in learned_tables(model).items()
            },
            "habits": [self._prepare_row("habit", row) for row in pay_habits(model)],
            "promises": [self._prepare_row("attempt", row) for row in kept_promises(model)],
            "calibration": self._prepare_calibration(model),
        }

    # === BUSINESS METHODS === #

    def _check_manager(self):
        """Return these models, or the current company's, in sudo mode, for managers.

        :raise AccessError: when the user is none
        """
        self.check_access("read")
        if not (self.env.su or self.env.user.has_group(MANAGER_GROUP)):
            raise AccessError(self.env._("Only managers of recovery may do that."))
        return self.sudo() or self._get_row(self.env.company)

    @api.model
    def _prepare_model_vals(self, model):
        """Return the values that keep a `timing.smart.Model`."""
        return {
            "model_json": model.to_json(),
            "version": model.version,
            "attempt_count": model.attempts,
            "case_count": len(model.reservoir),
            "learned_at": fields.Datetime.now(),
        }

    @api.model
    def _prepare_calibration(self, model):
        """Return how often promised probabilities came true, as plain values."""
        # Not before it is used, because it brings NumPy.
        from ...timing.stats.statistics import calibration

        bins, error = calibration(model)
        return {
            "bins": [
                {
                    "low": part.low,
                    "high": part.high,
                    "count": part.tries,
                    "promised": part.promised,
                    "paid": part.seen,
                }
                for part in bins
            ],
            "ece": error,
        }

    @api.model
    def _prepare_row(self, table, row):
        """Return a row of a table as plain values, with the interval of what was seen."""
        low, high = _get_interval(row.seen, row.tries)
        name = row.label
        if table == "reason":
            # In sudo mode: reasons are only named here.
            name = self.env["recovery.decline.reason"].sudo()._find(name).name or name
        return {
            "name": name,
            "count": row.tries,
            "seen": row.seen,
            "learned": row.learned,
            "prior": row.prior,
            "low": low,
            "high": high,
        }

    @api.model
    def _notify(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _learn(self):
        """Learn what is new of a company, batch by batch, each committed.

        :return: whether the job has time left, and whether everything has been learned
        """
        self.ensure_one()
        learner = Learner(self.company_id)
        model, since = self._begin()
        has_past = self._learn_past(model, since)
        # Where all is learned anew, the odds of then are not known any more.
        told_by = model if since else None
        for _batch in range(MOST_BATCHES):
            rows, is_last = learner.read_finished(since)
            for attempt in learner.prepare_finished(rows, told_by):
                model.learn(attempt)
            if is_last:
                model.refresh()
            if rows or has_past or self.rebuild_pending:
                since = (rows[-1]["finished_at"], rows[-1]["id"]) if rows else since or (False, 0)
                self._keep(model, since)
                has_past = False
            has_time = commit(self.env)
            if is_last or not has_time:
                return has_time, is_last
        return has_time, False

    def _begin(self):
        """Return the model to go on with, and end and id of the last charge it has learned."""
        model = get_model_class()() if self.rebuild_pending else self._read_model()
        # One that another version of the engine stored can't be read: it is learned anew.
        if self.rebuild_pending or model.attempts != self.attempt_count:
            return model, None
        return model, (self.learned_until, self.learned_attempt_id)

    def _learn_past(self, model, since):
        """Learn what recovery had no part in, where that has not been done.

        Charges of cases are never among it: nothing counts twice.

        :param since: of :meth:`_begin`: none where all is learned anew
        :return: whether there was anything new
        """
        if self.past_learned_at and since is not None:
            return False
        now = fields.Datetime.now()
        since_then = now - timedelta(days=365 * PAST_YEARS)
        before = model.attempts
        debts = choose_taught(PastReader(self.company_id, since_then, now).read_debts())
        self._teach(model, debts, read_cases(self.company_id, debts), "past")
        for imported in self._get_imported_debts():
            self._teach(model, imported, {}, "file")
        self.past_learned_at = now
        return model.attempts > before

    def _learn_debts(self, debts):
        """Learn debts of a file that has just been read, and store it."""
        self.ensure_one()
        model = self._read_model()
        self._teach(model, debts, {}, "file")
        model.refresh()
        self._keep(model, (self.learned_until, self.learned_attempt_id))

    def _teach(self, model, debts, cases, kind):
        """Let a model learn the retries of debts.

        :param cases: by key, as they stood; made of the debt alone where there is none
        """
        name = f"{self.env['recovery.case']._get_database_uuid()} {self.company_id.id} {kind}"
        cases = cases or {debt.key: make_case(debt) for debt in debts}
        for attempt in find_retries(debts, cases, name):
            model.learn(attempt)

    def _get_imported_debts(self):
        """Hook for `figures`: return the debts of files that the company's model has learned.

        It returns none by itself.

        :return: lists of `audit.Debt`
        """
        return []

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

    # === CRON === #

    @api.model
    def _cron_learn(self):
        """Learn from the charges that finished since the last time, company by company."""
        companies = self._find_companies_to_learn()
        commit(self.env, remaining=len(companies) + 1)
        for company in companies:
            has_time, is_done = self._learn_safely(company)
            if not has_time or not commit(self.env, 1 if is_done else 0):
                return
        self._merge_shared()
        commit(self.env, 1)

    @api.model
    def _learn_safely(self, company):
        """Learn of a company; where that fails, it is left until tomorrow, and others go on.

        :return: as :meth:`_learn`
        """
        outcomes = []
        work(
            self.env,
            lambda: outcomes.append(self._get_row(company)._learn()),
            doing=f"Learning from the charges of company {company.id}",
        )
        return outcomes[0] if outcomes else (True, True)

    @api.model
    def _find_companies_to_learn(self):
        """Return the companies with charges in a case, with a past, or with a rebuild asked for."""
        attempts = self.env["recovery.attempt"]
        transactions = self.env["payment.transaction"]
        done = self.search([("past_learned_at", "!=", False)]).company_id
        companies = self.env["res.company"].search([("active", "=", True)])
        asked = self.search([("rebuild_pending", "=", True)]).company_id
        return companies.filtered(
            lambda company: (
                company in asked
                or attempts.search_count(
                    [("company_id", "=", company.id), ("state", "in", ("paid", "declined"))],
                    limit=1,
                )
                or (
                    company not in done
                    and transactions.search_count(
                        [("company_id", "=", company.id), ("state", "in", ("error", "cancel"))],
                        limit=1,
                    )
                )
            )
        )

    # === GETTERS === #

    @api.model
    def _get_row(self, company):
        """Return the company's row in sudo mode; it is made where there is none."""
        timing_sudo = self.sudo().search([("company_id", "=", company.id)], limit=1)
        return timing_sudo or timing_sudo.create({"company_id": company.id})

    @api.model
    def _get_model(self, company):
        """Return what the company decides by, its own or the shared model: read only.

        It is read once by each process, and again after it has learned.

        :rtype: timing.smart.Model
        """
        # In sudo mode because whoever pays has no rights on companies' settings.
        is_shared = bool(company.sudo().recovery_share_timing)
        return self._load_model(company.id, is_shared)

    @api.model
    @tools.ormcache("company_id", "is_shared")
    def _load_model(self, company_id, is_shared):
        domain = [("company_id", "in", (company_id, False) if is_shared else (company_id,))]
        rows_sudo = self.sudo().search(domain)
        shared_sudo = rows_sudo.filtered(lambda row: not row.company_id and row.model_json)
        return (shared_sudo or rows_sudo.filtered("company_id"))._read_model()

    def _read_model(self):
        """Return the stored model; one that knows the shipped priors where there is none.

        :rtype: timing.smart.Model
        """
        model_class = get_model_class()
        if not self.model_json:
            return model_class()
        try:
            return model_class.from_json(self.model_json)
        except (KeyError, TypeError, ValueError):
            _logger.info("The timing model %s is of another version: it is learned anew.", self.id)
            return model_class()


def get_model_class():
    """Return `timing.smart.Model`, which brings NumPy and is not imported before it is used."""
    from ...timing.model.model import Model

    return Model


def _get_interval(share, count):
    """Return the 90 % interval of a share, or nothing without anything to count."""
    return wilson(share, count, Z90) if share is not None and count >= 1 else (None, None)


def _from_days(days):
    return fields.Datetime.to_datetime("1970-01-01") + timedelta(days=days)


def _to_iso(instant):
    return instant.replace(microsecond=0).isoformat() if instant else None
