# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A policy tried on the company's own cases: what it would have brought, and nothing done."""

import logging
import time
from contextlib import closing
from datetime import datetime, timedelta
from datetime import time as day_time

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.errors import describe_error
from ...tools.instants import find_zone, naive
from ...tools.jobs import commit, work
from ..schedule.recovery_timing import MANAGER_GROUP
from .trial_page import TrialPage
from .trial_reading import TrialReader

_logger = logging.getLogger(__name__)

# Whoever fills a form fills these; all else is written by the job.
_OWN_FIELDS = {
    "beside_id",
    "company_id",
    "customer_count",
    "date_from",
    "date_to",
    "note",
    "policy_id",
    "source",
}
MOST_CUSTOMERS = 5000
_MOST_DAYS = 800
# Odoo ends jobs that take longer than it allows them, 120 seconds, or 60 of the processor's, by
# default: what is played by then is what is told of.
MOST_SECONDS = 100
_MOST_PROCESSOR_SECONDS = 40
# That play at once, if they can be started; what they take of the processor is not the job's.
PROCESSES = 2
# How often the job tells how far it is, and looks whether it was cancelled.
_TELL_SECONDS = 1.0
_TELL_TRIES = 5
_GOING = ("waiting", "running")


class RecoveryPolicyTrial(models.Model):
    """One policy, or two beside each other, played over cases of a period."""

    _name = "recovery.policy.trial"
    _description = "Recovery Policy on Trial"
    _order = "id DESC"

    policy_id = fields.Many2one(
        comodel_name="recovery.policy",
        string="Policy on Trial",
        required=True,
        ondelete="cascade",
        index=True,
        check_company=True,
        help="It need not be in use: archive a copy, change it, and try it.",
    )
    beside_id = fields.Many2one(
        comodel_name="recovery.policy",
        compute="_compute_beside_id",
        store=True,
        precompute=True,
        readonly=False,
        ondelete="set null",
        check_company=True,
        help="Played over the same cases. By default the first of the other policies in use.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    source = fields.Selection(
        selection=[
            ("cases", "Cases of the period"),
            ("customers", "Simulated customers like those of the period"),
        ],
        string="Played Over",
        default="cases",
        required=True,
        help="Cases of the period: where a charge was really made near one that the policy makes, "
        "its answer is taken; of all others the learned odds tell.\n"
        "Simulated customers: drawn from these cases, with new luck. All answers are the odds'.",
    )
    customer_count = fields.Integer(string="Customers", default=500)
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: fields.Date.context_today(self) - timedelta(days=180),
        help="Of the first failure.",
    )
    date_to = fields.Date(
        string="To",
        required=True,
        default=lambda self: fields.Date.context_today(self) - timedelta(days=1),
        help="The last day on which a case may have begun.",
    )
    note = fields.Char(help="What you want to find out, to tell trials apart.")
    state = fields.Selection(
        selection=[
            ("new", "New"),
            ("waiting", "Waiting"),
            ("running", "Being Played"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
            ("failed", "Failed"),
        ],
        default="new",
        required=True,
        readonly=True,
        copy=False,
    )
    progress = fields.Float(readonly=True, copy=False, help="Percent of the cases.")
    made_at = fields.Datetime(string="Made", readonly=True, copy=False)
    error = fields.Char(readonly=True, copy=False, help="Why it could not be made.")
    result = fields.Json(
        readonly=True, copy=False, prefetch=False, help="What was found, as plain values."
    )
    share = fields.Float(
        string="Recovered",
        readonly=True,
        copy=False,
        aggregator=None,
        help="Probable share of the amount that is back when the windows are over.",
    )
    difference = fields.Float(string="More Than Beside", readonly=True, copy=False, aggregator=None)
    tries = fields.Integer(string="Charges", readonly=True, copy=False, aggregator=None)
    messages = fields.Integer(readonly=True, copy=False, aggregator=None)
    verdict = fields.Selection(
        selection=[
            ("better", "Better"),
            ("worse", "Worse"),
            ("same", "The same"),
            ("unknown", "Can't tell"),
        ],
        readonly=True,
        copy=False,
    )
    page = fields.Html(compute="_compute_page", sanitize=False)

    # === COMPUTE METHODS === #

    @api.depends("policy_id", "made_at")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        for trial in self:
            at = trial.made_at and fields.Datetime.context_timestamp(trial, trial.made_at)
            day = at.date().isoformat() if at else ""
            trial.display_name = f"{trial.policy_id.name or ''} {day}".strip()

    @api.depends("policy_id", "company_id")
    def _compute_beside_id(self):
        for trial in self:
            policies = self.env["recovery.policy"]
            domain = Domain(policies._check_company_domain(trial.company_id))
            others = domain & Domain("id", "!=", trial.policy_id._origin.id)
            trial.beside_id = policies.search(others, limit=1)

    @api.depends("result", "state")
    @api.depends_context("lang", "tz")
    def _compute_page(self):
        for trial in self:
            trial.page = (
                self.env["ir.qweb"]._render(
                    "revenue_recovery.recovery_policy_trial_page", TrialPage(trial).get_values()
                )
                if trial.state == "done"
                else False
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for trial in self:
            days = (trial.date_to - trial.date_from).days
            if not 0 <= days <= _MOST_DAYS:
                raise ValidationError(
                    self.env._(
                        "The period must end after it begins, and last at most %(days)s days.",
                        days=_MOST_DAYS,
                    )
                )

    @api.constrains("customer_count", "source")
    def _check_customers(self):
        for trial in self.filtered(lambda trial: trial.source == "customers"):
            if not 1 <= trial.customer_count <= MOST_CUSTOMERS:
                raise ValidationError(
                    self.env._("Choose 1 to %(most)s customers.", most=MOST_CUSTOMERS)
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Take from a form what a form has, and no result."""
        return super().create([self._filter_own(vals) for vals in vals_list])

    def write(self, vals):
        """Take from a form what a form has, and no result.

        :raise UserError: for another question once it is being answered, or was
        """
        vals = self._filter_own(vals)
        if vals.keys() & (_OWN_FIELDS - {"note"}) and any(
            trial.state in (*_GOING, "done") for trial in self
        ):
            raise UserError(self.env._("What was tried stays as it is. Make another trial."))
        return super().write(vals)

    # === ACTION METHODS === #

    def action_try(self):
        """Let the job play the policy.

        :raise AccessError: for whoever is no manager
        :raise UserError: while it is being played
        """
        self._check_manager()
        if any(trial.state in _GOING for trial in self):
            raise UserError(self.env._("It is being played already."))
        self.sudo().write({"state": "waiting", "error": False, "progress": 0})
        self.env.ref("revenue_recovery.ir_cron_recovery_trial").sudo()._trigger()
        return self.action_reload()

    def action_cancel(self):
        """Stop; what was played is thrown away.

        :raise AccessError: for whoever is no manager
        """
        self._check_manager()
        self.filtered(lambda trial: trial.state in _GOING).sudo().state = "cancelled"
        return self.action_reload()

    def action_reload(self):
        """Show the trial as it stands now."""
        self.check_access("read")
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # === BUSINESS METHODS === #

    def _check_manager(self):
        self.check_access("write")
        if not (self.env.su or self.env.user.has_group(MANAGER_GROUP)):
            raise AccessError(self.env._("Only managers of recovery may do that."))

    @api.model
    def _filter_own(self, vals):
        if self.env.su:
            return vals
        return {name: value for name, value in vals.items() if name in _OWN_FIELDS}

    def _run(self):
        """Play the policy, and keep what is told of it: the only thing that is written."""
        self.ensure_one()
        until = time.monotonic() + MOST_SECONDS, time.thread_time() + _MOST_PROCESSOR_SECONDS
        if not self._note_progress(0.0, start=True):
            return
        play = self._prepare()
        if not play:
            self._fail(
                self.env._(
                    "No payment failed in this period on an invoice that the policy is for. "
                    "Choose a longer one."
                )
            )
            return
        if not self._play(play, *until):
            return
        result = play.sum_up()
        if self._note_progress(100.0):
            self._keep(result)

    def _play(self, play, until, most):
        """Play until all are played, or there is no more time.

        :param until: by the monotonic clock
        :param most: by the clock of this thread's time of the processor
        :return: whether to go on: not when it was cancelled
        """
        told = time.monotonic()
        with closing(play.go(PROCESSES)) as going:
            for share in going:
                now = time.monotonic()
                if now - told >= _TELL_SECONDS:
                    if not self._note_progress(100 * share):
                        return False
                    told = now
                if play.played and (now >= until or time.thread_time() >= most):
                    break
        return True

    def _prepare(self):
        """Return what is to be played, if anything is; reads all that is needed."""
        # Not before it is used, because it brings NumPy.
        from ...trial.person import choose
        from ...trial.play import Play

        company = self.company_id
        self = self.with_company(company)
        zone = find_zone(company.partner_id._get_recovery_tz())
        since, until = (
            naive(datetime.combine(day, day_time(), zone))
            for day in (self.date_from, self.date_to + timedelta(days=1))
        )
        policies = self.policy_id | self.beside_id
        reader = TrialReader(company.with_env(self.env), self.policy_id, since, until)
        persons = reader.read_persons()
        if not persons:
            return None
        chosen = {person.key for person in choose(persons)}
        full = reader.complete([one for one in persons if one.key in chosen], policies)
        by_key = {person.key: person for person in full}
        persons = [by_key.get(person.key, person) for person in persons]
        return Play(
            persons,
            [reader.make_terms(policy) for policy in policies],
            self.env["recovery.timing"]._get_model(company),
            self.env["recovery.network.rule"]._get_rules(),
            self.customer_count if self.source == "customers" else 0,
        )

    def _note_progress(self, percent, start=False):
        """Write how far it is, in a database transaction of its own.

        :param start: whether it begins
        :return: whether to go on: not when it was cancelled, or deleted
        """
        states = _GOING if start else ("running",)
        for _turn in range(_TELL_TRIES):
            commit(self.env)
            try:
                rows = self.env.execute_query(
                    SQL(
                        """
                        UPDATE recovery_policy_trial SET progress = %s, state = 'running'
                         WHERE id = %s AND state IN %s RETURNING id
                        """,
                        percent,
                        self.id,
                        states,
                    )
                )
            except psycopg2.errors.SerializationFailure:
                self.env.cr.rollback()  # Somebody has just cancelled it.
                continue
            self.invalidate_recordset()
            commit(self.env)
            return bool(rows)
        return False

    def _fail(self, reason):
        self.write({"state": "failed", "error": reason})

    def _keep(self, result):
        first = result["sides"][0]
        names = [policy.name for policy in self.policy_id | self.beside_id]
        steps = (self.policy_id | self.beside_id).with_context(active_test=False).step_ids
        result["names"] = names
        result["schedules"] = [
            [policy.retry_schedule, *self._describe_ladder(policy)]
            for policy in self.policy_id | self.beside_id
        ]
        result["step_names"] = {str(step.id): step.name for step in steps}
        middle = result.get("difference", [0, 0, 0])[1]
        self.write(
            {
                "state": "done",
                "progress": 100.0,
                "made_at": fields.Datetime.now(),
                "error": False,
                "result": result,
                "share": first["share"][1],
                "difference": middle,
                "tries": round(first["tries"][1]),
                "messages": round(first["messages"][1]),
                "verdict": result.get("verdict", "unknown" if result["why"] else False),
            }
        )

    @api.model
    def _describe_ladder(self, policy):
        if policy.retry_schedule not in ("smart", "fixed"):
            return [0, 0.0]
        ladder = policy._get_ladder()
        return [ladder.tries, ladder.window]

    # === CRON === #

    @api.model
    def _cron_try(self):
        """Play what waits, and what a process that died had begun; each committed."""
        for trial in self.search([("state", "in", _GOING)], order="id"):
            work(
                self.env,
                trial._run,
                failed=lambda error, trial=trial: trial._fail(describe_error(error)),
                doing=f"Trial {trial.id}",
            )
