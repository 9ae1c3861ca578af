# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import logging

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...notices import Rules
from ...timing import ChargeHours, Ladder
from ...tools.errors import describe_error
from ...tools.instants import find_zone
from . import recovery_conditions_mixin  # noqa: F401 (its model has to be there first)
from .choices import check_choice, check_company, check_server_action

_logger = logging.getLogger(__name__)

# The engine plans windows up to this many days well within its time.
LONGEST_WINDOW = 60
WINDOWS = ("7", "14", "21", "30", "60")
WRITE_OFF_ACCOUNT_DOMAIN = [
    ("account_type", "in", ("expense", "expense_direct_cost", "income_other"))
]


class RecoveryPolicy(models.Model):
    _name = "recovery.policy"
    _description = "Recovery Policy"
    _inherit = ["recovery.conditions.mixin"]
    _order = "sequence, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(
        default=10, help="The first policy in this order that matches an invoice is used."
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        help="The policy is for the invoices of this company and its branches. Empty: all of them.",
    )
    domain = fields.Char(
        required=True,
        help="Only invoices that fulfil these conditions are recovered by this policy.",
    )
    include_subscription_app = fields.Boolean(
        string="Subscriptions, Too",
        help="Invoices of Odoo's subscription app are left to that app, which charges and reminds "
        "by itself. Tick it to have them charged and followed by this policy as well.",
    )
    has_subscription_app = fields.Boolean(compute="_compute_has_subscription_app")
    retry_schedule = fields.Selection(
        selection=[
            ("smart", "Smart"),
            ("fixed", "Fixed"),
            ("provider", "By the Provider"),
            ("none", "None"),
        ],
        default="smart",
        required=True,
        help="Smart: each charge goes out when it adds most to what is recovered, as learned from "
        "your own charges; with little to learn from it stays near the fixed schedule.\n"
        "Fixed: the saved payment method is charged again at set times.\n"
        "By the Provider: the provider retries by itself, as with Adyen's Auto Rescue or "
        "GoCardless. The case only watches and writes notices; nothing is charged beside it.\n"
        "None: no automatic charge; the case ends with its window.",
    )
    spread_evenly = fields.Boolean(
        default=True,
        help="Spread the tries evenly over the window, at 10:00 in the customer's time zone. "
        "Clear it to set each wait yourself.",
    )
    tries = fields.Integer(
        default=8, help="Charges after the first failed one, at most, spread over the window."
    )
    window_days = fields.Integer(
        string="Window",
        default=14,
        required=True,
        help="Days after the first failure in which all retries must lie.",
    )
    window_choice = fields.Selection(
        selection=[
            ("7", "1 week"),
            ("14", "2 weeks"),
            ("21", "3 weeks"),
            ("30", "1 month"),
            ("60", "2 months"),
            ("other", "Other"),
        ],
        string="Smart Window",
        compute="_compute_window_choice",
        inverse="_inverse_window_choice",
        help="How long after the first failure the payment method is charged again.",
    )
    control_share = fields.Float(
        string="Control Group",
        default=0.10,
        help="Share of cases that stay on the fixed schedule, drawn when a case opens and never "
        "changed. The reports compare them with the others: that shows what the smart schedule "
        "is worth to you.",
    )
    attempt_cost = fields.Monetary(
        string="Cost of a Charge",
        currency_field="company_currency_id",
        help="What one charge costs you, paid or not, in the currency of the invoice's company. "
        "A try that is likely to bring less than it costs is left out.",
    )
    company_currency_id = fields.Many2one(
        comodel_name="res.currency", compute="_compute_company_currency_id"
    )
    pull_only = fields.Boolean(
        string="Only Earlier",
        help="The smart schedule may only charge earlier than the fixed schedule would.",
    )
    retry_ids = fields.One2many(
        comodel_name="recovery.policy.retry", inverse_name="policy_id", string="Waits", copy=True
    )
    use_backup_methods = fields.Boolean(
        string="Backup Methods",
        help="When a payment method can't be charged any more, charge another one that the "
        "customer agreed to have charged then, in their order; they are asked where they save one. "
        "The first charge of each is announced by e-mail a day ahead. Without their agreement no "
        "other method than the chosen one is ever charged.",
    )
    charge_hour_from = fields.Float(
        string="Charge From",
        default=8.0,
        help="Automatic charges go out from this hour, in the customer's time zone.",
    )
    charge_hour_to = fields.Float(
        string="Charge To",
        default=20.0,
        help="Automatic charges go out before this hour, in the customer's time zone.",
    )
    step_ids = fields.One2many(
        comodel_name="recovery.policy.step", inverse_name="policy_id", string="Steps", copy=True
    )
    notice_likely = fields.Float(
        string="Likely to Succeed",
        default=0.5,
        help="A planned charge with at least this probability is worth waiting for: its customer "
        "is left alone before it. Over 100 %: never.",
    )
    notice_calm_hours = fields.Integer(
        string="Silence Before",
        default=24,
        help="Hours before such a charge in which its customer gets no message.",
    )
    own_failures = fields.Selection(
        selection=[
            ("once", "Write to them once"),
            ("all", "Recover them like any other failed payment"),
            ("none", "Leave them alone"),
        ],
        string="Customers' Own Payments",
        default="once",
        required=True,
        help="When a customer tries to pay by themselves, as in the portal, and it fails, although "
        "the invoice is not collected automatically: nobody agreed to charges then.\n"
        "Write to them once: the first step after the failure, which tells that nothing was taken "
        "and how to pay; nothing else is sent, and nothing is charged.\n"
        "Recover them like any other: all steps, and charges once a payment method is chosen.\n"
        "Leave them alone: no case is opened.\n"
        "Where the policy reminds of unpaid invoices, too, its customers get all its steps.",
    )
    remind_unpaid = fields.Boolean(
        string="Remind of Unpaid Invoices",
        help="Open a case for each overdue invoice that no saved payment method is charged for, "
        "too: its customer gets the notices with a link to pay, and nothing is charged.",
    )
    remind_since = fields.Date(
        string="Due Since",
        default=fields.Date.context_today,
        help="Only invoices that fall due on or after this day: older ones are left alone.",
    )
    promise_days = fields.Integer(
        default=14,
        help="The latest day that a customer may promise to pay on, in days from the day "
        "of the promise. Until then nothing is charged. 0: the page offers no promise.",
    )
    dispute_action = fields.Selection(
        selection=[
            ("close", "Close the case as disputed"),
            ("reopen", "Recover the invoice again"),
        ],
        string="Disputed Payments",
        default="close",
        required=True,
        help="What happens when a customer has their bank take a card payment back. Close: nothing "
        "is charged and nobody is reminded; if you win the dispute, the payment counts again. "
        "Recover again: the customer is asked for another payment, although the money may still "
        "come back. A debit that failed for want of money is no dispute and is always tried again.",
    )
    credit_use = fields.Selection(
        selection=[
            ("apply", "Use it first"),
            ("ask", "Ask a person"),
        ],
        string="Customer's Credit",
        default="apply",
        required=True,
        help="What happens when a charge is due and the customer has credit: a credit note, or a "
        "payment that is not matched with an invoice. Use it first: the oldest credit is matched "
        "with the invoice, as from its list of outstanding credits, and only the rest is charged. "
        "Ask: a person is told, and the charge waits until the credit is used or they are done.",
    )
    contest_action = fields.Selection(
        selection=[
            ("stop", "Stop charges and notices until a person decides"),
            ("tell", "Go on, and tell a person"),
        ],
        string="Contested Invoices",
        default="stop",
        required=True,
        help="What happens when a customer says on their page that the invoice is wrong, was not "
        "delivered, or is paid already. The clock of the case stands still while it is stopped. "
        "Payments that a customer has their bank take back are another thing: see Disputed "
        "Payments.",
    )
    grace_days = fields.Integer(
        string="Grace",
        default=7,
        required=True,
        help="Days between the last retry and the end action; a payment still recovers the case.",
    )
    end_action = fields.Selection(
        selection=[
            ("leave", "Leave the invoice overdue"),
            ("block", "Mark the invoice as blocked"),
            ("write_off", "Write off after a manager's confirmation"),
            ("server_action", "Run a server action"),
        ],
        default="leave",
        required=True,
        help="What happens to the invoice when the grace period ends without a payment.",
    )
    write_off_account_id = fields.Many2one(
        comodel_name="account.account",
        string="Write-Off Account",
        check_company=True,
        domain=WRITE_OFF_ACCOUNT_DOMAIN,
        help="The loss is booked on this account once a manager confirms it.",
    )
    end_server_action_id = fields.Many2one(
        comodel_name="ir.actions.server",
        string="Server Action",
        domain=[("model_id.model", "=", "recovery.case")],
        ondelete="restrict",
        help="Runs on the case when its grace period ends. Only who may read server actions, as "
        "administrators may, can choose one.",
    )
    survey_url = fields.Char(
        string="Survey",
        help="Address of a survey for customers whose service has ended, with https://. The "
        "message about the end links to it; empty: it asks nothing.",
    )
    case_count = fields.Integer(compute="_compute_case_count")

    _window_check = models.Constraint(
        "CHECK(window_days > 0 AND window_days <= 365)",
        "The window of a policy must be between 1 and 365 days.",
    )
    _grace_check = models.Constraint(
        "CHECK(grace_days >= 0)", "The grace period of a policy can't be negative."
    )

    # === COMPUTE METHODS === #

    @api.depends("window_days")
    def _compute_window_choice(self):
        for policy in self:
            days = str(policy.window_days)
            policy.window_choice = days if days in WINDOWS else "other"

    @api.onchange("window_choice")
    def _inverse_window_choice(self):
        for policy in self:
            if policy.window_choice in WINDOWS:
                policy.window_days = int(policy.window_choice)

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_company_currency_id(self):
        for policy in self:
            # In sudo mode: a branch reads the policy of its parent, not the parent itself.
            company_sudo = policy.company_id.sudo() or self.env.company
            policy.company_currency_id = company_sudo.currency_id.sudo(self.env.su)

    def _compute_has_subscription_app(self):
        self.has_subscription_app = self.env["res.company"]._recovery_has_subscription_app()

    def _compute_case_count(self):
        groups = self.env["recovery.case"]._read_group(
            [("policy_id", "in", self.ids)], ["policy_id"], ["__count"]
        )
        counts = {policy.id: count for policy, count in groups}
        for policy in self:
            policy.case_count = counts.get(policy.id, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("domain")
    def _check_domain(self):
        for policy in self:
            policy._get_conditions().check(
                lambda error, policy=policy: self.env._(
                    "The conditions of the policy “%(policy)s” can't be read: %(error)s",
                    policy=policy.name,
                    error=describe_error(error),
                ),
            )

    @api.constrains("charge_hour_from", "charge_hour_to")
    def _check_charge_hours(self):
        for policy in self:
            try:
                policy._get_charge_hours(self.env.company.partner_id)
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "The charge hours of the policy “%(policy)s” must lie between 0:00 and "
                        "24:00, and end after they start.",
                        policy=policy.name,
                    )
                ) from error

    @api.constrains("retry_schedule", "spread_evenly", "tries", "window_days", "retry_ids")
    def _check_ladder(self):
        for policy in self.filtered(lambda policy: policy.retry_schedule in ("smart", "fixed")):
            has_own_waits = policy._has_own_waits()
            if has_own_waits and not policy.retry_ids:
                raise ValidationError(
                    self.env._(
                        "The policy “%(policy)s” has no waits. Add at least one, or spread the "
                        "tries evenly.",
                        policy=policy.name,
                    )
                )
            try:
                policy._get_ladder()
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "The retries of the policy “%(policy)s” don't fit into its window of "
                        "%(days)s days. Use fewer or shorter waits, or a longer window.",
                        policy=policy.name,
                        days=policy.window_days,
                    )
                    if policy.tries > 0 or has_own_waits
                    else self.env._(
                        "The policy “%(policy)s” needs at least one try.", policy=policy.name
                    )
                ) from error

    @api.constrains("end_action", "write_off_account_id", "end_server_action_id")
    def _check_end_action(self):
        for policy in self:
            if policy.end_action == "write_off" and not policy.write_off_account_id:
                raise ValidationError(
                    self.env._(
                        "Choose the account on which the policy “%(policy)s” writes off.",
                        policy=policy.name,
                    )
                )
            if policy.end_action == "server_action" and not policy.end_server_action_id:
                raise ValidationError(
                    self.env._(
                        "Choose the server action that ends the cases of the policy “%(policy)s”.",
                        policy=policy.name,
                    )
                )

    @api.constrains("end_server_action_id")
    def _check_end_server_action(self):
        for policy in self:
            check_server_action(policy, "end_server_action_id", "recovery.case")

    @api.constrains("write_off_account_id")
    def _check_write_off_account(self):
        for policy in self:
            check_choice(policy, "write_off_account_id", WRITE_OFF_ACCOUNT_DOMAIN)

    @api.constrains("company_id")
    def _check_own_company(self):
        for policy in self.filtered("company_id"):
            check_company(policy)

    @api.constrains("retry_schedule", "window_days")
    def _check_smart_window(self):
        for policy in self.filtered(lambda policy: policy.retry_schedule == "smart"):
            if policy.window_days > LONGEST_WINDOW:
                raise ValidationError(
                    self.env._(
                        "The smart schedule of the policy “%(policy)s” plans at most %(days)s "
                        "days. Choose a shorter window, or the fixed schedule.",
                        policy=policy.name,
                        days=LONGEST_WINDOW,
                    )
                )

    @api.constrains("control_share")
    def _check_control_share(self):
        for policy in self:
            if not 0 <= policy.control_share <= 1:
                raise ValidationError(
                    self.env._(
                        "The control group of the policy “%(policy)s” must be between 0 %% and "
                        "100 %% of its cases.",
                        policy=policy.name,
                    )
                )

    @api.constrains("attempt_cost")
    def _check_attempt_cost(self):
        for policy in self:
            if policy.attempt_cost < 0:
                raise ValidationError(
                    self.env._(
                        "The cost of a charge of the policy “%(policy)s” can't be negative.",
                        policy=policy.name,
                    )
                )

    @api.constrains("notice_likely", "notice_calm_hours")
    def _check_notice_rules(self):
        for policy in self:
            if policy.notice_likely < 0 or not 0 <= policy.notice_calm_hours <= 240:
                raise ValidationError(
                    self.env._(
                        "The silence before a charge of the policy “%(policy)s” must be between 0 "
                        "and 240 hours, and its probability can't be negative.",
                        policy=policy.name,
                    )
                )

    @api.constrains("promise_days")
    def _check_promise_days(self):
        for policy in self:
            if not 0 <= policy.promise_days <= 366:
                raise ValidationError(
                    self.env._(
                        "The days of a promise of the policy “%(policy)s” must lie between 0 "
                        "and 366.",
                        policy=policy.name,
                    )
                )

    @api.constrains("survey_url")
    def _check_survey_url(self):
        for policy in self.filtered("survey_url"):
            if not policy.survey_url.startswith(("https://", "http://")):
                raise ValidationError(
                    self.env._(
                        "The survey of the policy “%(policy)s” needs an address that begins with "
                        "https://.",
                        policy=policy.name,
                    )
                )

    # === ACTION METHODS === #

    def action_view_cases(self):
        """Open the cases of this policy."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "revenue_recovery.action_recovery_case"
        )
        return {**action, "domain": [("policy_id", "=", self.id)], "context": {}}

    def action_preview_notices(self):
        """Show the whole calendar that an example would live through under this policy."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preview"),
            "res_model": "recovery.preview.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_policy_id": self.id, "dialog_size": "extra-large"},
        }

    # === BUSINESS METHODS === #

    @api.model
    def _match(self, move):
        """Return the first policy, by sequence, whose company and conditions fit the invoice."""
        move.ensure_one()
        return self._match_all(move).get(move, self.browse())

    @api.model
    def _match_all(self, moves):
        """Return the first policy that fits each of these invoices of one company, if one does.

        :rtype: dict[account.move, recovery.policy]
        """
        matches = {}
        for policy in self.sudo().search(self._check_company_domain(moves.company_id)):
            rest = moves.filtered(lambda move: move not in matches)
            if not rest:
                break
            matches.update(dict.fromkeys(policy._find_fitting(rest), policy))
        return matches

    def _find_fitting(self, moves):
        """Return the invoices that fulfil the conditions; conditions that raise are noted."""
        self.ensure_one()
        if not self.include_subscription_app:
            moves -= self.env["res.company"]._recovery_filter_foreign(moves)
        fitting, error = self._get_conditions().find_safely(moves, self._evaluate)
        if error:
            _logger.warning("Policy %s can't be evaluated", self.id, exc_info=error)
            self.domain_error = describe_error(error)
        return fitting

    def _evaluate(self, moves):
        """Return those invoices that fulfil the conditions.

        Hook for addons with conditions that no domain can say; they narrow down what `super()`
        returns.

        :raise Exception: whatever a malformed or outdated domain makes the ORM raise
        """
        self.ensure_one()
        return self._get_conditions().find(moves)

    # === GETTERS === #

    def _has_own_waits(self):
        """Return whether the merchant sets each wait; the smart schedule has no waits."""
        self.ensure_one()
        return self.retry_schedule == "fixed" and not self.spread_evenly

    def _get_ladder(self):
        """Return the fixed retry schedule as a value of `timing`.

        That of the smart one is the even one: its control cases are charged by it.

        :raise ValueError: when the fields contradict each other
        """
        self.ensure_one()
        if not self._has_own_waits():
            return Ladder(self.tries, self.window_days)
        waits = tuple(retry._get_hours() for retry in self.retry_ids.sorted())
        return Ladder(len(waits), self.window_days, waits)

    def _get_charge_hours(self, partner):
        """Return the hours in which this customer may be charged, in their time zone."""
        return ChargeHours(
            self.charge_hour_from, self.charge_hour_to, find_zone(partner._get_recovery_tz())
        )

    def _get_schedule(self, move):
        """Return what a case keeps of the retry schedule, as plain JSON values, or none.

        :param move: the invoice, in whose currency the cost of a charge is kept
        """
        self.ensure_one()
        if self.retry_schedule not in ("smart", "fixed"):
            return None
        schedule = self._get_ladder().to_dict()
        if self.retry_schedule == "fixed":
            return schedule
        cost = move.company_id.currency_id._convert(
            self.attempt_cost, move.currency_id, move.company_id, round=False
        )
        return {**schedule, "mode": "smart", "cost": cost, "pull_only": self.pull_only}

    def _charges_own_failures(self):
        """Return whether invoices are charged whose customers failed to pay by themselves."""
        self.ensure_one()
        return self.own_failures == "all"

    def _is_reminding(self, move):
        """Return whether this policy reminds of an invoice when it is unpaid and overdue."""
        self.ensure_one()
        return bool(
            self.remind_unpaid
            and self.remind_since
            and move.invoice_date_due
            and move.invoice_date_due >= self.remind_since
        )

    def _get_notice_rules(self):
        """Return what a company wants of its messages; of several policies the most patient.

        :rtype: timing.notices.Rules
        """
        if not self:
            return Rules()
        return Rules(
            likely=min(self.mapped("notice_likely")),
            calm=float(max(self.mapped("notice_calm_hours"))),
        )
