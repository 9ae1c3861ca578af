"""Which saved method a case charges: the chosen one, a new one, or a backup."""

from collections.abc import Sequence
from typing import NamedTuple

from odoo import fields, models

from ...timing.ceiling import Charge
from ..method.history import CardCharge
from ..rules.block import Block


class MethodChoice(NamedTuple):
    """The payment method that a case charges next.

    :ivar charge: what is owed, as the networks' rules are asked about it
    :ivar history: the charges of its card
    :ivar source: ``method`` for one that came after the decline, ``backup`` for another one that
        was there before; empty for the one chosen on the invoice or the customer
    :ivar block: what stands against every method of the customer
    """

    token: models.Model
    charge: Charge | None = None
    history: Sequence[CardCharge] = ()
    source: str = ""
    block: Block | None = None


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    method_facts = fields.Char(
        compute="_compute_method_facts",
        string="Method Details",
        help="Network, funding, country and validity of the method, as the provider tells them.",
    )

    # === COMPUTE METHODS === #

    def _compute_method_facts(self):
        for case in self:
            # In sudo mode: the facts of a method are shown to whoever may see the case.
            token_sudo = (case.next_attempt_id.token_id or case._get_default_token()).sudo()
            case.method_facts = token_sudo and token_sudo._recovery_describe()

    # === ACTION METHODS === #

    def action_method_updated(self):
        """Take a person's word that the customer has put his payment method in order."""
        for case_sudo in self._check_may_act():
            if case_sudo.blocked_class in ("fix_data", "customer_action"):
                case_sudo._get_default_token()._recovery_mark_updated()
        return True

    # === BUSINESS METHODS === #

    def _choose_method(self):
        """Return the saved method to charge next, or what stands against all of them.

        :rtype: MethodChoice
        """
        self.ensure_one()
        default = self._get_default_token()
        if not default:
            return MethodChoice(default)  # Nobody agreed to charges of this invoice.
        amount = self._get_owed()
        choice = self._judge_method(default, amount)
        block = choice.block
        if default.active and not block:
            return choice
        shut_at = block.at if block else self.first_failure_at
        for token in self._get_other_tokens() - default:
            is_new = token.recovery_updated_at and token.recovery_updated_at > shut_at
            if not is_new and not self.policy_id.use_backup_methods:
                continue
            other = self._judge_method(token, amount)
            if not other.block:
                return other._replace(source="method" if is_new else "backup")
        return choice

    def _judge_method(self, token, amount):
        """Return a method with its card's history and what stands against it.

        :rtype: MethodChoice
        """
        charge = token._recovery_prepare_question(self.move_id, amount)
        history = token._recovery_get_history()
        block = token._recovery_get_block(charge, fields.Datetime.now(), history)
        return MethodChoice(token, charge, history, block=block)

    def _get_other_tokens(self):
        """Return the customer's methods that could be charged, the latest first."""
        tokens = self.partner_id._get_collect_tokens(self.company_id).filtered(self._is_chargeable)
        return tokens.sorted(
            lambda token: (token.recovery_updated_at or token.create_date, token.id), reverse=True
        )

    def _is_chargeable(self, token):
        """Tell whether the provider of a method takes charges of this invoice."""
        provider_sudo = token.provider_id.sudo()  # Providers are for administrators only.
        currencies = token.payment_method_id.supported_currency_ids
        return (
            provider_sudo.state == "enabled" or self.company_id.recovery_charge_test_providers
        ) and (not currencies or self.currency_id in currencies)

    def _block_method(self, block):
        """Let the case wait until a payment method is added or updated; its clock runs on."""
        is_news = not self.blocked_class
        self.write(
            {
                "blocked_class": block.decline_class,
                "block_sentence": block.sentence,
                "block_rule_id": block.rule and block.rule.id,
            }
        )
        if is_news:
            self._emit("method_blocked", block.sentence)

    def _unblock_method(self):
        if self.blocked_class:
            self.write({"blocked_class": False, "block_sentence": False, "block_rule_id": False})

    def _get_charge_block(self, instant):
        """Return why no charge may go out at a naive UTC instant, whoever asks for it, or none."""
        self.ensure_one()
        if self.policy_id.retry_schedule == "provider":
            return self.env._(
                "%(case)s: the provider retries this payment by itself.", case=self.display_name
            )
        choice = self._choose_method()
        if not choice.token:
            return None  # The charge says so itself.
        if choice.block:
            return self._add_source(choice.block.sentence, choice.block.rule)
        refusal = choice.token._recovery_check_ceiling(choice.charge, instant, choice.history)
        if not refusal:
            return None
        sentence = choice.token._recovery_render_refusal(refusal)
        return self._add_source(sentence, choice.token._recovery_get_rule(refusal))

    def _add_source(self, sentence, rule):
        if not rule:
            return f"{self.display_name}: {sentence}"
        return self.env._(
            "%(case)s: %(sentence)s Source: %(document)s",
            case=self.display_name,
            sentence=sentence,
            document=" ".join(filter(None, (rule.source, rule.link))),
        )

    # === GETTERS === #

    def _get_default_token(self):
        """Return the method chosen on the invoice or the customer, else the one that failed."""
        self.ensure_one()
        return self.move_id._get_collect_token() or self.token_id
