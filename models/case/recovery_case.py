# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ...tools import jobs
from ...tools.errors import describe_error
from ...tools.guards import is_uninstalling
from ...tools.said import SaidField, say
from ...tools.states import allowed
from ..rules.recovery_decline_reason import DECLINE_CLASSES
from . import recovery_case_hooks  # noqa: F401 (its model has to be there first)
from .account_move import RECURRENCES
from .alerts import CASE_KINDS, answer_case, put_alert, put_note, tick_off
from .claim import Claim
from .ending import due_ends
from .exclusion import WHAT, follow_exclusion, list_exclusions
from .follower import follow_invoice
from .instalments import take_in_instalments
from .opening import CaseOpening, reopen
from .owed import read_debts
from .recovery_attempt import IN_FLIGHT
from .recovery_return import DISPUTE_STATES
from .returns import BankReturn
from .settlements import CHANNELS
from .states import CHARGING_STATES, OPEN_STATES, TRANSITIONS, list_columns
from .write_off import write_off

_logger = logging.getLogger(__name__)

# How long a case is left alone after its job raised, so that the others get their turn.
FAILED_WAIT = timedelta(days=1)


class RecoveryCase(models.Model):
    """One invoice being recovered, from its first failed charge to the end."""

    _name = "recovery.case"
    _description = "Recovery Case"
    _inherit = ["recovery.case.hooks", "mail.thread", "mail.activity.mixin"]
    _order = "first_failure_at desc, id desc"
    _check_company_auto = True

    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        help="The company, or the person, that owed the invoice when the case opened. Once it is "
        "somebody else's, the case is closed, and the new customer's begins.",
    )
    policy_id = fields.Many2one(
        comodel_name="recovery.policy",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    state = fields.Selection(
        selection=[
            ("in_recovery", "In Recovery"),
            ("paused", "Paused"),
            ("suspended", "Suspended"),
            ("grace", "Grace"),
            ("recovered", "Recovered"),
            ("lost", "Lost"),
            ("cancelled", "Cancelled"),
        ],
        default="in_recovery",
        required=True,
        readonly=True,
        index=True,
        copy=False,
        group_expand=list_columns,
        help="Paused: by a person, charges and notices wait.\n"
        "Suspended: the invoice is a draft, blocked, excluded from follow-ups or due later; the "
        "case goes on when that ends.\n"
        "Grace: all retries are used up; the end action is still to come.\n"
        "Lost: the end action has run; a late payment still recovers the case.\n"
        "Cancelled: the invoice was cancelled, credited, or is owed by another customer now, so "
        "there is nothing to recover.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users", string="Responsible", tracking=True, index="btree_not_null"
    )
    tag_ids = fields.Many2many(comodel_name="recovery.case.tag", string="Tags")
    attention = SaidField(
        string="Needs Attention",
        readonly=True,
        copy=False,
        help="What a person has to look at; empty when the case runs by itself.",
    )
    attention_notes = fields.Json(
        readonly=True,
        copy=False,
        help="What the case asks for without a to-do, each with what takes it back.",
    )
    ladder = fields.Json(
        readonly=True,
        copy=False,
        help="The retry schedule, as the policy had it when the case opened.",
    )
    currency_id = fields.Many2one(comodel_name="res.currency", required=True, readonly=True)
    failed_amount = fields.Monetary(
        readonly=True,
        help="The amount of the first charge that failed, and of instalments that fell due "
        "meanwhile.",
    )
    settled_before = fields.Monetary(
        readonly=True,
        help="What had been paid on the instalments in recovery when the case opened.",
    )
    billed_amount = fields.Monetary(
        readonly=True, help="What the instalments in recovery were when the case opened."
    )
    later_amount = fields.Monetary(
        readonly=True, help="What the instalments due later were when the case opened."
    )
    recovered_amount = fields.Monetary(
        readonly=True,
        copy=False,
        help="What has been paid since the case opened, without what was refunded or taken back.",
    )
    amount_owed = fields.Monetary(
        compute="_compute_amount_owed",
        compute_sudo=True,  # Whoever sees the case need not see the journal items behind it.
        help="What is open now of the instalments in recovery.",
    )
    due_date = fields.Date(
        required=True, readonly=True, help="Instalments due up to this date are recovered."
    )
    first_attempt_id = fields.Many2one(
        comodel_name="recovery.attempt",
        string="First Charge",
        readonly=True,
        copy=False,
        help="The failed charge that opened the case; empty when somebody else had started it.",
    )
    first_failure_at = fields.Datetime(string="First Failure", required=True, readonly=True)
    deadline_at = fields.Datetime(
        string="Retries Until",
        readonly=True,
        copy=False,
        help="The end of the policy's window: no automatic charge lies after it.",
    )
    paused_until = fields.Date(
        readonly=True,
        copy=False,
        help="The case goes on by itself on this day, where the customer lives.",
    )
    postponed_until = fields.Date(
        readonly=True,
        copy=False,
        help="The due date was put off to this day: the case is suspended until then, and has its "
        "whole window again.",
    )
    grace_until = fields.Datetime(
        readonly=True, copy=False, help="When the policy's end action runs."
    )
    closed_at = fields.Datetime(string="Closed", readonly=True, copy=False)
    channel = fields.Selection(
        selection=CHANNELS,
        string="Recovered By",
        readonly=True,
        copy=False,
        help="How the last payment came in. Retry: the method that had failed. New payment method: "
        "one that the customer added. Updated card: the same method, after its card was renewed. "
        "Link in a notice: the customer paid without logging in after a notice was sent.",
    )
    end_reason = SaidField(readonly=True, copy=False, help="Why the case is in its state.")
    token_id = fields.Many2one(
        comodel_name="payment.token",
        string="Failed Method",
        readonly=True,
        ondelete="set null",
        help="The payment method of the failed charge, when the company made it. It is used when "
        "neither the invoice nor the customer names another one.",
    )
    write_off_move_id = fields.Many2one(
        comodel_name="account.move", string="Write-Off Entry", readonly=True, copy=False
    )
    decline_reason_id = fields.Many2one(
        comodel_name="recovery.decline.reason",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="Why the latest charge failed.",
    )
    decline_class = fields.Selection(
        selection=DECLINE_CLASSES,
        readonly=True,
        copy=False,
        help="What the latest decline asks for.",
    )
    life = fields.Integer(
        default=1,
        readonly=True,
        copy=False,
        help="How often the case was opened: a payment that is taken back begins another life.",
    )
    opened_by = fields.Selection(
        selection=[
            ("failure", "Failed payment"),
            ("customer", "Customer's own payment"),
            ("overdue", "Overdue invoice"),
            ("taken_back", "Payment taken back"),
        ],
        default="failure",
        required=True,
        readonly=True,
        copy=False,
        help="Why there is a case. An overdue invoice without a saved method is not charged; "
        "neither is one whose customer failed to pay by themselves, unless its policy says so.",
    )
    foreign_failure_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="When a payment that somebody else had started failed last.",
    )
    exhausted_at = fields.Datetime(
        string="Retries Used Up",
        readonly=True,
        copy=False,
        help="When the last retry, or the window, was over.",
    )
    waiting_provider_id = fields.Many2one(
        comodel_name="payment.provider",
        string="Waits For",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The provider that takes no charge of the case until the company has mended its own "
        "set-up. The case's clock stands still meanwhile, and the customer hears nothing.",
    )
    waiting_since = fields.Datetime(
        string="Waits Since",
        readonly=True,
        copy=False,
        help="Since when the case waits for the company to mend its own set-up with the provider.",
    )
    waited_hours = fields.Float(
        readonly=True,
        copy=False,
        help="For how long the case has waited so in all: its window is longer by that time.",
    )
    excluded = fields.Selection(
        selection=WHAT,
        string="Excluded From",
        readonly=True,
        copy=False,
        help="What the invoice, or its customer, is excluded from for now.",
    )
    excluded_since = fields.Datetime(
        readonly=True,
        copy=False,
        help="Since when nothing may be charged: the clock of the case stands still.",
    )
    excluded_until = fields.Date(
        readonly=True, copy=False, help="On this day it is looked at again; empty: no day is set."
    )
    exclusion_sentence = fields.Char(
        string="Left Alone Because", compute="_compute_exclusion_sentence"
    )
    recurrence = fields.Selection(
        selection=RECURRENCES,
        default="once",
        readonly=True,
        copy=False,
        help="How often invoices like this one were made when the case opened: by Odoo's "
        "recurring entries, or by a contract or subscription of an addon that is known.",
    )
    not_before = fields.Datetime(
        readonly=True,
        copy=False,
        help="Set when the job failed on the case: it is left until then.",
    )
    attempt_ids = fields.One2many(comodel_name="recovery.attempt", inverse_name="case_id")
    timeline_ids = fields.One2many(comodel_name="recovery.timeline", inverse_name="case_id")
    return_ids = fields.Many2many(
        related="move_id.recovery_return_ids",
        string="Taken Back",
        help="What was taken back, or is disputed, of the payments of the invoice.",
    )
    dispute_state = fields.Selection(
        selection=DISPUTE_STATES,
        compute="_compute_dispute",
        search="_search_dispute_state",
        help="Of the latest dispute of a payment of the invoice.",
    )
    dispute_deadline_at = fields.Datetime(
        string="Evidence Until",
        compute="_compute_dispute",
        help="Until when evidence against an open dispute may be handed in.",
    )
    attempt_count = fields.Integer(
        compute="_compute_attempts", help="Charges sent to the provider, the first one included."
    )
    in_flight_state = fields.Selection(
        selection=[("running", "Running"), ("unknown", "Unknown"), ("pending", "Pending")],
        compute="_compute_attempts",
    )
    has_question = fields.Boolean(
        compute="_compute_attempts",
        help="Whether only a person can tell now whether the charge under way was made.",
    )
    active = fields.Boolean(default=True)

    # Closed cases stay; an invoice whose next instalment fails gets another one.
    _open_uniq = models.UniqueIndex(
        "(move_id) WHERE state IN ('in_recovery', 'paused', 'suspended', 'grace')",
        "The invoice is in recovery already.",
    )
    _deadline_idx = models.Index("(deadline_at) WHERE state = 'in_recovery'")
    _grace_idx = models.Index("(grace_until) WHERE state = 'grace'")
    _notes_idx = models.Index("(id) WHERE attention_notes IS NOT NULL")
    _excluded_idx = models.Index("(excluded_until) WHERE excluded_until IS NOT NULL")
    _paused_idx = models.Index("(paused_until) WHERE state = 'paused'")
    _postponed_idx = models.Index("(postponed_until) WHERE state = 'suspended'")

    # === COMPUTE METHODS === #

    @api.depends("move_id")
    def _compute_display_name(self):
        for case in self:
            case.display_name = case.move_id.name or case.move_id.display_name

    @api.depends("move_id.amount_residual", "due_date")
    def _compute_amount_owed(self):
        debts = read_debts([(case.move_id, case.due_date) for case in self])
        for case, debt in zip(self, debts, strict=True):
            case.amount_owed = debt.owed

    @api.depends("attempt_ids.state", "attempt_ids.is_question")
    def _compute_attempts(self):
        for case in self:
            attempts = case.attempt_ids
            case.attempt_count = len(attempts.filtered("transaction_id"))
            in_flight = attempts.filtered(lambda attempt: attempt.state in IN_FLIGHT)
            case.in_flight_state = in_flight[:1].state
            case.has_question = any(in_flight.mapped("is_question"))

    @api.depends("excluded")
    @api.depends_context("lang", "tz")
    def _compute_exclusion_sentence(self):
        for case in self:
            exclusions = list_exclusions(case.move_id) if case.excluded else ()
            sentences = dict.fromkeys(each.sentence for each in exclusions)
            case.exclusion_sentence = " ".join(sentences) or False

    @api.depends("return_ids.state", "return_ids.deadline_at")
    def _compute_dispute(self):
        for case in self:
            dispute = case.return_ids.filtered(lambda each: each.kind == "dispute").sorted("id")[
                -1:
            ]
            case.dispute_state = dispute.state
            case.dispute_deadline_at = dispute._is_open() and dispute.deadline_at

    @api.model
    def _search_dispute_state(self, operator, value):
        if operator.startswith("not"):
            return NotImplemented  # Odoo turns the answer to the opposite round.
        domain = Domain("kind", "=", "dispute")
        is_none = operator == "in" and False in value
        if not is_none:
            domain &= Domain("state", operator, value)
        found = Domain("move_id.recovery_return_ids", "any", domain)
        return ~found if is_none else found

    # === CRUD METHODS === #

    def write(self, vals):
        """Keep what the engine writes from everybody else, RPC included."""
        engine_fields = sorted(name for name in vals if self._fields[name].readonly)
        if engine_fields and not self.env.su:
            raise AccessError(
                self.env._(
                    "%(fields)s can't be edited: use the buttons of the case.",
                    fields=", ".join(self._fields[name].string for name in engine_fields),
                )
            )
        if "active" in vals and not vals["active"]:
            self._check_may_archive()
        return super().write(vals)

    def _check_may_archive(self):
        """Refuse to hide what goes on.

        :raise UserError: when one of these cases is open, or a charge of it is under way
        """
        for case in self.filtered(lambda case: case.state in OPEN_STATES or case.in_flight_state):
            raise UserError(
                self.env._(
                    "The case of %(case)s is not closed: it would go on charging and writing out "
                    "of sight. Pause it to have it wait, or stop it first and archive it then.",
                    case=case.display_name,
                )
            )

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Override of `base` to let the engine see archived cases, too: they may open again."""
        if self.env.su:
            kwargs["active_test"] = False
        return super()._search(domain, *args, **kwargs)

    @api.ondelete(at_uninstall=True)
    def _unlink_except_evidence(self):
        if self.attempt_ids.transaction_id and not is_uninstalling(self.env):
            raise UserError(
                self.env._(
                    "A case with charges can't be deleted: once it is closed, archive it instead."
                )
            )

    # === ACTION METHODS === #

    def action_pause(self):
        """Ask until when to pause these cases."""
        return self._open_wizard("pause", self.env._("Pause"))

    def action_resume(self):
        """Go on with paused cases."""
        reason = say(self.env, "resumed_by", user=self.env.user.name)
        for case_sudo in self._check_may_act().filtered(lambda case: case.state == "paused"):
            case_sudo._resume(reason)
        return True

    def action_stop(self):
        """Give these cases up: no more charges and notices. A late payment still recovers them."""
        reason = say(self.env, "stopped_by", user=self.env.user.name)
        left_out = self._act_on_each(
            lambda case_sudo: case_sudo._close("lost", reason, exhausted_at=False), waiting=True
        )
        return self._notify(self.env._("Stopped."), left_out)

    def action_attention_done(self):
        """Take the cases off the list of those that need attention."""
        cases_sudo = self._check_may_act()
        for case_sudo in cases_sudo:
            if case_sudo.has_question:
                raise UserError(
                    self.env._(
                        "Confirm first whether %(case)s was charged.", case=case_sudo.display_name
                    )
                )
        tick_off(cases_sudo)
        return True

    def action_view_move(self):
        """Open the invoice."""
        self.ensure_one()
        return self.move_id._get_records_action(name=self.env._("Invoice"))

    def action_view_attempts(self):
        """Open the attempts of these cases."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "revenue_recovery.action_recovery_attempt"
        )
        return {**action, "domain": [("case_id", "in", self.ids)], "context": {}}

    def action_write_off(self):
        """Ask a manager to confirm the write-off that ends the case."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Write Off"),
            "res_model": "recovery.write.off.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_case_id": self.id},
        }

    # === HELPERS OF ACTIONS === #

    def _check_may_act(self):
        """Return these cases in sudo mode, when the user may write them.

        :raise AccessError: when the user may not
        """
        self.check_access("write")
        self.move_id.check_access("read")
        # In sudo mode: attempts and notices are written by the engine only.
        return self.sudo()

    def _act_on_each(self, act, waiting=False):
        """Do something with each of these cases that is in the state for it.

        :param act: called with one case in sudo mode; may return why it left the case as it was
        :param waiting: whether paused and suspended cases are in the state for it, too
        :return: a sentence for each case that was left out
        :raise UserError: when none was in the state for it
        """
        left_out = []
        for case_sudo in self._check_may_act():
            block = case_sudo._get_acting_block(waiting) or act(case_sudo)
            if isinstance(block, str):
                left_out.append(block)
        if left_out and len(left_out) == len(self):
            raise UserError("\n".join(left_out))
        return left_out

    def _get_acting_block(self, waiting):
        """Return why nothing can be done with this case now, or none."""
        self.ensure_one()
        name = {"case": self.display_name}
        if self.state not in OPEN_STATES:
            return self.env._("The case of %(case)s is closed.", **name)
        if block := self._get_in_flight_sentence():
            return block
        if not waiting and self.state in ("paused", "suspended"):
            return self.env._("Resume the case of %(case)s first.", **name)
        return None

    def _get_in_flight_sentence(self):
        """Return the sentence that a charge is under way, or none."""
        self.ensure_one()
        if not self.move_id.recovery_in_flight_state:
            return None
        return self.env._(
            "A charge of %(case)s is under way. Wait for its outcome.", case=self.display_name
        )

    def _open_wizard(self, mode, name):
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "recovery.plan.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_mode": mode, "default_case_ids": self.ids},
        }

    def _notify(self, message, left_out=()):
        """Tell the user what was done, and with which cases it was not, and show it."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": "\n".join((message, *left_out)),
                "type": "warning" if left_out else "success",
                "sticky": bool(left_out),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === BUSINESS METHODS === #

    def _set_state(self, target, reason=None, **values):
        """Move the cases to a state, where :data:`TRANSITIONS` allow it.

        :param str reason: the sentence that explains it
        :param values: further fields to write with the state
        :return: the cases that changed
        """
        changed = allowed(self, TRANSITIONS, target, _logger)
        if target in OPEN_STATES:
            values["active"] = True  # What goes on again is in sight.
        if changed:
            changed.write({"state": target, "end_reason": reason, **values})
            changed._on_changed()
        return changed

    def _ask_for_attention(self, sentence, activity=False, kind="case"):
        """Put these cases on the list of those that need a person, with one to-do at most.

        :param bool activity: whether it is urgent enough for a to-do of somebody
        :param str kind: of :data:`alerts.CASE_KINDS`: what takes it back
        """
        for case in self.filtered(lambda case: case.attention != sentence):
            put = put_alert if activity else put_note
            put(case, sentence, f"{kind}:{case.id}")

    def _clear_attention(self):
        """Take back what only these cases asked for; alerts stay until something answers them."""
        answer_case(self, *CASE_KINDS)

    def _begin_grace(self, reason):
        """Leave the case to the customer for the grace period, no more charges planned."""
        now = fields.Datetime.now()
        grace_until = now + timedelta(days=self.policy_id.grace_days)
        if self._set_state("grace", reason, grace_until=grace_until, exhausted_at=now):
            self._emit("retries_exhausted", reason)

    def _close(self, state, reason, **values):
        """Close the cases in a state; what was still planned is withdrawn."""
        closed = self._set_state(
            state,
            reason,
            closed_at=fields.Datetime.now(),
            paused_until=False,
            **dict.fromkeys(("excluded", "excluded_since", "excluded_until"), False),
            **values,
        )
        closed._cancel_planned(reason)
        closed._clear_attention()
        closed._on_closed(reason)
        return closed

    def _cancel_planned(self, reason):
        """Withdraw the planned charges of these cases, for a reason."""
        planned = self.attempt_ids.filtered(lambda attempt: attempt.state == "planned")
        planned._set_state("cancelled", sentence=reason)

    def _pause(self, until, reason):
        """Pause these cases until a day where the customer lives, or until resumed."""
        paused = self._set_state("paused", reason, paused_until=until)
        paused._cancel_planned(reason)
        return paused

    def _resume(self, reason):
        """Go on with a paused or suspended case."""
        self.ensure_one()
        target = "grace" if self.grace_until else "in_recovery"
        if self._set_state(target, reason, paused_until=False):
            self._plan_next_charge()

    @api.model
    def _prepare_case_vals(self, move, policy, attempt, transaction):
        """Return the values of a new case; hook for addons that keep more of the beginning."""
        return CaseOpening(self.env, move, attempt, transaction).prepare_vals(policy)

    def _reopen(self, reason, **values):
        """Start recovering again, from the beginning, after a payment was taken back.

        :param values: further fields to write with the state
        :return: the case, if it changed
        """
        self.ensure_one()
        return reopen(self, reason, values)

    @api.model
    def _open(self, move, attempt=None, transaction=None, **values):
        """Open a case for an invoice whose charge failed, or join the open one.

        :param attempt: our own charge that failed, if it was one
        :param transaction: the failed payment that somebody else started
        :param values: of the new case, where they are known better
        :return: the case; empty when no policy matches the invoice
        """
        return CaseOpening(self.env, move, attempt, transaction).open(**values)

    @api.model
    def _open_overdue(self, move):
        """Open the case of an overdue invoice that is not charged: its customer gets notices."""
        return CaseOpening(self.env, move).open_overdue()

    def _follow_invoice(self):
        """Close, suspend, resume or re-open the case, as its invoice says.

        :return: what was owed of it; none where another customer owes it
        :rtype: Debt | None
        """
        self.ensure_one()
        debt = follow_invoice(self)
        follow_exclusion(self)
        return debt

    def _follow_exclusion(self):
        """Go on with a case that is left alone no longer, or leave it alone."""
        self.ensure_one()
        follow_exclusion(self)
        if self.state == "in_recovery":
            self._plan_next_charge()

    @api.model
    def _record_return(self, payment, decline, date, moves=None, **kwargs):
        """Recover the invoices of a payment that was taken back.

        To be called by whatever learns of a return, once the payment has been taken off its
        invoices.

        :param kwargs: of a dispute or a part, as :class:`BankReturn` takes them

        :return: the cases that are open for these invoices now
        """
        return BankReturn(self.env, payment, decline, date, **kwargs).record(moves)

    def _write_off(self, account, date):
        """Book what is owed on a loss account and reconcile the invoice with it.

        :raise UserError: when nothing is owed, or the company has no journal for it
        """
        self.ensure_one()
        return write_off(self, account, date)

    # === CRON === #

    @api.model
    def _end_due(self):
        """Resume, exhaust and end the cases whose day has come."""
        for domain, end in due_ends(self.env):
            self._work_on_each(domain, end)

    @api.model
    def _take_in_instalments(self):
        """Let open cases be about the instalments, too, that have fallen due meanwhile."""
        take_in_instalments(self)

    @api.model
    def _work_on_each(self, domain, act, limit=500):
        """Do something with each case of a domain, each in a database transaction of its own.

        A case on which it fails is put aside for a while and told once to a person.

        :param act: called with a case, in its company
        """
        now = fields.Datetime.now()
        domain &= Domain("not_before", "=", False) | Domain("not_before", "<=", now)
        jobs.work_on_each(
            self.env,
            self.search(domain, limit=limit).ids,
            lambda case_id: self._browse_in_company(case_id)._work(act),
            failed=lambda case_id, error: self.browse(case_id)._put_aside(error),
            doing="Case",
        )

    @api.model
    def _browse_in_company(self, case_id):
        case = self.browse(case_id)
        return case.with_company(case.company_id)

    def _work(self, act):
        """Do something with a case, which goes on again where the job had failed on it."""
        act(self)
        if self.not_before:
            self.not_before = False

    def _put_aside(self, error):
        """Leave a case alone for a while on which the job failed, and tell a person."""
        self.not_before = fields.Datetime.now() + FAILED_WAIT
        self.env["recovery.invoice.queue"]._wake(self.not_before)
        self._ask_for_attention(
            say(self.env, "case_trouble", error=describe_error(error)),
            activity=True,
            kind="job",
        )

    # === GETTERS === #

    def _is_charging(self):
        """Return whether charges of this case may go out."""
        self.ensure_one()
        return self.state in CHARGING_STATES

    def _is_of_its_customer(self):
        """Return whether the invoice is still owed by the customer for whom the case was opened."""
        self.ensure_one()
        return self.partner_id == self.move_id.commercial_partner_id

    def _has_schedule(self, policy):
        """Return whether this case is charged by the retry schedule of a policy, if it has one."""
        self.ensure_one()
        if self.opened_by == "customer":
            return policy._charges_own_failures()
        return bool(self.ladder) or self.opened_by != "overdue"

    def _hears_once(self):
        """Return whether the customer is written to once at most: they had agreed to nothing."""
        self.ensure_one()
        policy = self.policy_id
        return (
            self.opened_by == "customer"
            and policy.own_failures == "once"
            and not policy._is_reminding(self.move_id)
        )

    def _get_clock_start(self):
        """Return from when (naive UTC) the window counts: later by what the case has waited."""
        self.ensure_one()
        return self.first_failure_at + timedelta(hours=self.waited_hours)

    def _get_owed(self):
        """Return what is open of the instalments in recovery, in the invoice's currency."""
        self.ensure_one()
        return self.move_id._get_amount_owed(self.due_date)

    def _get_claim(self):
        """Return what became of the instalments in recovery, as the ledger has them now.

        :rtype: Claim
        """
        self.ensure_one()
        return Claim(self.move_id, self.due_date, self)

    def _get_default_token(self):
        """Return the method chosen on the invoice or the customer, else the one that failed."""
        self.ensure_one()
        return self.move_id._get_collect_token() or self.token_id
