# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Which saved method a case charges: the chosen one, or a backup that the customer agreed to."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from odoo import fields

from ...timing.ceiling import Charge
from ..charge.chargeable import find_method_block
from ..method.history import CardCharge
from ..rules.block import Block

if TYPE_CHECKING:
    from odoo import models


class MethodChoice(NamedTuple):
    """The payment method that a case charges next.

    :ivar charge: what is owed, as the networks' rules are asked about it
    :ivar history: the charges of its card
    :ivar source: ``backup`` for another one, to be charged when the chosen one fails; empty for
        the one chosen on the invoice or the customer
    :ivar block: what stands against every method of the customer
    """

    token: "models.Model"
    charge: Charge | None = None
    history: Sequence[CardCharge] = ()
    source: str = ""
    block: Block | None = None


class MethodChooser:
    """Judges the saved methods of a case's customer, and chooses one."""

    def __init__(self, case):
        self.case = case
        self.env = case.env

    def choose(self, owed=None):
        """Return the saved method to charge next, or what stands against all of them.

        :param float owed: of the case, where it has just been read
        :rtype: MethodChoice
        """
        case = self.case
        default = case._get_default_token()
        amount = case._get_owed() if owed is None else owed
        choice = self.judge(default, amount)
        block = choice.block
        if not block or not default:  # Without one nobody agreed to charges of this invoice.
            return choice
        # A backup is for a method that fails, not for a provider of ours that has to be mended.
        if not case.policy_id.use_backup_methods or block.kind == "fault":
            return choice
        for token in self.get_backups():
            other = self.judge(token, amount)
            if not other.block:
                return other._replace(source="backup")
        return choice

    def judge(self, token, amount=None):
        """Return a method with its card's history and what stands against it.

        :param amount: what would be charged, where it is known; else what is owed
        :rtype: MethodChoice
        """
        if block := find_method_block(token, self.case.move_id):
            return MethodChoice(token, block=block)
        amount = self.case._get_owed() if amount is None else amount
        charge = token._recovery_prepare_question(self.case.move_id, amount)
        history = token._recovery_get_history()
        block = token._recovery_get_block(charge, fields.Datetime.now(), history)
        if not block:
            provider_sudo = token.provider_id.sudo()  # Providers are for administrators only.
            block = provider_sudo._recovery_get_fault_block(token, self.case.move_id, amount)
        return MethodChoice(token, charge, history, block=block)

    def find_lasting_block(self, token, amount, history):
        """Return what stands against a method until it, or the case, changes; nobody's fault here.

        :param amount: what would be charged
        :param history: of the method, of :meth:`payment.token._recovery_get_history`
        :rtype: Block | None
        """
        if block := find_method_block(token, self.case.move_id):
            return block
        charge = token._recovery_prepare_question(self.case.move_id, amount)
        return token._recovery_get_block(charge, fields.Datetime.now(), history)

    def get_backups(self):
        """Return the methods to charge in place of the chosen one, in the customer's order.

        Those whose owner agreed to it, and can be told of it. A colleague's is charged for what
        the colleague has to do with only.
        """
        case = self.case
        default = case._get_default_token()
        # In sudo mode: who plans a charge by a button need not see payment methods.
        people_sudo = (case.partner_id | case.move_id.partner_id).sudo() | default.sudo().partner_id
        backups = self.get_other_tokens().filtered(
            lambda token: (
                token.sudo().recovery_backup_at
                and token.sudo().partner_id in people_sudo
                and (token.sudo().partner_id.email or token.sudo().recovery_backup_told_at)
            )
        )
        return (backups - default).sorted(
            lambda token: (token.sudo().recovery_backup_order, token.id)
        )

    def get_other_tokens(self):
        """Return the customer's methods that could be charged, the latest first."""
        case = self.case
        tokens = case.partner_id._get_collect_tokens(case.company_id).filtered(self._is_chargeable)
        return tokens.sorted(
            lambda token: (token.recovery_updated_at or datetime.min, token.id), reverse=True
        )

    def _is_chargeable(self, token):
        """Return whether the provider of a method takes charges of this invoice."""
        case = self.case
        provider_sudo = token.provider_id.sudo()  # Providers are for administrators only.
        currencies = token.payment_method_id.supported_currency_ids
        return (
            provider_sudo.state == "enabled" or case.company_id.recovery_charge_test_providers
        ) and (not currencies or case.currency_id in currencies)

    def describe_block(self, choice, instant):
        """Return what stands against a charge at a naive UTC instant, with its source, or none."""
        if choice.block:
            return self._add_source(choice.block.sentence, choice.block.rule)
        ceiling = self.find_ceiling(choice, instant)
        if not ceiling:
            return None
        sentence = choice.token._recovery_render_ceiling(ceiling)
        return self._add_source(sentence, choice.token._recovery_get_rule(ceiling))

    def find_ceiling(self, choice, instant):
        """Return the network's rule that forbids a charge at a naive UTC instant, or none.

        :rtype: timing.ceiling.CeilingBlock | None
        """
        if choice.block:
            return None
        return choice.token._recovery_check_ceiling(choice.charge, instant, choice.history)

    def _add_source(self, sentence, rule):
        name = self.case.display_name
        if not rule:
            return f"{name}: {sentence}"
        return self.env._(
            "%(case)s: %(sentence)s Source: %(document)s",
            case=name,
            sentence=sentence,
            document=" ".join(filter(None, (rule.source, rule.link))),
        )
