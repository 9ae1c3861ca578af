# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Whether a debt may be paid in parts, within which bounds, and what its customer agrees to."""

from datetime import date, timedelta
from typing import NamedTuple

from odoo import fields
from odoo.tools import format_date

from ...tools.parts import FEWEST, MOST, STEPS, list_days, split
from ..charge.chargeable import find_method_block

YEAR = timedelta(days=365)


class PartBounds(NamedTuple):
    """Within which a debt may be split.

    :ivar most: how many parts, so that none is too little
    :ivar least: the smallest part, in the currency of the debt
    :ivar first: the first day on which a part may lie, where the customer lives
    :ivar last: the last one
    :ivar owed: what is split
    """

    most: int
    least: float
    first: date
    last: date
    owed: float


class PartOffer:
    """What may be agreed with the customer of one case.

    :param case: a `recovery.case`, in sudo mode
    :param author: the contact who asks on their page; none when a person writes it down, who is
        bound by the policy in all but how often
    """

    def __init__(self, case, author=None):
        self.case = case
        self.env = case.env
        self.policy = case.policy_id
        self._author = author

    # === MAY IT BE OFFERED === #

    def find_reason(self):
        """Return why the debt can't be paid in parts now, for a person; nothing when it can."""
        for check in (
            self._check_policy,
            self._check_case,
            self._check_invoice,
            self._check_method,
            self._check_amount,
            self._check_count,
        ):
            if reason := check():
                return reason
        return None

    def find_customer_reason(self):
        """Return why nothing is offered, for the customer, who is not told what is ours to mend."""
        if not self.find_reason():
            return None
        return self._check_count() or self.env._(
            "This invoice can't be paid in parts now. Please write to us if you need more time."
        )

    def get_bounds(self):
        """Return the bounds as they are now.

        :rtype: PartBounds
        """
        case, currency = self.case, self.case.currency_id
        owed = case.move_id._get_debt(case.due_date).residual
        least = max(self._convert(self.policy.parts_least), self._get_minimum())
        count = int((owed + currency.rounding / 2) // least) if least > 0 else MOST
        today = case.move_id._get_recovery_today()
        return PartBounds(
            most=min(count, self.policy.parts_most, MOST),
            least=currency.round(least),
            first=today,
            last=today + timedelta(days=self.policy.parts_days),
            owed=owed,
        )

    def propose(self, count, first, step):
        """Return equal parts that add up to the cent, the last one with the rest.

        :param str step: what lies between two of them, of `tools.parts.STEPS`
        :rtype: list[tuple[date, float]]
        """
        currency = self.case.currency_id
        amounts = split(self.get_bounds().owed, count, currency.rounding)
        return list(zip(list_days(first, step, count), amounts, strict=True))

    def list_choices(self):
        """Return which steps between the parts leave time for two of them, at least."""
        bounds = self.get_bounds()
        return [step for step in STEPS if list_days(bounds.first, step, FEWEST)[-1] <= bounds.last]

    def find_error(self, parts):
        """Return what is wrong with these parts, for a person; nothing when they may be agreed.

        :param parts: pairs of a day and an amount in the currency of the debt
        """
        if reason := self.find_reason():
            return reason
        bounds, currency = self.get_bounds(), self.case.currency_id
        days, amounts = [day for day, _amount in parts], [amount for _day, amount in parts]
        if not FEWEST <= len(parts) <= bounds.most:
            return self.env._(
                "Choose from %(fewest)s to %(most)s parts.", fewest=FEWEST, most=bounds.most
            )
        if not all(days) or days != sorted(set(days)):
            return self.env._("Each part needs a day of its own, later than the one before.")
        if days[0] < bounds.first or days[-1] > bounds.last:
            return self.env._(
                "Choose days from %(first)s to %(last)s.",
                first=format_date(self.env, bounds.first),
                last=format_date(self.env, bounds.last),
            )
        if any(currency.compare_amounts(amount, bounds.least) < 0 for amount in amounts):
            return self.env._(
                "No part may be less than %(least)s.", least=currency.format(bounds.least)
            )
        is_exact = all(
            currency.is_zero(amount - currency.round(amount))
            and abs(amount - currency.round(amount)) < currency.rounding / 1000
            for amount in amounts
        )
        if not is_exact or currency.compare_amounts(sum(amounts), bounds.owed):
            return self.env._(
                "The parts must add up to %(owed)s; they are %(sum)s.",
                owed=currency.format(bounds.owed),
                sum=currency.format(sum(amounts)),
            )
        return None

    def describe(self, parts):
        """Return what the customer agrees to, in the language of this environment."""
        case, currency = self.case, self.case.currency_id
        lines = [
            self.env._(
                "%(day)s: %(amount)s", day=format_date(self.env, day), amount=currency.format(part)
            )
            for day, part in parts
        ]
        agreement = self.env._(
            "I pay %(invoice)s in %(count)s parts. %(company)s charges each of them to my payment "
            "method %(method)s on its day:",
            invoice=case.move_id.name,
            count=len(parts),
            company=case.company_id.name,
            method=case._get_default_token().sudo()._recovery_get_label(),
        )
        failure = self.env._(
            "If I pay something in another way, the earliest part becomes less. If a part can't "
            "be charged, it is tried again; if that does not succeed, all that is still open "
            "becomes due at once."
        )
        return "\n".join((agreement, *lines, failure))

    # === CHECKS === #

    def _check_policy(self):
        if self.policy.parts_most < FEWEST:
            return self.env._("The policy offers no payment in parts.")
        return None

    def _check_case(self):
        case = self.case
        if block := case._get_acting_block(waiting=False):
            return block
        if case._get_running_part_plan():
            return self.env._("%(case)s is paid in parts already.", case=case.display_name)
        if not case.ladder:
            return self.env._(
                "%(case)s is not charged by a retry schedule of ours, so no parts can be charged.",
                case=case.display_name,
            )
        return None

    def _check_invoice(self):
        move = self.case.move_id
        block = move._get_exclusion_block() or move._get_dispute_block()
        if block := block or move._get_owed_block(self.case.due_date):
            return block.sentence
        if move._get_next_due(after=self.case.due_date):
            return self.env._(
                "Further instalments of %(invoice)s are still to fall due: it is split already.",
                invoice=move.name,
            )
        return None

    def _check_method(self):
        case = self.case
        token = case._get_default_token()
        block = find_method_block(token, case.move_id) or case._judge_method(token).block
        if block:
            return block.sentence
        if not self._has_entries(token):
            return self.env._(
                "Payments of %(provider)s are booked without journal entries, so that Odoo calls "
                "an invoice paid after its first part. Set an outstanding account on the payment "
                "method of the provider, in its journal.",
                provider=token.provider_id.sudo().name,
            )
        return None

    def _has_entries(self, token):
        # In sudo mode: providers and journals are not for everybody who may see a case.
        provider_sudo = token.provider_id.sudo()
        lines_sudo = provider_sudo.journal_id.inbound_payment_method_line_ids
        lines_sudo = lines_sudo.filtered(lambda line: line.payment_provider_id == provider_sudo)
        return bool(lines_sudo[:1].payment_account_id)

    def _check_amount(self):
        bounds, currency = self.get_bounds(), self.case.currency_id
        if currency.compare_amounts(bounds.owed, self._convert(self.policy.parts_from)) < 0:
            return self.env._("What is owed is too little to be paid in parts.")
        if bounds.most < FEWEST:
            return self.env._(
                "What is owed is less than two parts of %(least)s.",
                least=currency.format(bounds.least),
            )
        return None

    def _check_count(self):
        if not self._author:
            return None
        case = self.case
        agreed = self.env["recovery.part.plan"].search_count(
            [
                ("partner_id", "=", case.partner_id.id),
                ("company_id", "=", case.company_id.id),
                ("agreed_by", "=", "customer"),
                ("agreed_at", ">", fields.Datetime.now() - YEAR),
            ]
        )
        if agreed >= self.policy.parts_a_year:
            return self.env._(
                "You have agreed to pay in parts within the last year. Please write to us if you "
                "need it again."
            )
        return None

    def _convert(self, amount):
        """Return an amount of the policy in the currency of the debt."""
        company = self.case.company_id
        return company.currency_id._convert(amount, self.case.currency_id, company)

    def _get_minimum(self):
        code = self.case._get_default_token().sudo().provider_code or ""
        return self.env["recovery.charge.minimum"]._get_minimum(
            self.case.currency_id, code, self.case.company_id
        )
