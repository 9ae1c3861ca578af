import logging
from zoneinfo import ZoneInfo

import psycopg2
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools.safe_eval import datetime, safe_eval, time

from ...timing import ChargeHours, Ladder

_logger = logging.getLogger(__name__)

WRITE_OFF_ACCOUNT_DOMAIN = [
    ("account_type", "in", ("expense", "expense_direct_cost", "income_other"))
]


class RecoveryPolicy(models.Model):
    _name = "recovery.policy"
    _description = "Recovery Policy"
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
        string="Invoices",
        default="[]",
        required=True,
        help="Only invoices that fulfil these conditions are recovered by this policy.",
    )
    domain_error = fields.Char(
        readonly=True,
        copy=False,
        help="Why the conditions can't be evaluated; until they are mended, no invoice matches.",
    )
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
    retry_ids = fields.One2many(
        comodel_name="recovery.policy.retry", inverse_name="policy_id", string="Waits", copy=True
    )
    use_backup_methods = fields.Boolean(
        string="Backup Methods",
        help="When a payment method can't be charged any more, charge the customer's next saved "
        "one. Otherwise only one that he saves afterwards.",
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
        help="Runs on the case when its grace period ends.",
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
            policy._check_evaluates(
                policy.domain,
                lambda error, policy=policy: self.env._(
                    "The conditions of the policy “%(policy)s” can't be read: %(error)s",
                    policy=policy.name,
                    error=error,
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

    # === CRUD METHODS === #

    def write(self, vals):
        """Forget an old evaluation error when the conditions change."""
        if "domain" in vals:
            vals = {"domain_error": False, **vals}
        return super().write(vals)

    # === ACTION METHODS === #

    def action_view_cases(self):
        """Open the cases of this policy."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "revenue_recovery.action_recovery_case"
        )
        return {**action, "domain": [("policy_id", "=", self.id)], "context": {}}

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
        """Return the invoices that fulfil the conditions; conditions that raise are noted.

        They count as not fulfilled: one broken policy must not keep the others from working.
        """
        try:
            # Conditions that PostgreSQL refuses must not spoil the transaction for the others.
            with self.env.cr.savepoint():
                return self._evaluate(moves)
        except psycopg2.OperationalError:
            raise
        except Exception as error:  # See _check_evaluates.
            _logger.warning("Policy %s can't be evaluated", self.id, exc_info=True)
            self.domain_error = str(error)
            return moves.browse()

    def _evaluate(self, moves):
        """Return those invoices that fulfil the conditions.

        :raise Exception: whatever a malformed or outdated domain makes the ORM raise
        """
        self.ensure_one()
        return self._search_fitting(moves, self.domain)

    def _check_evaluates(self, text, explain):
        """Check that conditions on invoices can be evaluated.

        :param explain: called with the error, returns the sentence that tells of it
        :raise ValidationError: when they can't
        """
        try:
            # An invoice that doesn't exist: PostgreSQL, too, has to read the conditions.
            with self.env.cr.savepoint():
                self._search_fitting(self.env["account.move"].browse(-1), text)
        except psycopg2.OperationalError:
            raise  # Nothing that the conditions could help.
        except Exception as error:  # A domain can fail in any way a field's search can.
            raise ValidationError(explain(error)) from error

    @api.model
    def _search_fitting(self, moves, text):
        """Return those invoices that fulfil conditions, as the domain editor writes them.

        :raise Exception: whatever a malformed or outdated domain makes the ORM raise
        """
        # The names that the domain editor writes into its expressions.
        names = {
            "context_today": lambda: fields.Date.context_today(self),
            "datetime": datetime,
            "relativedelta": relativedelta,
            "time": time,
            "uid": self.env.uid,
        }
        domain = Domain(safe_eval(text or "[]", names))
        if domain.is_true():
            return moves
        # Not on the invoices themselves: amounts are then rounded as if in their currency.
        return self.env["account.move"].sudo().search(domain & Domain("id", "in", moves.ids))

    # === GETTERS === #

    def _has_own_waits(self):
        """Tell whether the merchant sets each wait; the smart schedule has no waits."""
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
        """Return the hours in which this customer may be charged, in his time zone."""
        return ChargeHours(
            self.charge_hour_from, self.charge_hour_to, ZoneInfo(partner._get_recovery_tz())
        )
