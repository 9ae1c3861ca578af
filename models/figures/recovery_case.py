# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the reports count of a case, worked out by the job that follows invoices.

Not by the charge itself: nobody waits for a report to have been added up.
"""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.instants import local_day
from ..case.recovery_invoice_queue import FOLLOW
from ..case.settlements import CHANNELS
from ..case.states import OPEN_STATES
from ..method.payment_token import FUNDINGS
from ..rules.recovery_decline_reason import DECLINE_CLASSES

_SPLIT = ("channel", "amount", "company_amount")
# What is no longer asked for, in the order in which it is rounded in the company's currency.
TAKEN_OFF = ("credited", "refunded", "discounted", "corrected")

FOLLOW.fill("figures of cases", ("recovery.case", "_fill_due_figures"))


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    figures_outdated = fields.Boolean(
        default=True,
        readonly=True,
        copy=False,
        help="The job works the figures of the reports out anew.",
    )
    # What the first failure was like. It stays when the case opens again: a month that is closed
    # keeps its cases.
    failed_on = fields.Date(
        readonly=True,
        copy=False,
        help="Day of the very first failure, in the company's time zone. A case that opens again "
        "stays in the month of its first failure.",
    )
    company_rate = fields.Float(
        readonly=True,
        copy=False,
        digits=0,
        aggregator=None,
        help="What one unit of the invoice's currency was worth in the company's, on that day.",
    )
    began_by = fields.Selection(
        selection=[("failure", "Failed payment"), ("overdue", "Overdue invoice")],
        readonly=True,
        copy=False,
        help="Whether a payment failed at the very beginning, or the invoice was only overdue. "
        "The dashboard counts failed payments.",
    )
    first_reason_id = fields.Many2one(
        comodel_name="recovery.decline.reason",
        string="First Decline Reason",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="Why the first charge failed.",
    )
    first_class = fields.Selection(
        selection=DECLINE_CLASSES,
        string="First Decline Class",
        readonly=True,
        copy=False,
        help="What the first decline asked for.",
    )
    provider_id = fields.Many2one(
        comodel_name="payment.provider",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="Who was asked for the first payment that failed.",
    )
    network = fields.Char(
        readonly=True,
        copy=False,
        help="The card network, or the scheme of a bank debit, of the first failure.",
    )
    funding = fields.Selection(
        selection=FUNDINGS,
        readonly=True,
        copy=False,
        help="What kind of card the first charge was made to.",
    )
    issuer_country = fields.Char(
        readonly=True,
        copy=False,
        help="Where the card of the first failure was issued, as a two-letter code.",
    )
    product_categ_id = fields.Many2one(
        comodel_name="product.category",
        string="Product Category",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="Of the invoice line with the largest amount, as it was when the case opened.",
    )
    # What has become of the amount since.
    credited_amount = fields.Monetary(
        readonly=True,
        copy=False,
        help="What credit notes have taken off the failed amount since the case opened.",
    )
    refunded_amount = fields.Monetary(
        readonly=True, copy=False, help="What was paid since, and paid back to the customer."
    )
    discounted_amount = fields.Monetary(
        readonly=True,
        copy=False,
        help="Early-payment discounts that were taken, and differences of exchange rates.",
    )
    corrected_amount = fields.Monetary(
        readonly=True,
        copy=False,
        help="What the invoice has become less by since, other than by credit notes: it was "
        "corrected in draft, for example. Negative where it has become more.",
    )
    written_off_amount = fields.Monetary(
        readonly=True,
        copy=False,
        help="What was written off, with a payment or by an entry: it is lost.",
    )
    postponed_amount = fields.Monetary(
        readonly=True,
        copy=False,
        help="What still is in recovery, and was put off to a day that is to come.",
    )
    reported_channel = fields.Selection(
        selection=CHANNELS,
        string="Recovered Mostly By",
        readonly=True,
        copy=False,
        help="The channel that brought most of what was recovered, the latest one of equals. "
        "Retry: the method that had failed. New payment method: one that the customer added. "
        "Updated card: the same method, after its card was renewed. Link in a notice: the customer "
        "paid without logging in after a notice was sent.",
    )
    settlement_ids = fields.One2many(
        comodel_name="recovery.settlement", inverse_name="case_id", readonly=True
    )
    asked_company_amount = fields.Monetary(
        string="Asked",
        compute="_compute_company_amounts",
        store=True,
        currency_field="company_currency_id",
        help="What the first failed charge asked for, in the company's currency at the rate of "
        "the day of the first failure.",
    )
    failed_company_amount = fields.Monetary(
        string="Failed",
        compute="_compute_company_amounts",
        store=True,
        currency_field="company_currency_id",
        help="What the first failed charge asked for, less what was credited, refunded, "
        "discounted, corrected or cancelled since, in the company's currency at the rate of the "
        "day of the first failure.",
    )
    recovered_company_amount = fields.Monetary(
        string="Recovered (Company)",
        compute="_compute_company_amounts",
        store=True,
        currency_field="company_currency_id",
        help="What of the failed amount has been paid since, by any way, in the company's currency "
        "at the rate of the day of the first failure.",
    )
    lost_company_amount = fields.Monetary(
        string="Lost (Company)",
        compute="_compute_company_amounts",
        store=True,
        currency_field="company_currency_id",
        help="What of the failed amount was written off, or given up with the case.",
    )
    postponed_company_amount = fields.Monetary(
        string="Postponed (Company)",
        compute="_compute_company_amounts",
        store=True,
        currency_field="company_currency_id",
    )
    refunded_company_amount = fields.Monetary(
        string="Refunded (Company)",
        compute="_compute_company_amounts",
        store=True,
        currency_field="company_currency_id",
    )
    discounted_company_amount = fields.Monetary(
        string="Discounted (Company)",
        compute="_compute_company_amounts",
        store=True,
        currency_field="company_currency_id",
    )
    corrected_company_amount = fields.Monetary(
        string="Corrected (Company)",
        compute="_compute_company_amounts",
        store=True,
        currency_field="company_currency_id",
    )

    _figures_idx = models.Index("(company_id, failed_on)")
    _outdated_idx = models.Index("(id) WHERE figures_outdated")

    # === COMPUTE METHODS === #

    @api.depends(
        "company_rate",
        "failed_amount",
        "postponed_amount",
        "recovered_amount",
        "state",
        "written_off_amount",
        *(f"{name}_amount" for name in TAKEN_OFF),
    )
    def _compute_company_amounts(self):
        for case in self:
            figures = case._get_figures()
            case.update({f"{name}_company_amount": value for name, value in figures.items()})

    def _get_figures(self):
        """Return the figures in the company's currency, at the rate of the first failure.

        They are rounded from the beginning up to each one, so that they add up to what was asked.
        """
        self.ensure_one()
        asked, amounts = self.failed_amount, self._get_parts()
        rest = asked - sum(amounts.values())
        round_own, until, points, figures = self.company_currency_id.round, 0.0, 0.0, {}
        for name, amount in {**amounts, "rest": rest}.items():
            until += amount
            point = round_own(self.currency_id.round(until) * self.company_rate)
            figures[name], points = round_own(point - points), point
        lost, rest = figures.pop("written_off"), figures.pop("rest")
        is_open = self.state in OPEN_STATES
        postponed = round_own(self.postponed_amount * self.company_rate)
        del figures["credited"]  # What the others leave of what was asked.
        return {
            **figures,
            "asked": points,
            "failed": round_own(figures["recovered"] + lost + rest),
            "lost": lost if is_open else round_own(lost + rest),
            "postponed": min(postponed, rest) if is_open else 0.0,
        }

    def _get_parts(self):
        """Return the parts of what was asked, in the order in which they are rounded."""
        taken_off = {name: self[f"{name}_amount"] for name in TAKEN_OFF}
        failed = max(self.failed_amount - sum(taken_off.values()), 0.0)
        recovered = min(max(self.recovered_amount, 0.0), failed)
        written_off = min(max(self.written_off_amount, 0.0), failed - recovered)
        if self.state == "cancelled":
            taken_off["credited"] += failed - recovered
            written_off = 0.0
        return {"recovered": recovered, **taken_off, "written_off": written_off}

    # === BUSINESS METHODS === #

    def _on_changed(self):
        """Fill the hook to let the job work the figures of these cases out anew."""
        result = super()._on_changed()
        self.filtered(lambda case: not case.figures_outdated).figures_outdated = True
        return result

    def _fill_figures(self):
        """Work out, from the ledger, what the reports count of a case."""
        self.ensure_one()
        values = {} if self.failed_on else self._prepare_beginning_vals()
        claim = self._get_claim()
        if self.move_id.state == "posted":  # A draft, which is being changed, says nothing yet.
            amounts = self._prepare_claim_vals(claim)
            compare = self.currency_id.compare_amounts
            values |= {name: value for name, value in amounts.items() if compare(value, self[name])}
        self.write({**values, "figures_outdated": False})
        self._fill_settlements(claim)

    def _prepare_claim_vals(self, claim):
        """Return what has become of the failed amount.

        What was taken off the invoice before the case opened is none of it: it was neither paid
        nor failed then. What was asked for and is in no other part any more was corrected.
        """
        round_amount = self.currency_id.round
        billed = self.billed_amount or claim.billed
        before = max(billed - self.failed_amount - self.settled_before, 0.0)
        parts = {}
        for name in ("credited", "written_off", "discounted"):
            amount = getattr(claim, name)
            parts[name] = round_amount(max(amount - before, 0.0))
            before = max(before - amount, 0.0)
        parts["refunded"] = claim.refunded
        paid = max(claim.paid - self.settled_before, 0.0)
        failed = paid + claim.owed + parts["written_off"]
        taken_off = parts["credited"] + parts["refunded"] + parts["discounted"]
        parts["corrected"] = round_amount(self.failed_amount - failed - taken_off)
        parts["postponed"] = claim.get_postponed(self.move_id._get_recovery_today())
        return {f"{name}_amount": value for name, value in parts.items()}

    def _fill_settlements(self, claim=None):
        """Keep what each payment brought; what has not changed stays as it is."""
        found = {
            (vals["partial_id"], vals["payment_id"]): vals
            for vals in self._split_recovered(claim or self._get_claim())
        }
        for settlement in self.settlement_ids:
            vals = found.pop((settlement.partial_id.id, settlement.payment_id.id), None)
            if vals is None:
                settlement.unlink()
                continue
            changed = {name: vals[name] for name in _SPLIT if settlement[name] != vals[name]}
            if changed:
                settlement.write(changed)
        self.env["recovery.settlement"].create(list(found.values()))
        channel = self._find_reported_channel()
        if channel != self.reported_channel:
            self.reported_channel = channel

    def _prepare_beginning_vals(self):
        """Return what is kept of the first failure."""
        company = self.company_id
        attempt = self._get_first_failed_attempt()
        transaction = attempt.transaction_id or self._get_first_failed_transaction()
        decline = transaction._recovery_get_decline()
        failed_at = attempt.finished_at or transaction.last_state_change or self.first_failure_at
        failed_at = min(failed_at, self.first_failure_at)
        failed_on = local_day(failed_at, company.partner_id.tz or "UTC")
        reason = attempt.decline_reason_id or transaction.recovery_reason_id
        funding = attempt.funding or decline.funding
        return {
            "failed_on": failed_on,
            "began_by": self._find_beginning(),
            "company_rate": self.currency_id._get_conversion_rate(
                self.currency_id, company.currency_id, company, failed_on
            ),
            "first_reason_id": (reason or self.decline_reason_id).id,
            "first_class": attempt.decline_class or decline.decline_class or self.decline_class,
            "provider_id": (transaction.provider_id or self.token_id.provider_id).id,
            "network": attempt.network or decline.network or False,
            "funding": funding if funding in dict(FUNDINGS) else False,
            "issuer_country": attempt.issuer_country or decline.country or False,
            "product_categ_id": self._find_product_category(),
        }

    # === CRON === #

    @api.model
    def _fill_due_figures(self):
        """Work out what is new, or has changed, for the reports."""
        self._work_on_each(
            Domain("figures_outdated", "=", True), lambda case: case._fill_figures(), limit=5000
        )

    # === GETTERS === #

    def _find_beginning(self):
        """Return what the case began by: one that opens again says no longer."""
        if self.opened_by == "taken_back":
            return self.began_by or "failure"
        return "overdue" if self.opened_by == "overdue" else "failure"

    def _get_first_failed_attempt(self):
        """Return our charge that failed first, if it was ours."""
        failed = self.attempt_ids.filtered(
            lambda attempt: attempt.state in ("declined", "not_sent", "returned", "refused")
        )
        first = failed.sorted("id")[:1]
        return first if self.first_attempt_id or first.retry_number == 0 else first.browse()

    def _get_first_failed_transaction(self):
        """Return the payment of somebody else that failed first, if there is one."""
        return self.move_id.transaction_ids.filtered(
            lambda transaction: (
                (transaction.recovery_decline or transaction.state in ("error", "cancel"))
                and transaction.last_state_change <= self.first_failure_at
            )
        ).sorted("id")[-1:]

    def _find_product_category(self):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT template.categ_id
                  FROM account_move_line line
                  JOIN product_product product ON product.id = line.product_id
                  JOIN product_template template ON template.id = product.product_tmpl_id
                 WHERE line.move_id = %s AND line.display_type = 'product'
              ORDER BY ABS(line.balance) DESC, line.id
                 LIMIT 1
                """,
                self.move_id.id,
            )
        )
        return rows[0][0] if rows else False

    def _find_reported_channel(self):
        """Return the channel that brought most of what was recovered, the latest one of equals."""
        amounts = {}
        for settlement in self.settlement_ids.sorted(
            lambda one: (not one.partial_id, one.partial_id.id)
        ):
            total = amounts.pop(settlement.channel, 0.0) + settlement.amount
            # Popped first: latest last.
            amounts[settlement.channel] = self.currency_id.round(total)
        most = max(amounts.values(), default=0.0)
        if self.currency_id.compare_amounts(most, 0) <= 0:
            return False
        return next(channel for channel in reversed(amounts) if amounts[channel] == most)

    def _split_recovered(self, claim):
        """Return the values of the payments that came after the failure, oldest first.

        What had been paid before the case opened comes first. In the company's currency they are
        rounded from the beginning up to each one, as the case is, so that they add up to it.
        """
        currency, company_currency = self.currency_id, self.company_currency_id
        total, counted, company_counted, vals_list = -self.settled_before, 0.0, 0.0, []
        for settlement in claim.settlements:
            total = currency.round(total + settlement.amount)
            amount = currency.round(total - counted)
            if total <= 0 or currency.compare_amounts(amount, 0) <= 0:
                continue
            company_reached = company_currency.round(total * self.company_rate)
            vals_list.append(
                {
                    "case_id": self.id,
                    "partial_id": settlement.partial_id or False,
                    "payment_id": not settlement.partial_id and settlement.payment_id,
                    "channel": settlement.channel,
                    "amount": amount,
                    "company_amount": company_currency.round(company_reached - company_counted),
                }
            )
            counted, company_counted = total, company_reached
        return vals_list
