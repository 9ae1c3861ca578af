"""The contracts and subscriptions of the OCA: how often they make invoices, and their end.

Neither addon is needed, and no addon bridges them: where their models are loaded, they are used.
"""

from odoo import models

# A unit of `contract` or of `subscription_oca`: in months, or in days.
_MONTHS = {
    "monthly": 1,
    "monthlylastday": 1,
    "months": 1,
    "quarterly": 3,
    "semesterly": 6,
    "yearly": 12,
    "years": 12,
}
_DAYS = {"daily": 1, "days": 1, "weekly": 7, "weeks": 7}
_BY_MONTHS = {1: "monthly", 3: "quarterly", 12: "yearly"}


def _name_interval(unit, count):
    """Return the one of `RECURRENCES` that an interval is."""
    count = count or 1
    if unit in _MONTHS:
        return _BY_MONTHS.get(_MONTHS[unit] * count, "other")
    return "weekly" if _DAYS.get(unit, 0) * count == 7 else "other"


class AccountMove(models.Model):
    _inherit = "account.move"

    # === BUSINESS METHODS === #

    def _end_foreign_recurrence(self, record, reason):
        """Override of `revenue_recovery` to end contracts and subscriptions of the OCA."""
        if record._name == "contract.contract":
            ended = record.filtered(lambda contract: self._end_contract(contract))
        elif record._name == "sale.subscription":
            ended = record.filtered(lambda each: self._close_subscription(each))
        else:
            return super()._end_foreign_recurrence(record, reason)
        if not ended:
            return ""
        return self.env._(
            "%(contracts)s makes no further invoices. %(reason)s",
            contracts=", ".join(ended.mapped("display_name")),
            reason=reason,
        )

    def _end_contract(self, contract):
        """End the lines of a contract with what has been invoiced; tell whether any went on."""
        running = contract.contract_line_ids.filtered(
            lambda line: not line.is_canceled and line.next_period_date_start
        )
        for line in running:
            if line.last_date_invoiced:
                line.date_end = line.last_date_invoiced
            else:
                line.is_canceled = True  # It has never been invoiced, so it has no last day.
        return bool(running)

    def _close_subscription(self, subscription):
        """Close a subscription; tell whether it was open."""
        if subscription.stage_id.type == "post":
            return False
        # Its end is told by what ends it.
        subscription = subscription.with_context(recovery_ending=True)
        subscription.with_company(subscription.company_id).close_subscription()
        return True

    # === GETTERS === #

    def _get_foreign_recurrence(self):
        """Override of `revenue_recovery` to know the contracts and subscriptions of the OCA."""
        return self._get_contract() or self._get_subscription() or super()._get_foreign_recurrence()

    def _get_contract(self):
        """Return how often the contract of an invoice makes one, and the contract, or None."""
        if "contract.contract" not in self.env:
            return None
        lines = self.invoice_line_ids.contract_line_id
        if not lines:
            return None
        # Lines that follow their contract don't always have its interval themselves.
        sources = [line if line.contract_id.line_recurrence else line.contract_id for line in lines]
        intervals = {
            _name_interval(source.recurring_rule_type, source.recurring_interval)
            for source in sources
        }
        interval = intervals.pop() if len(intervals) == 1 else "other"
        return interval, lines.contract_id

    def _get_subscription(self):
        """Return how often the subscription of an invoice makes one, and it, or None."""
        if "sale.subscription" not in self.env:
            return None
        # One that makes orders is known from the order only.
        subscription = self.subscription_id or (
            self.invoice_line_ids.sale_line_ids.order_id.order_subscription_id
        )
        if not subscription:
            return None
        template = subscription[:1].template_id
        interval = _name_interval(template.recurring_rule_type, template.recurring_interval)
        return interval, subscription
