# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from ...declines import GROWS, Known
from ...tools.guards import is_uninstalling
from ...tools.said import SaidField, say
from ...tools.states import allowed
from ..method.payment_token import FUNDINGS
from ..rules.block import Block
from ..rules.recovery_decline_reason import DECLINE_CLASSES
from .alerts import answer_alert

_logger = logging.getLogger(__name__)

# Which state an attempt may go to. Once it was started, what is known of its money decides, and
# that only grows; `planned` follows `running` when its worker may not send it yet, and `paid`
# follows `returned` when the return was recorded by mistake.
TRANSITIONS = {
    "planned": {"running", "refused", "cancelled"},
    "running": {"planned", "cancelled", *(known.value for known in Known)},
    **{known.value: {after.value for after in GROWS[known]} for known in Known},
    "paid": {"returned"},
    "returned": {"paid"},
    "refused": set(),
    "cancelled": set(),
}
IN_FLIGHT = ("running", "unknown", "pending")
UNFINISHED = ("planned", *IN_FLIGHT)
FAILED_STATES = ("declined", "refused", "not_sent", "returned")
# What automation rules may wait for.
OUTCOME_STATES = ("declined", "not_sent", "refused", "paid")
# What chose the time of a charge.
SOURCES = [
    ("collect", "Automatic collection"),
    ("smart", "Smart schedule"),
    ("payday", "Pay day"),
    ("advice", "Card network's advice"),
    ("hint", "Outside advice"),
    ("ladder", "Retry schedule"),
    ("technical", "Technical retry"),
    ("method", "New payment method"),
    ("backup", "Backup method"),
    ("mended", "Provider mended"),
    ("part", "Payment in parts"),
    ("user", "User"),
]


class RecoveryAttempt(models.Model):
    """One charge of a saved payment method for an invoice: planned, running or finished.

    The first charge of an invoice that is collected automatically is an attempt, too; it has no
    case until it fails.
    """

    _name = "recovery.attempt"
    _description = "Recovery Attempt"
    _order = "planned_at desc, id desc"
    _check_company_auto = True

    case_id = fields.Many2one(
        comodel_name="recovery.case",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="Empty for the first charge of an invoice, as long as it did not fail.",
    )
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    partner_id = fields.Many2one(related="move_id.commercial_partner_id", string="Customer")
    state = fields.Selection(
        selection=[
            ("planned", "Planned"),
            ("running", "Running"),
            ("unknown", "Outcome Unknown"),
            ("pending", "Pending"),
            ("paid", "Paid"),
            ("declined", "Declined"),
            ("not_sent", "Not Sent"),
            ("returned", "Returned"),
            ("refused", "Not Charged"),
            ("cancelled", "Cancelled"),
        ],
        default="planned",
        required=True,
        readonly=True,
        help="Planned: will be charged when due.\n"
        "Running: being charged right now.\n"
        "Outcome Unknown: the provider's answer did not arrive; nothing else is charged for the "
        "invoice until it is clear.\n"
        "Pending: accepted by the provider, the money is on its way.\n"
        "Not Sent: the provider could not be reached; nothing was charged.\n"
        "Returned: paid at first, then the bank took the money back.\n"
        "Not Charged: something, or somebody, stood against the charge.",
    )
    source = fields.Selection(
        selection=SOURCES,
        required=True,
        readonly=True,
        help="What chose the time of the charge.",
    )
    decided_at = fields.Datetime(
        string="Decided", default=fields.Datetime.now, readonly=True, copy=False
    )
    planned_at = fields.Datetime(string="Planned For", required=True, readonly=True)
    started_at = fields.Datetime(string="Started", readonly=True, copy=False)
    finished_at = fields.Datetime(string="Finished", readonly=True, copy=False)
    resolve_at = fields.Datetime(
        string="Ask Again",
        readonly=True,
        copy=False,
        help="When the provider is asked again for the outcome.",
    )
    deadline_at = fields.Datetime(
        string="Outcome Due",
        readonly=True,
        copy=False,
        help="By when the payment method lets the provider know the outcome. Later a person is "
        "asked, and the customer may pay in another way.",
    )
    is_question = fields.Boolean(
        compute="_compute_is_question",
        help="Whether only a person can tell now whether the money was taken.",
    )
    due_date = fields.Date(
        readonly=True, help="Instalments due up to this date are charged.", required=True
    )
    currency_id = fields.Many2one(comodel_name="res.currency", required=True, readonly=True)
    amount = fields.Monetary(
        readonly=True, help="What was owed when the charge started, in the invoice's currency."
    )
    token_id = fields.Many2one(
        comodel_name="payment.token", string="Saved Method", readonly=True, ondelete="set null"
    )
    method_label = fields.Char(
        string="Payment Method",
        readonly=True,
        help="The payment method as it was called when it was charged.",
    )
    transaction_id = fields.Many2one(
        comodel_name="payment.transaction",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    sentence = SaidField(
        string="Explanation",
        readonly=True,
        help="Why the charge is planned, or what became of it.",
    )
    decline_reason_id = fields.Many2one(
        comodel_name="recovery.decline.reason",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    decline_class = fields.Selection(
        selection=DECLINE_CLASSES,
        readonly=True,
        copy=False,
        help="What happens next. Try Later: charged again by the retry schedule.\n"
        "Technical Trouble: charged again soon, and it costs no try.\n"
        "Update Needed: the card has to be updated before it is charged again.\n"
        "Customer Must Confirm: the bank asks the customer to confirm the payment.\n"
        "Method Is Dead: this payment method is not charged again.\n"
        "Own Set-Up: nothing is charged until somebody has mended the provider.",
    )
    decline_code = fields.Char(readonly=True, copy=False, help="The code the provider answered.")
    decline_message = fields.Char(
        readonly=True, copy=False, help="The provider's own words. They are not for the customer."
    )
    network = fields.Char(
        readonly=True, copy=False, help="The card network, or the scheme of a bank debit."
    )
    funding = fields.Selection(
        selection=FUNDINGS,
        readonly=True,
        copy=False,
    )
    issuer_country = fields.Char(
        readonly=True, copy=False, help="Where the card was issued, as a two-letter code."
    )
    network_code = fields.Char(
        readonly=True, copy=False, help="The code of the card network or the bank scheme."
    )
    advice_code = fields.Char(
        readonly=True, copy=False, help="The advice code that the card network sent along."
    )
    advised_until = fields.Datetime(
        readonly=True,
        copy=False,
        help="The network or the provider advises not to charge before this time.",
    )
    rule_id = fields.Many2one(
        comodel_name="recovery.network.rule",
        string="Bound By",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="The network's rule that put the charge off, or refused it.",
    )
    waiting_provider_id = fields.Many2one(
        comodel_name="payment.provider",
        string="Waits For",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The provider that takes no such charge until the company has mended its own set-up.",
    )
    part_id = fields.Many2one(
        comodel_name="recovery.part",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The part of the debt that is charged; empty for all that is owed.",
    )
    is_news = fields.Boolean(
        readonly=True, copy=False, help="Automation rules are still to be told of its outcome."
    )

    # "One unfinished attempt per invoice" is kept by PostgreSQL, whatever the code does.
    _unfinished_uniq = models.UniqueIndex(
        "(move_id) WHERE state IN ('planned', 'running', 'unknown', 'pending')",
        "Another charge of this invoice is planned or under way.",
    )
    # Only unfinished attempts: claiming due work must not slow down with the years.
    _due_idx = models.Index("(planned_at, id) WHERE state = 'planned'")
    _in_flight_idx = models.Index(
        "(state, resolve_at) WHERE state IN ('running', 'unknown', 'pending')"
    )

    # === COMPUTE METHODS === #

    @api.depends("move_id", "planned_at")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        for attempt in self:
            instant = format_datetime(self.env, attempt.planned_at, dt_format="short")
            attempt.display_name = f"{attempt.move_id.name} · {instant}"

    @api.depends("state", "deadline_at")
    def _compute_is_question(self):
        now = fields.Datetime.now()
        for attempt in self:
            is_late = bool(attempt.deadline_at) and attempt.deadline_at <= now
            attempt.is_question = attempt.state == "unknown" or (
                attempt.state == "pending" and is_late
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Write what has just finished first: PostgreSQL allows one unfinished attempt."""
        self.flush_model(["state"])
        return super().create(vals_list)

    @api.ondelete(at_uninstall=True)
    def _unlink_except_sent(self):
        if self.transaction_id and not is_uninstalling(self.env):
            raise UserError(
                self.env._("A charge that went to a provider can't be deleted: it is evidence.")
            )

    # === ACTION METHODS === #

    def action_view_transaction(self):
        """Open the payment transaction of this attempt."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "payment.transaction",
            "res_id": self.transaction_id.id,
            "view_mode": "form",
        }

    # === BUSINESS METHODS === #

    def _set_state(self, target, **values):
        """Move the attempts to a state, where :data:`TRANSITIONS` allow it.

        Repeats and refusals are logged, never raised: webhooks arrive twice, and late.

        :param values: further fields to write with the state
        :return: the attempts that changed
        """
        changed = allowed(self, TRANSITIONS, target, _logger)
        if target in OUTCOME_STATES and self.env["recovery.case"]._is_listening():
            values["is_news"] = True
        for attempt in changed.filtered(lambda attempt: attempt.state in ("unknown", "pending")):
            answer_alert(self.env, f"outcome:{attempt.id}", f"overdue:{attempt.id}")
        if changed:
            finished = {"finished_at": fields.Datetime.now(), "resolve_at": False}
            changed.write({"state": target, **({} if target in UNFINISHED else finished), **values})
        return changed

    def _postpone(self, instant, sentence, rule=None):
        """Plan these attempts for a later instant (UTC, naive) and say why.

        :param rule: the `recovery.network.rule` that asks for it
        """
        planned = self.filtered(lambda attempt: attempt.state == "planned")
        planned.write(
            {"planned_at": instant, "sentence": sentence, **self._prepare_rule_vals(rule)}
        )
        if planned:
            self._make_due(instant)
        if rule and self.env["recovery.case"]._is_listening():
            self.is_news = True
            self.env["recovery.invoice.queue"]._add(self.move_id)

    @api.model
    def _prepare_rule_vals(self, rule):
        """Return the value that names a rule; one that put the charge off before stays named."""
        return {"rule_id": rule.id} if rule else {}

    @api.model
    def _make_due(self, at=None):
        """Wake the job that charges what is due; charges never run inside a request.

        Odoo runs a request once more after a serialization failure, and a charge with it.

        :param datetime at: when (UTC, naive); now when not told
        """
        self.env.ref("revenue_recovery.ir_cron_recovery_charge").sudo()._trigger(at)

    def _withdraw_moot(self):
        """Cancel planned charges of what was paid, cancelled or blocked by somebody meanwhile."""
        for attempt in self.filtered(lambda attempt: attempt.state == "planned"):
            if block := attempt._get_owed_block():
                attempt._set_state("cancelled", sentence=block.sentence)

    def _tell_outcome(self):
        """Tell automations what became of this charge."""
        self.ensure_one()
        type = None
        if self.state in ("planned", "refused") and self.rule_id:
            type = "ceiling_reached"
        elif self.state == "paid":
            type = "attempt_succeeded"
        elif self.state in OUTCOME_STATES and not self._is_merchant():
            # Rules would write to a customer, or judge them, for a fault of the company's own.
            type = "attempt_failed"
        if type:
            sentence = self.sentence or self.display_name
            self.case_id._emit(type, sentence, attempt=self)

    @api.model
    def _prepare_decline_vals(self, decline, at=None):
        """Return the values that keep a decline on an attempt.

        :param declines.Decline decline:
        :param at: when it was declined, naive UTC; now when not told
        """
        wait = decline.advice.wait
        return {
            "decline_reason_id": self.env["recovery.decline.reason"]._find(decline.reason).id,
            "decline_class": decline.decline_class,
            "decline_code": decline.code or False,
            "decline_message": decline.message or False,
            "network": decline.network or False,
            "funding": decline.funding or False,
            "issuer_country": decline.country or False,
            "network_code": decline.network_code or False,
            "advice_code": decline.advice_code or False,
            "advised_until": wait and (at or fields.Datetime.now()) + wait,
        }

    def _is_technical(self):
        """Return whether a charge failed without anybody having declined it."""
        self.ensure_one()
        if self.decline_class == "merchant":
            return False
        return self.state == "not_sent" or (
            self.state == "declined" and self.decline_class == "technical"
        )

    def _is_merchant(self):
        """Return whether a charge failed for the company's own fault: it says nothing of others."""
        self.ensure_one()
        return self.state in FAILED_STATES and self.decline_class == "merchant"

    def _count_recent_technical(self):
        """Return how many charges in a row met technical trouble, this one included."""
        self.ensure_one()
        earlier = self.search(
            [("move_id", "=", self.move_id.id), ("state", "!=", "cancelled")],
            order="id desc",
            limit=10,
        )
        count = 0
        for attempt in earlier:
            if attempt._is_technical():
                count += 1
            elif attempt.state not in UNFINISHED:
                break
        return max(count, 1)

    # === HOOKS === #

    def _follow_transactions(self):
        """Hook: let attempts follow transactions that a webhook, or somebody, moved on.

        Filled by the charge room; it does nothing by itself.

        :return: the attempts that changed
        """
        return self.browse()

    # === GETTERS === #

    @api.model
    def _read_of(self, move):
        """Return the charges of an invoice, the oldest first, with their columns: one query."""
        names = [
            field.name for field in self._fields.values() if field.store and field.prefetch is True
        ]
        return self.search_fetch([("move_id", "=", move.id)], names, order="id")

    def _limit_debt(self, debt):
        """Return what this charge is of: what is owed, or the part of it that is to be paid now.

        :param Debt debt: what is owed of its instalments
        :rtype: Debt
        """
        self.ensure_one()
        part = self.part_id
        if not part or part.plan_id.state != "running":
            return debt
        amount = part._get_charged(debt.residual)
        if self.currency_id.compare_amounts(amount, debt.owed) >= 0:
            return debt
        return debt._replace(
            owed=amount,
            balance=debt.balance * amount / debt.owed,
            is_small=self.move_id._is_too_small(amount),
        )

    def _get_owed_block(self, debt=None):
        """Return what stands against any charge of the invoice, whatever the method, or none.

        :param Debt debt: what is owed of its instalments, where it has just been read
        """
        self.ensure_one()
        if not debt and self.part_id:
            debt = self._limit_debt(self.move_id._get_debt(self.due_date))
        block = self.move_id._get_owed_block(self.due_date, debt)
        if not block and self.currency_id != self.move_id.currency_id:
            sentence = say(self.env, "currency_changed")
            block = Block("owed", sentence, moot=True)
        return block
