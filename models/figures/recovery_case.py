"""What the reports count of a case, worked out by the job that follows invoices.

Not by the charge itself: nobody waits for a report to have been added up.
"""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.instants import local_day
from ..case.recovery_invoice_queue import FOLLOW
from ..case.settlements import CHANNELS
from ..method.payment_token import FUNDINGS
from ..rules.recovery_decline_reason import DECLINE_CLASSES

_SPLIT = ("channel", "amount", "company_amount")

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
        readonly=True, copy=False, help="What has been credited since the case opened."
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
        help="What the first failed charge asked for, less what was credited or cancelled since, "
        "in the company's currency at the rate of the day of the first failure.",
    )
    recovered_company_amount = fields.Monetary(
        string="Recovered (Company)",
        compute="_compute_company_amounts",
        store=True,
        currency_field="company_currency_id",
        help="What of the failed amount has been paid since, by any way, in the company's currency "
        "at the rate of the day of the first failure.",
    )

    _figures_idx = models.Index("(company_id, failed_on)")
    _outdated_idx = models.Index("(id) WHERE figures_outdated")

    # === COMPUTE METHODS === #

    @api.depends("failed_amount", "recovered_amount", "credited_amount", "company_rate", "state")
    def _compute_company_amounts(self):
        for case in self:
            currency = case.currency_id
            company_currency = case.company_currency_id
            asked = case.failed_amount
            recovered = min(max(case.recovered_amount, 0.0), asked)
            credited = min(max(case.credited_amount, 0.0), asked - recovered)
            if case.state == "cancelled":
                credited = asked - recovered
            # Rounded from the beginning up to each point, so that the parts add up to the whole.
            points = (
                company_currency.round(currency.round(amount) * case.company_rate)
                for amount in (asked, recovered, recovered + credited)
            )
            asked, recovered, closed = points
            case.asked_company_amount = asked
            case.recovered_company_amount = recovered
            case.failed_company_amount = asked - (closed - recovered)

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
        credited = self._get_credited()
        if self.currency_id.compare_amounts(credited, self.credited_amount):
            values["credited_amount"] = credited
        self.write({**values, "figures_outdated": False})
        self._fill_settlements()

    def _fill_settlements(self):
        """Keep what each payment brought; what has not changed stays as it is."""
        vals_by_partial = {vals["partial_id"]: vals for vals in self._split_recovered()}
        gone = self.settlement_ids.filtered(lambda one: one.partial_id.id not in vals_by_partial)
        gone.unlink()
        for settlement in self.settlement_ids:
            vals = vals_by_partial.pop(settlement.partial_id.id)
            changed = {name: vals[name] for name in _SPLIT if settlement[name] != vals[name]}
            if changed:
                settlement.write(changed)
        self.env["recovery.settlement"].create(list(vals_by_partial.values()))
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

    def _get_credited(self):
        """Return what credit notes have taken off the instalments in recovery since the failure.

        What was refunded of their payments is given up in the same way.

        What had been credited before is what of the instalments was neither paid nor failed.
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(SUM(line.amount_currency), 0), COALESCE(SUM(credit.amount), 0)
                  FROM account_move_line line
          CROSS JOIN LATERAL (
                           SELECT COALESCE(SUM(part.debit_amount_currency), 0) AS amount
                             FROM account_partial_reconcile part
                             JOIN account_move_line other ON other.id = part.credit_move_id
                             JOIN account_move counterpart ON counterpart.id = other.move_id
                            WHERE part.debit_move_id = line.id
                              AND counterpart.move_type = 'out_refund'
                       ) credit
                 WHERE line.move_id = %s
                   AND line.display_type = 'payment_term'
                   AND (line.date_maturity IS NULL OR line.date_maturity <= %s)
                """,
                self.move_id.id,
                self.due_date,
            )
        )
        total, credited = map(float, rows[0])
        before = max(total - self.failed_amount - self.settled_before, 0.0)
        refunded = sum(each.refunded for each in self.move_id._get_settlements(self))
        return self.currency_id.round(max(credited - before, 0.0) + refunded)

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
        for settlement in self.settlement_ids.sorted(lambda one: one.partial_id.id):
            total = amounts.pop(settlement.channel, 0.0) + settlement.amount
            # Popped first: latest last.
            amounts[settlement.channel] = self.currency_id.round(total)
        most = max(amounts.values(), default=0.0)
        if self.currency_id.compare_amounts(most, 0) <= 0:
            return False
        return next(channel for channel in reversed(amounts) if amounts[channel] == most)

    def _split_recovered(self):
        """Return the values of the payments that came after the failure, oldest first.

        Each counts up to what had failed, and what had been paid before the case opened comes
        first. In the company's currency they are rounded from the beginning up to each one, as
        the case is, so that they add up to it.
        """
        currency, company_currency = self.currency_id, self.company_currency_id
        total, counted, company_counted, vals_list = -self.settled_before, 0.0, 0.0, []
        for settlement in self.move_id._get_settlements(self):
            total = currency.round(total + settlement.amount)
            if total <= 0:
                continue
            reached = min(total, self.failed_amount)
            company_reached = company_currency.round(currency.round(reached) * self.company_rate)
            vals_list.append(
                {
                    "case_id": self.id,
                    "partial_id": settlement.partial_id,
                    "channel": self._get_channel_of_settlement(settlement),
                    "amount": currency.round(reached - counted),
                    "company_amount": company_currency.round(company_reached - company_counted),
                }
            )
            counted, company_counted = reached, company_reached
        return vals_list

    def _get_channel_of_settlement(self, settlement):
        """Return the channel of a payment; a charge of ours tells which payment method it was."""
        if settlement.channel != "retry":
            return settlement.channel
        attempts = self.attempt_ids.sorted("id")
        paid = attempts.filtered(
            lambda attempt: attempt.transaction_id.id == settlement.transaction_id
        )[-1:]
        if not paid:
            return "retry"  # Somebody else's charge of a saved method.
        failed_token = attempts[:1].token_id or self.token_id
        uses = attempts.filtered(
            lambda attempt: attempt.token_id == paid.token_id and attempt.id <= paid.id
        )
        sources = set(uses.mapped("source"))
        if paid.token_id and failed_token and paid.token_id != failed_token:
            return "backup" if "backup" in sources else "new_method"
        return "updated" if "method" in sources else "retry"
