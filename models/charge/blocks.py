# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Why a charge may not go out now, asked on the locked invoice just before it would."""

from datetime import timedelta
from functools import cached_property

from odoo import fields

from ...tools.instants import naive
from ...tools.kept import remember
from ...tools.said import Money, say
from ..case.credit import CustomerCredit
from ..case.owed import read_debt_and
from ..rules.block import Block
from .chargeable import find_method_block
from .own_retries import OwnRetriesOfProvider, get_retried_domain
from .under_way import MoneyUnderWay

# A last try that is due at the end of its window may go out a little later.
WINDOW_SLACK = timedelta(days=1)
# When a first charge is looked at again that waits for the provider to be mended, or for more.
FAULT_WAIT = timedelta(days=1)


class ChargeBlocks:
    """What stands against a charge: the one list, in the order in which people are told.

    What several of the checks ask is read once: within a database transaction the answer stays.

    :param attempt: a planned `recovery.attempt`, its invoice locked
    """

    def __init__(self, attempt):
        self._attempt = attempt
        self._env = attempt.env
        self._move = attempt.move_id
        self._case = attempt.case_id
        self._now = fields.Datetime.now()
        self._move._fetch_for_recovery()
        self.credit = CustomerCredit(self._move, attempt.due_date)

    @property
    def debt(self):
        """What is owed of the instalments that the charge is for, or of their part."""
        return self._facts[0]

    @property
    def has_credit(self):
        """Whether the customer may have credit for them."""
        return self._facts[1]["has_credit"]

    @cached_property
    def _facts(self):
        debt, facts = read_debt_and(
            self._move,
            self._attempt.due_date,
            has_credit=self.credit.get_condition(),
            is_disputed=self._move._get_dispute_condition(),
        )
        return self._attempt._limit_debt(debt), facts

    def find(self):
        """Return the first block, or none.

        :rtype: Block | None
        """
        return next(self._find_all(), None)

    def find_lasting(self):
        """Return what stands against the charge, and still will at its time as far as is known.

        Asked before people are told of it: nobody is to be promised what can't be kept.

        :rtype: Block | None
        """
        planned_at = self._attempt.planned_at
        for block in self._find_all():
            if not block.until or block.until > planned_at:
                return block
        return None

    def _find_all(self):
        """Yield the blocks, in the order in which people are told."""
        checks = (
            self._check_owed,
            self._check_dispute,
            self._check_exclusion,
            self._check_in_flight,
            self._check_own_retries,
            self.check_method,
            self._check_provider,
            self._check_fault,
            self._check_backup,
            # Before the networks' rules: what they say now may have changed after the pause.
            self._check_pause,
            self._check_card,
            self._check_cool_down,
            self._check_hours,
            self._check_promise,
            # Last, since a person is asked: only of what would be charged otherwise.
            self._check_credit,
            self._attempt._get_further_block,
        )
        yield from filter(None, (check() for check in checks))

    # === THE DEBT === #

    def _check_owed(self):
        """Return a block when the invoice is not to be paid by a charge."""
        if self._case and not self._case._is_charging():
            sentence = say(self._env, "case_not_charging")
            return Block("owed", sentence, moot=True)
        if self._case and not self._case._is_of_its_customer():
            sentence = say(self._env, "other_customer")
            return Block("owed", sentence, moot=True)
        if self._is_too_late():
            return Block("owed", say(self._env, "window_over"), moot=True)
        return self._attempt._get_owed_block(self.debt)

    def _is_too_late(self):
        """Return whether a charge that was put off again and again has outlived its window.

        A pause of the provider adds to the window of what waited for its end.
        """
        timeless = ("user", "method", "backup", "mended", "part")
        if not self._case or self._attempt.source in timeless:
            return False
        deadline = self._case.deadline_at
        if not deadline or self._now <= deadline + WINDOW_SLACK:
            return False
        paused_until = self._provider_sudo.recovery_paused_until
        return not paused_until or self._now > paused_until + WINDOW_SLACK

    def _check_dispute(self):
        return self._move._get_dispute_block() if self._facts[1]["is_disputed"] else None

    def _check_exclusion(self):
        """Return a block while the invoice, or its customer, is excluded from charges.

        A case plans anew when that is over; a first charge, which has none, is looked at then.
        """
        block = self._move._get_exclusion_block()
        return block and block._replace(
            moot=bool(self._case), until=None if self._case else block.until
        )

    def _check_in_flight(self):
        """Return a block when another payment of the invoice is on its way, or may be."""
        return MoneyUnderWay(self._env).find_block(self._payments)

    def _check_own_retries(self):
        """Return a block while the provider retries an earlier payment by itself."""
        blocks = (OwnRetriesOfProvider(each).get_block() for each in self._payments)
        return next(filter(None, blocks), None)

    @cached_property
    def _payments(self):
        """The payments of the invoice that may bring money, or are tried again by a provider."""
        return MoneyUnderWay(self._env).find(self._move, or_else=get_retried_domain())

    # === THE METHOD === #

    @cached_property
    def _charged_token(self):
        return self._attempt._get_token()

    def check_method(self):
        """Return a block when the payment method can't be charged for this invoice."""
        block = find_method_block(self._charged_token, self._move, self._attempt.currency_id)
        if block and block.kind == "removed":
            # For the customer, who is asked for another one: an accountant can't mend it.
            return block._replace(moot=bool(self._case))
        return block

    # === THE PROVIDER === #

    @cached_property
    def _provider_sudo(self):
        # In sudo mode: providers are readable by administrators only.
        return self._charged_token.provider_id.sudo()

    def _check_provider(self):
        """Return a block when the provider is not ready for this charge."""
        provider_sudo, currency = self._provider_sudo, self._attempt.currency_id
        name = {"provider": provider_sudo.name}
        sentence = None
        if provider_sudo.state == "disabled":
            sentence = say(self._env, "provider_disabled", **name)
        elif (
            provider_sudo.state == "test"
            and not self._attempt.company_id.recovery_charge_test_providers
        ):
            sentence = say(
                self._env,
                "provider_in_test_mode",
                **name,
            )
        elif provider_sudo.capture_manually:
            sentence = say(self._env, "provider_reserves", **name)
        elif not self._takes(currency):
            sentence = say(
                self._env,
                "provider_currency",
                currency=currency.name,
                **name,
            )
        elif not remember(self._env, ("has journal", provider_sudo.id), self._has_journal):
            sentence = say(self._env, "provider_journal", **name)
        if sentence:
            return Block("provider", sentence)
        return self._check_maximum() or self._check_minimum()

    def _takes(self, currency):
        provider_sudo = self._provider_sudo
        taken = remember(
            self._env,
            ("currencies", provider_sudo.id),
            lambda: frozenset(provider_sudo.available_currency_ids.ids),
        )
        return not taken or currency.id in taken

    def _has_journal(self):
        lines_sudo = self._env["account.payment.method.line"].sudo()
        provider_sudo = self._provider_sudo
        domain = [("payment_provider_id", "=", provider_sudo.id), ("journal_id", "!=", False)]
        if lines_sudo.search_count(domain, limit=1):
            return True
        # Reading the journal lets Odoo choose one, where there is one to choose.
        lines_sudo = provider_sudo.journal_id.inbound_payment_method_line_ids
        return provider_sudo in lines_sudo.payment_provider_id

    def _check_maximum(self):
        provider_sudo, currency = self._provider_sudo, self._attempt.currency_id
        if not provider_sudo.maximum_amount:
            return None
        maximum = provider_sudo.main_currency_id._convert(
            provider_sudo.maximum_amount, currency, self._attempt.company_id
        )
        if currency.compare_amounts(self.debt.owed, maximum) <= 0:
            return None
        sentence = say(
            self._env,
            "above_maximum",
            provider=provider_sudo.name,
            maximum=Money(maximum, currency),
        )
        return Block("provider", sentence)

    def _check_minimum(self):
        """Return a block for less than the provider takes; a person is told, once."""
        provider_sudo, currency = self._provider_sudo, self._attempt.currency_id
        minimum = self._env["recovery.charge.minimum"]._get_published(currency, provider_sudo.code)
        amount = self.debt.owed
        if currency.compare_amounts(amount, minimum) >= 0:
            return None
        sentence = say(
            self._env,
            "below_minimum",
            amount=Money(amount, currency),
            invoice=self._move.display_name,
            provider=provider_sudo.name,
            minimum=Money(minimum, currency),
        )
        return Block("small", sentence, self._now + FAULT_WAIT, alert=True)

    def _check_fault(self):
        """Return a block while the company's own fault keeps the provider from taking the charge.

        A case waits until that is mended; a first charge, which has none, is looked at each day.
        """
        block = self._provider_sudo._recovery_get_fault_block(
            self._charged_token, self._move, self.debt.owed
        )
        if not block:
            return None
        until = None if self._case else self._now + FAULT_WAIT
        return block._replace(moot=bool(self._case), until=until, decline_class="")

    def _check_pause(self):
        """Return a block while the charges of the provider are paused, whoever asked for them."""
        provider_sudo = self._provider_sudo
        if not provider_sudo._recovery_is_waiting():
            return None
        sentence = say(
            self._env,
            "charges_paused",
            provider=provider_sudo.name,
            at=provider_sudo.recovery_paused_until,
            reason=provider_sudo.recovery_pause_reason or say(self._env, "by_administrator"),
        )
        return Block("pause", sentence, provider_sudo.recovery_paused_until)

    def _check_backup(self):
        """Return a block while a method that nobody chose may not be charged for another."""
        attempt = self._attempt
        return attempt._get_backup_block() if attempt._is_of_other_method() else None

    # === THE CARD === #

    @cached_property
    def _card_history(self):
        return self._charged_token._recovery_get_history()

    def _check_card(self):
        """Return a block when earlier charges of the card, for whatever invoice, forbid this one.

        The case then waits for another method without using up a try; a first charge opens one.
        """
        token = self._charged_token
        charge = token._recovery_prepare_question(self._move, self.debt.owed)
        if block := token._recovery_get_block(charge, self._now, self._card_history):
            return block._replace(moot=bool(self._case))
        ceiling = token._recovery_check_ceiling(charge, self._now, self._card_history)
        if not ceiling:
            return None
        # Instants are stored in whole seconds, which must not fall before the rule's.
        until = naive(ceiling.allowed_from) + timedelta(seconds=1)
        rule = token._recovery_get_rule(ceiling)
        return Block("ceiling", token._recovery_render_ceiling(ceiling), until, rule=rule)

    def _check_cool_down(self):
        return self._attempt._get_cool_down_block(self._card_history)

    # === THE CUSTOMER === #

    def _check_hours(self):
        """Return a block in the customer's quiet hours.

        A person's word goes before them, and so does a method that the customer has just saved.
        """
        if self._attempt.source in ("user", "technical", "method"):
            return None
        allowed = self._move._get_next_charge_instant(self._now)
        if allowed <= self._now:
            return None
        sentence = say(self._env, "wait_for_hours")
        return Block("hours", sentence, allowed)

    def _check_promise(self):
        """Return a block while the customer has promised to pay."""
        return self._case._get_promised_wait()

    def _check_credit(self):
        """Return a block while a person has to say what becomes of the customer's credit."""
        return self.credit.get_block() if self.has_credit else None
