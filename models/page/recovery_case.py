"""What the customer's page shows of a case: the state of its invoice, the reason, the methods."""

from datetime import timedelta

from odoo import fields, models
from odoo.tools import format_date

from ...tools.links import LINK_LIFE, Link, get_page_path
from ..method.payment_token_ceiling import BLOCKING_CLASSES

# A charge that is due goes out within a minute; one that didn't for so long is held up.
CHARGE_WAIT = timedelta(minutes=15)
# How long a payment that the customer has just begun keeps him from beginning another one,
# where the provider can't be told to forget the first.
BEGUN_WAIT = timedelta(minutes=15)
# How long the page speaks of a payment that failed.
FAILED_WAIT = timedelta(minutes=30)
# Which decline a page about several invoices explains: what the customer has to act on.
CLASS_ORDER = ("customer_action", "fix_data", "never", "later", "technical")


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    # === GETTERS === #

    def _get_page_state(self):
        """Return what the page says of this invoice at this instant.

        :return: ``open`` when it can be paid; ``paid``; ``closed`` when the case was given up or
            there is nothing to recover; ``held`` while the accountant keeps the invoice back;
            ``charging`` while a charge of ours goes out or is about to; ``processing`` while
            another payment is on its way; ``begun`` when one was begun and may not be finished
        """
        self.ensure_one()
        move = self.move_id
        move._fetch_for_recovery()
        debt = move._get_debt(self.due_date)
        if self.state in ("lost", "cancelled") or move.state == "cancel":
            return "closed"
        if move.state != "posted" or move.payment_state == "blocked" or debt.is_excluded:
            return "held"
        if move.payment_state not in ("not_paid", "partial") or (
            self.currency_id.compare_amounts(debt.owed, 0) <= 0
        ):
            return "paid"
        if self._is_charge_near():
            return "charging"
        if transaction := self._get_payment_under_way():
            return "begun" if transaction.state == "draft" else "processing"
        return "open"

    def _is_charge_near(self):
        """Tell whether a charge of ours is under way, or due at any moment."""
        self.ensure_one()
        if self.move_id._get_attempt_in_flight():
            return True
        now = fields.Datetime.now()
        planned_at = self.next_attempt_at
        if planned_at and now - CHARGE_WAIT <= planned_at <= now + timedelta(minutes=1):
            return True
        # A method was just saved on the page, and the job hasn't come to its charge yet.
        signals = self.env["recovery.invoice.queue"].search(
            [
                ("move_id", "=", self.move_id.id),
                ("transaction_id.operation", "=", "validation"),
                ("transaction_id.last_state_change", ">=", now - CHARGE_WAIT),
            ],
            limit=1,
        )
        return bool(signals)

    def _get_payment_under_way(self):
        """Return the payment that keeps the customer from paying these invoices, if one does.

        A transfer that he announced doesn't: he may have thought better of it.
        """
        attempts = self.env["recovery.attempt"]
        for transaction_sudo in attempts._search_money_under_way(self.move_id):
            if transaction_sudo.state == "pending" and (
                transaction_sudo.provider_code in ("none", "custom")
            ):
                continue
            if transaction_sudo.state == "draft" and (
                transaction_sudo._recovery_can_withdraw()
                or fields.Datetime.now() - transaction_sudo.create_date > BEGUN_WAIT
            ):
                continue
            if attempts._get_transaction_block(transaction_sudo):
                return transaction_sudo
        return self.env["payment.transaction"].sudo()

    def _get_failed_payment(self):
        """Return the customer's latest payment of these invoices, if it has just failed."""
        since = fields.Datetime.now() - FAILED_WAIT
        # In sudo mode: the page is for somebody who isn't logged in.
        latest_sudo = (
            self.env["payment.transaction"]
            .sudo()
            .search([("invoice_ids", "in", self.move_id.ids)], order="id desc", limit=1)
        )
        is_failed = (
            latest_sudo.state == "error"
            and latest_sudo.operation != "offline"
            and latest_sudo.last_state_change >= since
        )
        return latest_sudo if is_failed else latest_sudo.browse()

    def _get_page_class(self):
        """Return the class of decline that the page explains; none when nothing is known."""
        classes = set(self.mapped("decline_class"))
        return next((each for each in CLASS_ORDER if each in classes), False)

    def _get_page_reason(self):
        """Return why the payment failed, as the customer is told.

        By class only: what a bank says of fraud, of stolen cards or closed accounts is not for a
        page that anybody with the link can open.
        """
        latest = self.attempt_ids.sorted("id").filtered("finished_at")[-1:]
        if latest.state == "returned":
            return self.env._("Your bank returned the direct debit.")
        if not latest and not self._get_page_class():
            return self.env._("This payment is overdue.")
        return self._explain_decline(self._get_page_class())

    def _explain_decline(self, decline_class):
        """Return the neutral sentence of a class of decline."""
        return {
            "later": self.env._("Your bank did not approve the charge. This often passes."),
            "technical": self.env._(
                "A technical problem between us and your bank kept the payment from going through."
            ),
            "fix_data": self.env._(
                "The details of your saved payment method are not up to date any more."
            ),
            "customer_action": self.env._("Your bank asks you to confirm this payment yourself."),
            "never": self.env._(
                "Your saved payment method can't be charged any more. Please use another one."
            ),
        }.get(decline_class) or self.env._("The payment could not be collected.")

    def _get_page_tokens(self, providers_sudo):
        """Return the saved methods that the customer can pay these invoices with.

        One that expired or is dead is not offered, and neither is one whose charge the bank wants
        to see confirmed: Odoo's providers charge a saved method as if the customer were away, so
        that only the form with the card's details leads to the confirmation.
        """
        lead = self[:1]
        tokens_sudo = lead.partner_id._get_collect_tokens(lead.company_id).sudo()
        return tokens_sudo.filtered(
            lambda token: (
                token.active
                and token.provider_id in providers_sudo
                and not any(case._is_method_shut(token) for case in self)
            )
        )

    def _is_method_shut(self, token):
        block = self._judge_method(token, self._get_owed()).block
        return bool(block) and block.decline_class in BLOCKING_CLASSES

    def _get_page_next(self):
        """Return what happens next when the customer does nothing, as he is told."""
        self.ensure_one()
        if self.promise_date and self._get_promise_end():
            return self.env._(
                "You promised to pay by %(day)s. We charge nothing until then.",
                day=format_date(self.env, self.promise_date),
            )
        if self.next_attempt_at and self.state == "in_recovery":
            return self.env._(
                "If you do nothing, we try the saved payment method again on %(day)s.",
                day=format_date(self.env, self._get_local_day(self.next_attempt_at)),
            )
        return False

    def _get_recovery_link(self, notice=None):
        """Return the absolute URL of the customer's page for these cases.

        :param notice: the `recovery.notice` that carries the link, if one does
        :return: opens what the customer of the leading case owes its company, and nothing else
        """
        lead = self[:1]
        cases = self.filtered(
            lambda case: case.partner_id == lead.partner_id and case.company_id == lead.company_id
        )
        link = Link(
            "case",
            tuple(cases.ids),
            lead.partner_id.id,
            notice.id if notice else 0,
            fields.Datetime.now() + LINK_LIFE,
        )
        return f"{lead.move_id.get_base_url()}{get_page_path(link.sign(self.env))}"
