"""Why a charge may not go out now, asked on the locked invoice just before it would."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..rules.block import Block

# A customer who opened the payment form may still be typing his card number.
ONLINE_DRAFT_AGE = timedelta(hours=1)
# A wire transfer that the customer announced takes its days; later it is not coming.
ANNOUNCED_TRANSFER_AGE = timedelta(days=7)
# Providers deliver their webhooks again for days; after that none is coming.
UNCLEAR_AGE = timedelta(days=3)
# Odoo gives up booking a confirmed transaction after four days.
BOOKING_AGE = timedelta(days=4)
# A last try that is due at the end of its window may go out a little later.
WINDOW_SLACK = timedelta(days=1)
# When a charge that another payment holds up is looked at again.
IN_FLIGHT_WAIT = timedelta(hours=6)
BOOKING_WAIT = timedelta(minutes=10)
# What the smart schedule plans, outside advice apart.
SMART_SOURCES = ("smart", "payday", "advice", "ladder")


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    def _get_block(self):
        """Return the first block that is shut, or none.

        :rtype: Block | None
        """
        self.ensure_one()
        for get_block in self._get_block_checks():
            if block := get_block():
                return block
        return None

    def _get_block_checks(self):
        """Return the checks, in the order in which their sentences matter to a person.

        Hook for addons with blocks of their own: each returns a :class:`Block` or none.
        """
        return [
            self._get_owed_block,
            self._get_in_flight_block,
            self._get_method_block,
            self._get_provider_block,
            self._get_card_block,
            self._get_hours_block,
        ]

    def _apply_block(self, block):
        """Put off, refuse or cancel a planned attempt, and keep the sentence."""
        if block.until:
            self._postpone(block.until, block.sentence, block.rule)
            return
        self._set_state(
            "cancelled" if block.moot else "refused",
            sentence=block.sentence,
            **self._prepare_rule_vals(block.rule),
            **self._prepare_block_vals(block),
        )
        if block.alert:
            self.case_id._ask_for_attention(block.sentence)
        self.env["recovery.invoice.queue"]._add(self.move_id)

    def _withdraw_moot(self):
        """Cancel planned charges of what was paid, cancelled or blocked by somebody meanwhile."""
        for attempt in self.filtered(lambda attempt: attempt.state == "planned"):
            if block := attempt._get_owed_block():
                attempt._set_state("cancelled", sentence=block.sentence)

    def _prepare_block_vals(self, block):
        """Return the values that say which decline of an earlier charge stands against this one."""
        if not block.decline_class:
            return {}
        return {
            "decline_reason_id": block.reason.id,
            "decline_class": block.decline_class,
        }

    # === CHECKS === #

    def _get_owed_block(self):
        """Return a block when the invoice is not to be paid by a charge."""
        move = self.move_id
        move._fetch_for_recovery()
        debt = move._get_debt(self.due_date)
        if self.case_id and not self.case_id._is_charging():
            return Block("owed", self.env._("The case is not being charged any more."), moot=True)
        if self._is_too_late():
            return Block("owed", self.env._("The window for retries is over."), moot=True)
        if move.state != "posted" or move.move_type != "out_invoice":
            return Block("owed", self.env._("The invoice is not posted."), moot=True)
        if move.payment_state == "blocked":
            return Block("owed", self.env._("The invoice is marked as blocked."), moot=True)
        if debt.is_excluded:
            return Block("owed", self.env._("The invoice is excluded from follow-ups."), moot=True)
        if self.currency_id != move.currency_id:
            return Block("owed", self.env._("The invoice's currency changed."), moot=True)
        if move.payment_state not in ("not_paid", "partial") or (
            self.currency_id.compare_amounts(debt.owed, 0) <= 0
        ):
            return Block("owed", self.env._("Nothing is owed."), moot=True)
        return None

    def _is_too_late(self):
        """Return whether a charge that was put off again and again has outlived its window."""
        if not self.case_id or self.source in ("user", "method", "backup"):
            return False
        return fields.Datetime.now() > self.case_id.deadline_at + WINDOW_SLACK

    def _get_in_flight_block(self):
        """Return a block when another payment of the invoice is on its way, or may be."""
        for transaction in self._search_money_under_way(self.move_id):
            if block := self._get_transaction_block(transaction):
                return block
        return None

    @api.model
    def _search_money_under_way(self, moves):
        """Return the transactions that may bring, or have brought, money for these invoices."""
        may_bring_money = Domain("state", "in", ("draft", "pending", "authorized", "done")) | (
            Domain("state", "=", "error") & Domain("recovery_unclear", "=", True)
        )
        # In sudo mode to see the transactions of every user and provider.
        return (
            self.env["payment.transaction"]
            .sudo()
            .search(
                Domain("invoice_ids", "in", moves.ids)
                & Domain("operation", "not in", ("validation", "refund"))
                & may_bring_money
            )
        )

    def _get_transaction_block(self, transaction):
        """Return a block when this transaction may bring, or have brought, the money."""
        since = transaction.last_state_change or transaction.create_date
        age = fields.Datetime.now() - since
        name = {"reference": transaction.reference}
        if transaction.state == "draft" and age < ONLINE_DRAFT_AGE:
            sentence = self.env._("The customer may be paying right now (%(reference)s).", **name)
            return Block("in_flight", sentence, since + ONLINE_DRAFT_AGE)
        if transaction.state == "error" and age < UNCLEAR_AGE:
            sentence = self.env._(
                "The answer to the payment %(reference)s got lost; it may have succeeded.", **name
            )
            return Block("in_flight", sentence, since + UNCLEAR_AGE)
        if transaction.state in ("pending", "authorized"):
            return self._get_pending_block(transaction, since, name)
        if transaction.state == "done" and not self._is_booked(transaction):
            return self._get_unbooked_block(transaction, age, name)
        return None

    def _get_pending_block(self, transaction, since, name):
        now = fields.Datetime.now()
        if transaction.provider_code not in ("none", "custom"):
            sentence = self.env._("The payment %(reference)s is on its way.", **name)
            return Block("in_flight", sentence, now + IN_FLIGHT_WAIT)
        if since + ANNOUNCED_TRANSFER_AGE <= now:
            return None
        sentence = self.env._("The customer announced a transfer (%(reference)s).", **name)
        return Block("in_flight", sentence, since + ANNOUNCED_TRANSFER_AGE)

    def _get_unbooked_block(self, transaction, age, name):
        if not transaction.is_post_processed and age < BOOKING_AGE:
            sentence = self.env._("The payment %(reference)s is being booked.", **name)
            return Block("in_flight", sentence, fields.Datetime.now() + BOOKING_WAIT)
        sentence = self.env._(
            "The payment %(reference)s succeeded at the provider but is not booked on the invoice. "
            "Book or refund it before anything else is charged.",
            **name,
        )
        return Block("in_flight", sentence, alert=True)

    def _is_booked(self, transaction):
        if not transaction.payment_id:
            # Captures and voids are booked on the transactions that split the amount.
            return bool(transaction.child_transaction_ids)
        # A rejected one was booked, and the bank took it back: its money is not on the way.
        return transaction.payment_id.state in ("in_process", "paid", "rejected")

    def _get_method_block(self):
        """Return a block when the payment method can't be charged for this invoice."""
        token = self._get_token()
        if not token:
            return Block(
                "method",
                self.env._("No saved payment method is chosen. Choose one on the invoice."),
            )
        label = {"method": token._recovery_get_label()}
        if not token.active:
            return Block(
                "method",
                self.env._("%(method)s is archived. Choose another payment method.", **label),
            )
        if not self.move_id._is_own_token(token):
            return Block(
                "method",
                self.env._(
                    "%(method)s belongs to another customer or company. Choose another payment "
                    "method.",
                    **label,
                ),
            )
        currencies = token.payment_method_id.supported_currency_ids
        if currencies and self.currency_id not in currencies:
            return Block(
                "method",
                self.env._(
                    "%(method)s can't be charged in %(currency)s.",
                    currency=self.currency_id.name,
                    **label,
                ),
            )
        return None

    def _get_provider_block(self):
        """Return a block when the provider is not ready for this charge."""
        # In sudo mode: providers are readable by administrators only.
        provider_sudo = self._get_token().provider_id.sudo()
        name = {"provider": provider_sudo.name}
        if provider_sudo.state == "disabled":
            return Block("provider", self.env._("The provider %(provider)s is disabled.", **name))
        if provider_sudo.state == "test" and not self.company_id.recovery_charge_test_providers:
            return Block(
                "provider",
                self.env._(
                    "The provider %(provider)s is in test mode. Allow such charges in the "
                    "settings if this is a test.",
                    **name,
                ),
            )
        if provider_sudo.capture_manually:
            return Block(
                "provider", self.env._("The provider %(provider)s only reserves amounts.", **name)
            )
        currencies = provider_sudo.available_currency_ids
        if currencies and self.currency_id not in currencies:
            return Block(
                "provider",
                self.env._(
                    "The provider %(provider)s does not accept %(currency)s.",
                    currency=self.currency_id.name,
                    **name,
                ),
            )
        if not self._has_journal(provider_sudo):
            return Block(
                "provider",
                self.env._("The provider %(provider)s has no journal to book payments in.", **name),
            )
        return self._get_maximum_block(provider_sudo)

    def _has_journal(self, provider_sudo):
        lines_sudo = self.env["account.payment.method.line"].sudo()
        domain = [("payment_provider_id", "=", provider_sudo.id), ("journal_id", "!=", False)]
        if lines_sudo.search_count(domain, limit=1):
            return True
        # Reading the journal lets Odoo choose one, where there is one to choose.
        lines_sudo = provider_sudo.journal_id.inbound_payment_method_line_ids
        return provider_sudo in lines_sudo.payment_provider_id

    def _get_maximum_block(self, provider_sudo):
        if not provider_sudo.maximum_amount:
            return None
        maximum = provider_sudo.main_currency_id._convert(
            provider_sudo.maximum_amount, self.currency_id, self.company_id
        )
        if self.currency_id.compare_amounts(self._get_amount(), maximum) <= 0:
            return None
        return Block(
            "provider",
            self.env._(
                "The amount exceeds the maximum of the provider %(provider)s, %(maximum)s.",
                provider=provider_sudo.name,
                maximum=self.currency_id.format(maximum),
            ),
        )

    def _get_card_block(self):
        """Return a block when earlier charges of the card, for whatever invoice, forbid this one.

        The case then waits for another method without using up a try; a first charge opens one.
        """
        token = self._get_token()
        charge = token._recovery_prepare_question(self.move_id, self._get_amount())
        history = token._recovery_get_history()
        now = fields.Datetime.now()
        if block := token._recovery_get_block(charge, now, history):
            return block._replace(moot=bool(self.case_id))
        refusal = token._recovery_check_ceiling(charge, now, history)
        if not refusal:
            return self._get_cool_down_block(history)
        # Instants are stored in whole seconds, which must not fall before the rule's.
        until = refusal.allowed_from.replace(tzinfo=None) + timedelta(seconds=1)
        rule = token._recovery_get_rule(refusal)
        return Block("ceiling", token._recovery_render_refusal(refusal), until, rule=rule)

    def _get_cool_down_block(self, history):
        """Return a block when another invoice has just been refused on the card.

        Only smart cases rest: the fixed schedule is what they are compared with.
        """
        if self.case_id.arm != "smart" or self.source not in SMART_SOURCES:
            return None
        until = self.case_id._get_cool_down_end(history, self.move_id)
        if not until:
            return None
        sentence = self.env._("The method was just declined for another invoice of the customer.")
        return Block("cool_down", sentence, until.replace(tzinfo=None) + timedelta(seconds=1))

    def _get_hours_block(self):
        """Return a block in the customer's quiet hours.

        A person's word goes before them, and so does a method that the customer has just saved.
        """
        if self.source in ("user", "technical", "method"):
            return None
        now = fields.Datetime.now()
        allowed = self.move_id._get_next_charge_instant(now)
        if allowed <= now:
            return None
        return Block(
            "hours", self.env._("Waits for the hours in which charges are allowed."), allowed
        )

    # === GETTERS === #

    def _get_token(self):
        """Return the payment method to charge; it may turn out not to be chargeable."""
        self.ensure_one()
        return self.token_id or self.move_id._get_collect_token() or self.case_id.token_id

    def _get_amount(self):
        """Return what is owed now of the instalments that this attempt is for."""
        self.ensure_one()
        return self.move_id._get_amount_owed(self.due_date)
