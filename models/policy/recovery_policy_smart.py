"""The smart retry schedule of a policy: what it may do, and what it is compared with."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

# The engine plans windows up to this many days well within its time.
LONGEST_WINDOW = 60
WINDOWS = ("7", "14", "21", "30", "60")


class RecoveryPolicy(models.Model):
    _inherit = "recovery.policy"

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
            policy.company_currency_id = (policy.company_id or self.env.company).currency_id

    # === CONSTRAINT METHODS === #

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

    # === GETTERS === #

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
