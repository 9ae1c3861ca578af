# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..declines import read_chargeback, read_return
from ..models.charge.chargeable import find_method_block
from ..tools import series
from ..tools.instants import aware

# Whose reason codes of chargebacks are known.
CARD_SCHEMES = ("visa", "mastercard")


class RecoveryReturnWizard(models.TransientModel):
    _name = "recovery.return.wizard"
    _description = "Recovery: Payment Returned"

    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        default=lambda self: self._default_move_id(),
        readonly=True,
    )
    payment_ids = fields.Many2many(
        comodel_name="account.payment",
        string="Payments",
        compute="_compute_payment_ids",
        help="The payments of the invoice that the bank may have returned.",
    )
    payment_id = fields.Many2one(
        comodel_name="account.payment",
        compute="_compute_payment_id",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        domain="[('id', 'in', payment_ids)]",
        help="The whole payment is returned, with all invoices that it paid.",
    )
    currency_id = fields.Many2one(related="payment_id.currency_id", related_sudo=False)
    amount = fields.Monetary(related="payment_id.amount", related_sudo=False)
    date = fields.Date(
        string="Returned On",
        required=True,
        default=fields.Date.context_today,
        help="When the bank took the money back: the accounting date of the return.",
    )
    scheme = fields.Selection(
        selection=[
            ("sepa", "SEPA direct debit"),
            ("ach", "ACH (United States)"),
            ("bacs", "Bacs (United Kingdom)"),
            ("becs", "BECS (Australia)"),
            ("pad", "Pre-authorised debit (Canada)"),
            ("visa", "Visa chargeback"),
            ("mastercard", "Mastercard chargeback"),
        ],
        compute="_compute_scheme",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        help="Whose return codes the bank's report uses, and whose rules bind the next debits. A "
        "chargeback of a card is a dispute: the policy says what comes after it.",
    )
    code = fields.Char(
        string="Return Code",
        required=True,
        help="As the bank's report spells it, for example AM04, R01, 10.4 or 4853.",
    )
    message = fields.Char(
        string="Remark", help="What else the bank said, or what you know. Customers don't read it."
    )
    meaning = fields.Char(compute="_compute_meaning", help="What the return code means.")
    consequences = fields.Text(
        string="What Happens", compute="_compute_consequences", help="What confirming will do."
    )

    # === COMPUTE METHODS === #

    @api.model
    def _default_move_id(self):
        record = self._get_active_record()
        if record._name == "recovery.case":
            return record.move_id
        return record if record._name == "account.move" else False

    @api.depends("move_id")
    def _compute_payment_ids(self):
        for wizard in self:
            move = wizard.move_id
            payments = move.reconciled_payment_ids.filtered(
                lambda payment, move=move: move in payment._recovery_get_paid_moves()
            )
            wizard.payment_ids = (payments or wizard._get_active_payment()).filtered(
                lambda payment: (
                    series.has_arrived(payment)
                    and payment.payment_type == "inbound"
                    and not payment._recovery_is_returned()
                )
            )

    @api.depends("move_id")
    def _compute_payment_id(self):
        for wizard in self:
            payments = wizard._get_active_payment() or wizard.payment_ids
            wizard.payment_id = payments if len(payments) == 1 else False

    @api.depends("payment_id")
    def _compute_scheme(self):
        for wizard in self:
            # In sudo mode: whoever books payments need not be allowed to see saved methods.
            network = wizard.payment_id.sudo()._recovery_get_token().recovery_network
            if network in CARD_SCHEMES:
                wizard.scheme = network
            else:
                wizard.scheme = wizard.payment_id._recovery_guess_scheme()

    @api.depends("scheme", "code")
    def _compute_meaning(self):
        for wizard in self:
            decline = wizard._read_decline()
            reason = self.env["recovery.decline.reason"]._find(decline.reason)
            if not decline.network_code:
                wizard.meaning = False
            elif decline.known:
                wizard.meaning = reason.name
            elif wizard._is_dispute():
                wizard.meaning = self.env._("This code is not known. It is kept, as a dispute.")
            else:
                wizard.meaning = self.env._(
                    "This code is not known. It is kept, and treated as one to try again later."
                )

    @api.depends("payment_id", "date", "scheme", "code")
    def _compute_consequences(self):
        for wizard in self:
            wizard.consequences = "\n".join(wizard._preview()) if wizard.payment_id else False

    # === ACTION METHODS === #

    def action_confirm(self):
        """Book the return, and recover the invoices again."""
        self.ensure_one()
        self.check_access("write")
        decline = self._read_decline()
        if not decline.network_code:
            raise UserError(self.env._("Enter the return code of the bank's report."))
        moves = self.payment_id._recovery_get_paid_moves()
        entry = self.payment_id._recovery_return(decline, self.date, is_dispute=self._is_dispute())
        # In sudo mode: what was taken back is written by the engine only.
        self.env["recovery.return"].sudo()._note_by_hand(
            self.payment_id.sudo(), decline, self.date, moves.sudo(), entry, self._is_dispute()
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": "\n".join(self._tell_outcome(moves)),
                "type": "success",
                "sticky": True,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # === BUSINESS METHODS === #

    def _preview(self):
        """Return what confirming will do, in sentences."""
        self.ensure_one()
        payment = self.payment_id
        known = {
            "payment": payment.display_name,
            "amount": payment.currency_id.format(payment.amount),
            "journal": payment.journal_id.display_name,
            "date": format_date(self.env, self.date),
            "invoices": ", ".join(payment._recovery_get_paid_moves().mapped("name")),
        }
        sentences = []
        if known["invoices"]:
            sentences.append(
                self.env._(
                    "%(payment)s of %(amount)s is taken off %(invoices)s, and becomes Rejected.",
                    **known,
                )
            )
        if payment.move_id:
            sentences.append(
                self.env._(
                    "An entry in %(journal)s, dated %(date)s, reverses it; match the bank's debit "
                    "with that entry.",
                    **known,
                )
            )
        if self.code:
            sentences.append(self._preview_recovery(payment))
        return sentences

    def _preview_recovery(self, payment):
        """Return what happens to the payment method that was debited."""
        if self._is_dispute():
            return self._preview_dispute()
        # In sudo mode: whoever books payments need not be allowed to see saved methods.
        payment_sudo = payment.sudo()
        token_sudo = payment_sudo.payment_transaction_id.token_id
        move_sudo = payment_sudo._recovery_get_paid_moves()[:1]
        case_sudo = move_sudo.recovery_case_id
        if (
            not token_sudo
            or (
                case_sudo._get_default_token()
                if case_sudo
                else move_sudo._get_collect_token() or token_sudo
            )
            != token_sudo
        ):
            return self.env._("What is owed is recovered by the policy that fits the invoice.")
        policy_sudo = case_sudo.policy_id or self.env["recovery.policy"].sudo()._match(move_sudo)
        if not policy_sudo or not policy_sudo._get_schedule(move_sudo):
            return self.env._("It is not debited again: no policy plans charges of the invoice.")
        return self._preview_debit(token_sudo, move_sudo)

    def _preview_debit(self, token_sudo, move_sudo):
        """Return whether the account would be debited again, as the engine itself would decide."""
        decline, now = self._read_decline(), fields.Datetime.now()
        transaction_sudo = self.payment_id.sudo().payment_transaction_id
        supposed = {transaction_sudo.id: decline.to_dict(aware(now))}
        history = token_sudo._recovery_get_history(supposed)
        charge = token_sudo._recovery_prepare_question(move_sudo, self.payment_id.amount)
        block = find_method_block(token_sudo, move_sudo) or token_sudo._recovery_get_block(
            charge, now, history
        )
        if block and not (block.kind == "card" and block.decline_class == decline.decline_class):
            return self.env._(
                "It is not debited again. %(reason)s The customer has to pay in another way.",
                reason=block.sentence,
            )
        return {
            "later": self.env._("It is debited again by the retry schedule, as the rules allow."),
            "technical": self.env._("It is debited again soon, as the rules allow."),
            "fix_data": self.env._("It is not debited again until the account is updated."),
            "customer_action": self.env._("It is not debited again until the customer confirms."),
            "merchant": self.env._("It is not debited again until your own set-up is mended."),
            "never": self.env._("This account is not debited again: another method is needed."),
        }[decline.decline_class]

    def _preview_dispute(self):
        """Return what happens after a chargeback."""
        if self._read_decline().decline_class == "never":
            return self.env._("This card is not charged again. The policy says what comes next.")
        return self.env._("The policy says whether the invoice is recovered again.")

    def _is_dispute(self):
        """Return whether a customer's dispute, rather than a bank, took the payment back."""
        return self.scheme in CARD_SCHEMES

    def _tell_outcome(self, moves):
        """Return what became of the invoices, one sentence each."""
        sentences = []
        for move in moves:
            case = move.recovery_case_id
            name = {"invoice": move.name}
            if case.next_attempt_at:
                date = format_date(self.env, case.next_attempt_at)
                sentences.append(
                    self.env._("%(invoice)s is charged again on %(date)s.", date=date, **name)
                )
            elif case.state in ("in_recovery", "grace", "paused", "suspended"):
                reason = case.block_sentence or case.end_reason or ""
                sentences.append(
                    self.env._("%(invoice)s is in recovery. %(reason)s", reason=reason, **name)
                )
            else:
                sentences.append(self.env._("%(invoice)s is open again.", **name))
        return sentences or [self.env._("The return is booked.")]

    def _read_decline(self):
        """Return what the bank's code and the remark say.

        :rtype: declines.Decline
        """
        self.ensure_one()
        code = "".join((self.code or "").split()).upper()[:35]
        taxonomy = self.env["recovery.decline.code"]._get_taxonomy()
        if self._is_dispute():
            return read_chargeback(self.scheme, code, self.message or "", taxonomy)
        return read_return(self.scheme or "", code, self.message or "", taxonomy)

    # === GETTERS === #

    @api.model
    def _get_active_record(self):
        """Return the invoice, payment or case from which the dialog was opened."""
        name = self.env.context.get("active_model")
        if name not in ("account.move", "account.payment", "recovery.case"):
            name = "account.payment"
            return self.env[name]
        record = self.env[name].browse(self.env.context.get("active_id") or [])
        record.check_access("read")
        return record

    @api.model
    def _get_active_payment(self):
        record = self._get_active_record()
        return record if record._name == "account.payment" else self.env["account.payment"]
