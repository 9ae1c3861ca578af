# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.tools import format_datetime

from ..models.case.recovery_case import OPEN_STATES

# With a non-breaking space, as in the sentences of `timing`.
PERCENT = "{:.0f}\N{NO-BREAK SPACE}%"


class RecoveryForecastWizard(models.TransientModel):
    """What would be done for an invoice whose payment failed now. It looks, and changes nothing."""

    _name = "recovery.forecast.wizard"
    _description = "Recovery Forecast"

    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        default=lambda self: self._default_move_id(),
        readonly=True,
        required=True,
    )
    company_id = fields.Many2one(related="move_id.company_id", related_sudo=False)
    policy_id = fields.Many2one(
        comodel_name="recovery.policy",
        compute="_compute_policy_id",
        store=True,
        precompute=True,
        readonly=False,
        check_company=True,
        help="By default the one that fits the invoice. Choose another one to compare them.",
    )
    introduction = fields.Char(compute="_compute_forecast", help="What is shown below.")
    block = fields.Char(
        string="Nothing Is Charged Because",
        compute="_compute_forecast",
        help="Why no charge would be planned.",
    )
    calendar = fields.Html(
        compute="_compute_forecast",
        sanitize=False,
        help="The charges that would be planned now, each for when the ones before it fail.",
    )
    summary = fields.Char(
        string="Chance of Recovery",
        compute="_compute_forecast",
        help="The probability that one of these charges succeeds.",
    )

    # === COMPUTE METHODS === #

    @api.model
    def _default_move_id(self):
        name = self.env.context.get("active_model")
        if name not in ("account.move", "recovery.case"):
            return False
        record = self.env[name].browse(self.env.context.get("active_id") or []).exists()
        return record.move_id if name == "recovery.case" else record

    @api.depends("move_id")
    def _compute_policy_id(self):
        for wizard in self:
            move = wizard.move_id
            if not move:
                wizard.policy_id = False
                continue
            move.check_access("read")
            case = wizard._get_open_case()
            wizard.policy_id = case.policy_id or self.env["recovery.policy"]._match(move)

    @api.depends("move_id", "policy_id")
    @api.depends_context("lang", "tz")
    def _compute_forecast(self):
        for wizard in self:
            charges = wizard._get_acting_block() or wizard._forecast()
            block = charges if isinstance(charges, str) else False
            charges = [] if block else charges
            wizard.introduction = wizard._introduce() if charges else False
            wizard.block = block
            wizard.calendar = wizard._render_calendar(charges) if charges else False
            wizard.summary = wizard._summarise(charges)

    # === BUSINESS METHODS === #

    def _forecast(self):
        """Return the charges that would be planned now, or the sentence why there are none."""
        self.ensure_one()
        self.move_id.check_access("read")
        self.policy_id.check_access("read")
        # In sudo mode: the plan rests on saved methods, providers and earlier charges, which the
        # user may not see; instants, probabilities and sentences are all that leaves it.
        case_sudo = self.env["recovery.case"].with_company(self.move_id.company_id).sudo()
        charges = case_sudo._forecast(self.move_id.sudo(), self.policy_id.sudo())
        return charges or self.env._("No charge would be planned.")

    def _get_acting_block(self):
        """Return why nothing is recovered here, whatever the timing says, or none."""
        self.ensure_one()
        move = self.move_id
        if not move:
            return self.env._("Open this dialog from an invoice or a case.")
        move.check_access("read")
        if move.move_type != "out_invoice" or move.state != "posted":
            return self.env._("Only posted customer invoices are recovered.")
        if move.payment_state == "blocked":
            return self.env._("The invoice is marked as blocked.")
        if move.payment_state not in ("not_paid", "partial"):
            return self.env._("Nothing is owed on this invoice any more.")
        if move.sudo()._get_debt(move.sudo()._get_recovery_today()).is_excluded:
            return self.env._("The invoice is excluded from follow-ups.")
        if not self.policy_id:
            return self.env._(
                "No policy fits this invoice, so that a failed payment would open no case. Choose "
                "a policy to see what it would do."
            )
        if self.policy_id.retry_schedule in ("smart", "fixed") and not self._has_method():
            return self.env._(
                "There is no saved payment method to charge. Choose one on the invoice or the "
                "customer, or let the customer pay online and keep their method."
            )
        return {
            "none": self.env._("This policy makes no automatic charges."),
            "provider": self.env._(
                "With this policy the provider retries by itself: nothing is charged beside it."
            ),
        }.get(self.policy_id.retry_schedule)

    def _introduce(self):
        """Return what the calendar is about."""
        case = self._get_open_case()
        if not case:
            return self.env._(
                "If a charge of this invoice failed now for lack of money, the next ones would be:"
            )
        if case.policy_id == self.policy_id:
            return self.env._("As things are, the case goes on like this:")
        return self.env._("Under this policy, the case would go on like this:")

    def _render_calendar(self, charges):
        """Return the charges as a table."""
        sources = dict(
            self.env["recovery.attempt"]._fields["source"]._description_selection(self.env)
        )
        zone = self.move_id.commercial_partner_id._get_recovery_tz()
        rows = [
            {
                "number": number,
                "at": self._format_instant(charge["at"]),
                "local": self._format_instant(charge["at"], zone),
                "source": sources.get(charge["source"], charge["source"]),
                "sentence": charge["sentence"],
                "probability": self._format_share(charge),
            }
            for number, charge in enumerate(charges, 1)
        ]
        return self.env["ir.qweb"]._render(
            "revenue_recovery.recovery_forecast_calendar",
            {
                "rows": rows,
                "is_abroad": any(row["at"] != row["local"] for row in rows),
                "zone": zone.replace("_", " "),
                "has_odds": any(row["probability"] for row in rows),
            },
        )

    def _summarise(self, charges):
        """Return how likely one of the charges succeeds, or nothing where that is not known."""
        if not charges or any(charge.get("probability") is None for charge in charges):
            return False
        bounds = [
            1 - _multiply(1 - (charge.get(name) or 0.0) for charge in charges)
            for name in ("probability", "low", "high")
        ]
        share, low, high = (self._format_percent(bound) for bound in bounds)
        return self.env._(
            "%(share)s within the window, between %(low)s and %(high)s.",
            share=share,
            low=low,
            high=high,
        )

    # === GETTERS === #

    def _get_open_case(self):
        """Return the case of the invoice that is going on, if the user may see it."""
        case = self.move_id.recovery_case_id
        return case if case.state in OPEN_STATES else case.browse()

    def _has_method(self):
        # In sudo mode: whether there is one is all that is told of it.
        return bool(
            self.move_id.sudo()._get_collect_token() or self._get_open_case().sudo().token_id
        )

    def _format_instant(self, instant, zone=None):
        zone = zone or self.env.context.get("tz") or self.env.user.tz
        return format_datetime(self.env, instant, tz=zone, dt_format="EEE d MMM y, HH:mm")

    def _format_percent(self, share):
        """Return a probability for a person: nothing that may fail is certain."""
        if 0.99 < share < 1:
            return self.env._("over %(share)s", share=PERCENT.format(99))
        return PERCENT.format(100 * share)

    def _format_share(self, charge):
        if charge.get("probability") is None:
            return ""
        share = PERCENT.format(100 * charge["probability"])
        if charge.get("low") is None or charge.get("high") is None:
            return share
        low = f"{100 * charge['low']:.0f}"
        return f"{share} ({low}–{PERCENT.format(100 * charge['high'])})"


def _multiply(numbers):
    product = 1.0
    for number in numbers:
        product *= number
    return product
