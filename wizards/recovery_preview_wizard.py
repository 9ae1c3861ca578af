# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.tools import format_datetime

from ..models.rules.recovery_decline_reason import DECLINE_CLASSES
from ..notices import Example, PlannedAttempt, preview
from ..timing import Stop, plan_ladder
from ..tools.instants import aware, naive

MOST_CHARGES = 30
# A reason that stands for each class of declines.
EXAMPLE_REASONS = {
    "later": "insufficient_funds",
    "technical": "issuer_not_available",
    "fix_data": "expired_card",
    "customer_action": "authentication_required",
    "never": "lost_card",
    "merchant": "invalid_credentials",
}


class RecoveryPreviewWizard(models.TransientModel):
    """The whole calendar that an example would live through under a policy."""

    _name = "recovery.preview.wizard"
    _description = "Recovery: Preview of the Notices"

    policy_id = fields.Many2one(
        comodel_name="recovery.policy", required=True, readonly=True, ondelete="cascade"
    )
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        domain=[("move_type", "=", "out_invoice"), ("state", "=", "posted")],
        help="Whose amount, customer and odds are used. Empty: an example in your company's "
        "country.",
    )
    story = fields.Selection(
        selection=[
            ("lost", "No charge succeeds"),
            ("paid", "The second retry succeeds"),
            ("reminder", "No saved method: it only falls due"),
        ],
        default="lost",
        required=True,
        help="What happens to the example.",
    )
    decline_class = fields.Selection(
        selection=DECLINE_CLASSES,
        string="Declined As",
        default="later",
        required=True,
        help="How all its charges are declined.",
    )
    company_currency_id = fields.Many2one(
        comodel_name="res.currency", default=lambda self: self.env.company.currency_id
    )
    amount = fields.Monetary(
        currency_field="company_currency_id",
        compute="_compute_amount",
        store=True,
        precompute=True,
        readonly=False,
        help="What is owed, in your company's currency.",
    )
    starts_at = fields.Datetime(
        string="First Failure",
        default=fields.Datetime.now,
        required=True,
        help="When the first charge fails, or on which day the invoice falls due.",
    )
    calendar = fields.Html(compute="_compute_calendar", sanitize=False)

    # === COMPUTE METHODS === #

    @api.depends("move_id")
    def _compute_amount(self):
        for wizard in self:
            wizard.move_id.check_access("read")
            move_sudo = wizard.move_id.sudo()  # What is asked for follows from its case, too.
            owed = move_sudo._get_debt_asked().balance if move_sudo else 0.0
            wizard.amount = owed or wizard.amount or 100.0

    @api.depends("policy_id", "move_id", "story", "decline_class", "amount", "starts_at")
    @api.depends_context("lang", "tz")
    def _compute_calendar(self):
        for wizard in self:
            lines = wizard._preview() if wizard.policy_id and wizard.starts_at else ()
            wizard.calendar = self.env["ir.qweb"]._render(
                "revenue_recovery.recovery_preview_calendar",
                {"rows": [wizard._describe(line) for line in lines]},
            )

    # === BUSINESS METHODS === #

    def _preview(self):
        """Return the lines of the example's calendar, as `notices` has them."""
        self.ensure_one()
        self.policy_id.check_access("read")
        self.move_id.check_access("read")
        policy = self.policy_id
        partner = self.move_id.commercial_partner_id or self.env.company.partner_id
        barred = frozenset()
        if self.move_id:
            barred = policy.step_ids.sudo()._find_barred(self.move_id)[self.move_id.id]
        steps = policy.step_ids.filtered(lambda step: step.id not in barred)
        return preview(
            self._make_example(partner),
            steps._make_steps(),
            partner._get_recovery_place(),
            self.env.company.partner_id._get_recovery_place(),
            policy._get_notice_rules(),
        )

    def _make_example(self, partner):
        starts_at = aware(self.starts_at)
        if self.story == "reminder":
            return Example(None, amount=self.amount, due=self.starts_at.date(), has_method=False)
        attempts = self._plan_attempts(partner)
        return Example(
            starts_at,
            tuple(attempts),
            decline_class=self.decline_class,
            reason=EXAMPLE_REASONS[self.decline_class],
            amount=self.amount,
            due=self.starts_at.date(),
            paid_at=attempts[:2][-1].at if self.story == "paid" and attempts else None,
        )

    def _plan_attempts(self, partner):
        """Return the example's later charges: by the odds of the invoice, else evenly."""
        if self.decline_class in ("fix_data", "customer_action", "never", "merchant"):
            return []  # They wait for the customer, or for the company.
        if self.move_id:
            # In sudo mode: the plan rests on methods and charges that the user may not see;
            # instants and probabilities are all that leaves it.
            cases_sudo = self.env["recovery.case"].with_company(self.move_id.company_id).sudo()
            charges = cases_sudo._forecast(self.move_id.sudo(), self.policy_id.sudo())
            if not isinstance(charges, str):
                shift = self.starts_at - fields.Datetime.now()
                return [
                    PlannedAttempt(number, aware(charge["at"] + shift), charge["probability"])
                    for number, charge in enumerate(charges, 1)
                ]
        return self._plan_by_ladder(partner)

    def _plan_by_ladder(self, partner):
        if self.policy_id.retry_schedule not in ("smart", "fixed"):
            return []
        ladder, first = self.policy_id._get_ladder(), aware(self.starts_at)
        hours = self.policy_id._get_charge_hours(partner)
        attempts, last = [], first
        for number in range(MOST_CHARGES):
            decision = plan_ladder(
                ladder,
                first_failure=first,
                last_failure=last,
                sent=number,
                rungs_used=number,
                now=last,
                hours=hours,
            )
            if isinstance(decision, Stop):
                break
            last = decision.at
            attempts.append(PlannedAttempt(number + 1, last))
        return attempts

    def _describe(self, line):
        """Return what the calendar shows of one line."""
        notices = self.env["recovery.notice"]
        step = self.env["recovery.policy.step"]
        sentence = notices._render(line.sentence)
        if line.lived:
            step = step.browse(line.lived.notice.step.key)
            held = [notices._render(reason) for reason in line.lived.held]
            sentence = " ".join([sentence, *held])
        names = dict(step._fields["action_type"]._description_selection(self.env))
        return {
            "at": self._format_instant(naive(line.at)),
            "kind": line.kind,
            "is_skipped": bool(line.lived) and line.lived.act != "send",
            "name": step.name or "",
            "action": names.get(step.action_type, ""),
            "sentence": sentence,
        }

    def _format_instant(self, instant):
        zone = self.env.context.get("tz") or self.env.user.tz
        if self.move_id:
            zone = self.move_id.commercial_partner_id._get_recovery_tz()
        return format_datetime(self.env, instant, tz=zone, dt_format="EEE d MMM y, HH:mm")
