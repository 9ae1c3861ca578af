# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, str2bool

from ...tools.instants import aware, naive
from ...tools.said import Money, say
from ..method.collecting import COLLECT_FIELDS, may_collect
from ..method.defaults import DefaultMethods
from ..method.rail import is_overdue
from ..rules.block import Block
from .alerts import get_open_alerts, tick_off
from .exclusion import FIELDS as EXCLUSION_FIELDS
from .exclusion import WHAT, check_until, find_exclusion, forget_past, get_end
from .owed import read_debts
from .recovery_attempt import IN_FLIGHT
from .states import OPEN_STATES

# Customers read their own invoices; what is done to recover them is none of their business.
RECOVERY_GROUP = "revenue_recovery.group_recovery_user"
# What an accountant can change on an invoice that its case has to follow.
_FOLLOWED_FIELDS = {
    "collect_token_id",
    "invoice_date_due",
    "matched_payment_ids",
    "no_followup",
    "partner_id",
    "payment_state",
    "state",
}


# The payment states of an invoice whose money is there, and of one of which nothing is asked.
PAID_STATES = ("paid", "in_payment")
SETTLED_STATES = (*PAID_STATES, "reversed")
# How often, as cases and automation rules tell it apart.
RECURRENCES = [
    ("once", "Once"),
    ("weekly", "Weekly"),
    ("monthly", "Monthly"),
    ("quarterly", "Quarterly"),
    ("yearly", "Yearly"),
    ("other", "Other"),
]
# Those of Odoo's `auto_post` that go on.
PERIODS = ("monthly", "quarterly", "yearly")


# How long a charge is put off while a payment of its invoice is disputed.
DISPUTE_WAIT = timedelta(days=1)


class AccountMove(models.Model):
    _inherit = "account.move"

    collect_automatically = fields.Boolean(
        compute="_compute_collect_automatically",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        tracking=True,
        help="Charge the saved payment method by itself when the invoice falls due, instalment "
        "by instalment.",
    )
    collect_token_id = fields.Many2one(
        comodel_name="payment.token",
        string="Collect From",
        compute="_compute_collect_automatically",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        tracking=True,
        ondelete="set null",
        index="btree_not_null",
        domain="[('id', 'in', collect_token_ids)]",
        help="The saved payment method to charge. Empty: the customer's default.",
    )
    collect_token_ids = fields.Many2many(
        comodel_name="payment.token",
        compute="_compute_collect_token_ids",
        help="The payment methods that may be charged for this invoice.",
    )
    recovery_case_ids = fields.One2many(
        comodel_name="recovery.case",
        inverse_name="move_id",
        string="Recovery Cases",
        context={"active_test": False},
        groups=RECOVERY_GROUP,
    )
    recovery_attempt_ids = fields.One2many(
        comodel_name="recovery.attempt",
        inverse_name="move_id",
        string="Charges",
        groups=RECOVERY_GROUP,
    )
    recovery_case_id = fields.Many2one(
        comodel_name="recovery.case",
        compute="_compute_recovery_case_id",
        store=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        help="The latest recovery case of this invoice.",
        groups=RECOVERY_GROUP,
    )
    recovery_state = fields.Selection(
        related="recovery_case_id.state", string="Recovery", groups=RECOVERY_GROUP
    )
    recovery_attention = fields.Char(
        string="Needs Attention",
        compute="_compute_recovery_attention",
        search="_search_recovery_attention",
        compute_sudo=True,
        groups=RECOVERY_GROUP,
        help="What a person has to look at, on the case or on the invoice itself.",
    )
    recovery_excluded = fields.Selection(
        selection=WHAT,
        string="Exclude From",
        copy=False,
        tracking=True,
        groups=RECOVERY_GROUP,
        help="Charges: this invoice is not charged automatically.\n"
        "Notices: nothing is sent to the customer about it.\n"
        "Its case stays open; while nothing may be charged, its clock stands still.",
    )
    recovery_excluded_until = fields.Date(
        string="Excluded Until",
        copy=False,
        tracking=True,
        groups=RECOVERY_GROUP,
        help="On this day recovery goes on by itself. Empty: until somebody ends it here.",
    )
    recovery_excluded_reason = fields.Char(
        string="Reason of the Exclusion",
        copy=False,
        tracking=True,
        groups=RECOVERY_GROUP,
        help="Why, for the team. The customer does not read it.",
    )
    recovery_in_flight_state = fields.Selection(
        selection=[("running", "Running"), ("unknown", "Unknown"), ("pending", "Pending")],
        compute="_compute_recovery_in_flight_state",
        string="Charge Under Way",
        groups=RECOVERY_GROUP,
    )
    recovery_has_question = fields.Boolean(
        compute="_compute_recovery_in_flight_state",
        string="Outcome Open",
        groups=RECOVERY_GROUP,
        help="Whether only a person can tell now whether the charge under way was made.",
    )
    recovery_return_ids = fields.Many2many(
        comodel_name="recovery.return",
        string="Taken Back",
        readonly=True,
        copy=False,
        groups=RECOVERY_GROUP,
        help="What was taken back, or is disputed, of the payments of this invoice.",
    )
    recovery_timeline_ids = fields.One2many(
        related="recovery_case_id.timeline_ids", groups=RECOVERY_GROUP
    )

    recovery_is_charged = fields.Boolean(
        compute="_compute_recovery_is_charged",
        compute_sudo=True,
        groups=RECOVERY_GROUP,
        help="Whether a charge of this invoice is under way, unclear, or not booked yet. Read for "
        "lists; before money moves the charges themselves are asked.",
    )

    # The collecting job looks here each hour, for the invoices that ask for it and nothing else.
    _collect_idx = models.Index(
        "(invoice_date_due) WHERE collect_automatically IS TRUE AND state = 'posted' "
        "AND payment_state IN ('not_paid', 'partial')"
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "company_id", "move_type")
    def _compute_collect_automatically(self):
        for move in self:
            if move.state != "draft":  # What was agreed for a posted invoice stays.
                move.collect_automatically = move.collect_automatically
                move.collect_token_id = move.collect_token_id
                continue
            partner = move.commercial_partner_id.with_company(move.company_id)
            is_wanted = move.move_type == "out_invoice" and partner.collect_automatically
            move.collect_automatically = is_wanted
            # One that does not fit any more must not keep the invoice from being made.
            move.collect_token_id = is_wanted and partner._get_collect_default(move.company_id)

    @api.depends("recovery_case_ids")
    def _compute_recovery_case_id(self):
        for move in self:
            move.recovery_case_id = move.recovery_case_ids.sorted("id")[-1:]

    @api.depends(
        "recovery_case_id.attention", "activity_ids.recovery_sentence", "activity_ids.active"
    )
    @api.depends_context("lang", "tz")
    def _compute_recovery_attention(self):
        for move in self:
            sentences = [move.recovery_case_id.attention]
            sentences += get_open_alerts(move).mapped("recovery_sentence")
            # Why a first charge was refused, its case may ask for, too.
            move.recovery_attention = " ".join(dict.fromkeys(filter(None, sentences))) or False

    @api.model
    def _search_recovery_attention(self, operator, value):
        if operator.startswith("not"):
            return NotImplemented  # Odoo turns the answer to the opposite round.
        is_none = operator == "in" and False in value
        told = ("!=", False) if is_none else (operator, value)
        found = Domain("recovery_case_id.attention", *told)
        found |= Domain("activity_ids.recovery_sentence", *told)
        return ~found if is_none else found

    @api.depends("recovery_attempt_ids.state", "recovery_attempt_ids.is_question")
    def _compute_recovery_in_flight_state(self):
        invoices = self._filter_charged()
        (self - invoices).recovery_in_flight_state = False
        (self - invoices).recovery_has_question = False
        for move in invoices:
            in_flight = move.recovery_attempt_ids.filtered(lambda each: each.state in IN_FLIGHT)
            move.recovery_in_flight_state = in_flight[:1].state
            move.recovery_has_question = any(in_flight.mapped("is_question"))

    @api.depends(
        "recovery_attempt_ids.state",
        "recovery_attempt_ids.deadline_at",
        "recovery_attempt_ids.resolve_at",
        "recovery_attempt_ids.transaction_id.is_post_processed",
    )
    def _compute_recovery_is_charged(self):
        invoices = self._filter_charged()
        charged = invoices and invoices._get_attempt_in_flight().move_id
        for move in self:
            move.recovery_is_charged = bool(charged) and move in charged

    @api.depends("commercial_partner_id", "company_id", "move_type")
    def _compute_collect_token_ids(self):
        invoices = self._filter_charged()
        (self - invoices).collect_token_ids = False
        for company, moves in invoices.grouped("company_id").items():
            tokens = moves.commercial_partner_id._get_collect_tokens(company)
            # In sudo mode: the user may not see whose they are.
            by_customer = tokens.sudo().grouped(
                lambda token: token.partner_id.commercial_partner_id.id
            )
            for move in moves:
                own_sudo = by_customer.get(move.commercial_partner_id._origin.id, tokens.browse())
                move.collect_token_ids = tokens.browse(own_sudo.ids)

    @api.onchange("collect_automatically")
    def _onchange_collect_automatically(self):
        """Choose the saved payment method when there is no choice."""
        if self.collect_automatically and not self._get_collect_token():
            self.collect_token_id = (
                self.collect_token_ids if len(self.collect_token_ids) == 1 else False
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("collect_token_id", "partner_id")
    def _check_collect_token_id(self):
        for move in self.filtered("collect_token_id"):
            if not move._is_own_token(move.collect_token_id):
                raise ValidationError(
                    self.env._(
                        "%(method)s can't be charged for %(invoice)s: it belongs to another "
                        "customer or another company.",
                        method=move.collect_token_id.display_name,
                        invoice=move.display_name,
                    )
                )

    @api.constrains(*EXCLUSION_FIELDS[:2])
    def _check_recovery_excluded_until(self):
        check_until(self.sudo())

    # === ACCESS === #

    @api.model
    def _has_field_access(self, field, operation):
        """Override of `base`: whoever edits bills, or sells, decides not whose card is charged."""
        if operation != "read" and field.name in COLLECT_FIELDS and not may_collect(self.env):
            return False
        return super()._has_field_access(field, operation)

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `account` to let cases follow what is done to their invoices.

        Links to the invoice that its former customer got show nothing of the new one.
        """
        before = {move: move.commercial_partner_id for move in self if "partner_id" in vals}
        result = super().write(vals)
        for move, customer in before.items():
            if move.access_token and move.commercial_partner_id != customer:
                move.access_token = False
        if vals.keys() & set(EXCLUSION_FIELDS):
            self._recovery_note_exclusion()
        if _FOLLOWED_FIELDS & vals.keys():
            self.env["recovery.invoice.queue"]._add_followed(self)
        return result

    def _get_fields_to_copy_recurring_entries(self, values):
        """Override of `account` to keep the way of payment on recurring invoices."""
        values = super()._get_fields_to_copy_recurring_entries(values)
        token = self.collect_token_id
        if token and not self._is_own_token(token):
            token = token.browse()
            self.message_post(
                body=self.env._(
                    "The next invoice is not charged to %(method)s, which does not belong to the "
                    "customer and the company any more: it is charged to the customer's default.",
                    method=self.collect_token_id.sudo()._recovery_get_label(),
                )
            )
        values.update(
            {
                "collect_automatically": self.collect_automatically,
                "collect_token_id": token.id,
            }
        )
        return values

    # === ACTION METHODS === #

    def action_open_recovery_case(self):
        """Open the latest recovery case of this invoice."""
        self.ensure_one()
        return self.recovery_case_id._get_records_action(name=self.env._("Recovery Case"))

    def action_recovery_pause(self):
        """Ask until when to pause the invoices' open cases."""
        return self.recovery_case_id.action_pause()

    def action_recovery_resume(self):
        """Go on with the invoices' paused cases."""
        return self.recovery_case_id.action_resume()

    def action_recovery_attention_done(self):
        """Take these invoices, and their cases, off the list of those that need attention."""
        self.check_access("write")
        self.recovery_case_id.action_attention_done()
        # In sudo mode: the to-do may be somebody else's.
        tick_off(self.sudo())
        return True

    # === BUSINESS METHODS === #

    def _post(self, soft=True):
        """Override of `account` to tell of a default that does not fit its customer any more."""
        posted = super()._post(soft)
        bare = posted.filtered(
            lambda move: move.collect_automatically and not move.collect_token_id
        )
        if bare:
            DefaultMethods(self.env).drop_of(bare.commercial_partner_id)
        return posted

    def _has_to_be_paid(self):
        """Override of `account_payment` to offer no second payment while ours is in flight.

        One whose outcome is overdue keeps nobody from paying; stock Odoo would wait for ever.
        """
        has_to_be_paid = super()._has_to_be_paid() or self._is_waiting_in_vain()
        # In sudo mode: customers ask this in the portal.
        return has_to_be_paid and not self.sudo().recovery_is_charged

    def _is_waiting_in_vain(self):
        """Return whether only payments whose outcome is overdue keep the customer from paying."""
        # In sudo mode: customers ask this in the portal.
        move_sudo = self.sudo()
        if (
            move_sudo.move_type != "out_invoice"
            or move_sudo.state != "posted"
            or move_sudo.payment_state not in ("not_paid", "in_payment", "partial")
            or move_sudo.currency_id.is_zero(move_sudo.amount_residual)
        ):
            return False
        pending_sudo = move_sudo.transaction_ids.filtered(
            lambda transaction: transaction.state in ("pending", "authorized")
        )
        if not pending_sudo or not all(map(is_overdue, pending_sudo)):
            return False
        parameters_sudo = self.env["ir.config_parameter"].sudo()
        return str2bool(parameters_sudo.get_param("account_payment.enable_portal_payment"))

    def _get_online_payment_error(self):
        """Override of `account_payment` to say why an invoice can't be paid right now."""
        error = super()._get_online_payment_error()
        if self._get_attempt_in_flight():
            being_charged = self.env._("A payment of this invoice is being processed.")
            error = f"{error}\n{being_charged}".strip()
        return error

    def _prepare_attempt_vals(self, **values):
        """Return the values of an attempt for this invoice."""
        self.ensure_one()
        return {
            "move_id": self.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            **values,
        }

    def _recovery_note_exclusion(self):
        """Let what is open of these invoices follow what they are excluded from."""
        moves_sudo = self.sudo()  # Who edits an invoice need not be allowed to see cases.
        for attempt_sudo in moves_sudo.recovery_attempt_ids:
            if attempt_sudo.state == "planned" and not attempt_sudo.case_id:
                # A first charge that had been put off: what stands against it is looked at anew.
                instant = attempt_sudo.move_id._get_next_charge_instant(fields.Datetime.now())
                attempt_sudo.planned_at = min(attempt_sudo.planned_at, instant)
        self.env["recovery.invoice.queue"]._add_followed(moves_sudo)

    @api.autovacuum
    def _gc_recovery_exclusions(self):
        """Empty the exclusions of invoices that are over; they have no effect any more."""
        forget_past(self)

    def _recovery_touch(self):
        """Let whoever works on the payment of these invoices at the same time look again.

        The second fails to serialise, and Odoo runs its request or its job once more.
        """
        self.env.cr.execute(
            "UPDATE account_move SET write_date = write_date WHERE id IN %s", [tuple(self.ids)]
        )

    # === HOOKS === #

    def _get_foreign_recurrence(self):
        """Hook: return how often another addon makes invoices like this one, and what does.

        For addons that know of contracts, filled by bridge too; none by itself. It is to cost no
        query for an invoice that is made once.

        :return: one of `RECURRENCES`, and the record that makes the invoices; or None
        """
        return

    def _end_foreign_recurrence(self, record, reason):
        """Hook: end a recurrence that `_get_foreign_recurrence` returned for this invoice.

        For addons that know of contracts, filled by bridge too; nothing is ended by itself.

        :return: a sentence about what was ended; empty when it had ended before
        """
        return ""

    def _plan_technical_retry(self, attempt):
        """Hook: plan a first charge that was not sent once more; nothing is planned by itself.

        Filled by the schedule room.

        :return: whether it is planned
        """
        return False

    # === GETTERS === #

    def _filter_charged(self):
        """Return those of these moves that recovery can have to do with at all."""
        return self.filtered(lambda move: move.move_type == "out_invoice")

    def _filter_followed(self):
        """Return those invoices, in sudo mode, that the job has to look at.

        They have a case, or a first charge to come; or they were cancelled, and an online payment
        may be left over.
        """
        # In sudo mode: whoever books a payment need not be allowed to see cases.
        return self.sudo().filtered(
            lambda move: (
                move.recovery_case_id
                or "planned" in move.recovery_attempt_ids.mapped("state")
                or (move.state == "cancel" and move.transaction_ids)
            )
        )

    def _get_collect_token(self):
        """Return the payment method to charge: the invoice's, else the customer's default."""
        self.ensure_one()
        partner = self.commercial_partner_id
        return self.collect_token_id or partner._get_collect_default(self.company_id)

    def _is_own_token(self, token):
        """Return whether a token belongs to the invoice's customer and company."""
        self.ensure_one()
        return token._recovery_fits(self.commercial_partner_id, self.company_id)

    def _get_attempt_in_flight(self):
        """Return the charges of these invoices that are under way, unclear, or not booked yet.

        One whose outcome is overdue keeps nobody from paying in another way, but not before its
        provider was asked: no job may have run since its worker died.
        """
        now = fields.Datetime.now()
        is_waited_for = (
            Domain("deadline_at", "=", False)
            | Domain("deadline_at", ">", now)
            | Domain("state", "=", "running")
            | Domain("resolve_at", "<=", now)
        )
        # In sudo mode: customers ask this in the portal and can't read attempts.
        return (
            self.env["recovery.attempt"]
            .sudo()
            .search(
                Domain("move_id", "in", self.ids)
                & (
                    Domain("state", "in", IN_FLIGHT) & is_waited_for
                    | Domain("state", "=", "paid")
                    & Domain("transaction_id.is_post_processed", "=", False)
                )
            )
        )

    def _is_settled_by_charge(self):
        """Return whether one of our charges paid the invoice, maybe while its page was open."""
        self.ensure_one()
        is_settled = self.payment_state in PAID_STATES
        return is_settled and "paid" in self.recovery_attempt_ids.mapped("state")

    def _get_next_charge_instant(self, instant):
        """Return the first instant, from a naive UTC one on, in the hours for charges."""
        self.ensure_one()
        policy = self.recovery_case_id.policy_id or self.env["recovery.policy"]._match(self)
        if not policy:
            return instant
        hours = policy.sudo()._get_charge_hours(self.commercial_partner_id)
        return naive(hours.next_instant(aware(instant)))

    def _fetch_for_recovery(self):
        """Read what the engine needs of an invoice, instead of its two hundred columns.

        And of its customer.
        """
        self.fetch(
            [
                "auto_post",
                "auto_post_origin_id",
                "collect_token_id",
                "commercial_partner_id",
                "company_id",
                "currency_id",
                "move_type",
                "name",
                "partner_id",
                "payment_state",
                "recovery_case_id",
                *EXCLUSION_FIELDS,
                "state",
            ]
        )
        for company, moves in self.grouped("company_id").items():
            customers = moves.commercial_partner_id | moves.partner_id
            customers.with_company(company)._fetch_for_recovery()

    def _get_recovery_today(self):
        """Return the calendar day that it is where the customer lives."""
        self.ensure_one()
        partner = self.commercial_partner_id.with_company(self.company_id)
        return partner._get_recovery_day(fields.Datetime.now())

    def _get_amount_owed(self, due_date, day=None):
        """Return what is asked for of the instalments due up to a date, in the invoice's currency.

        :param datetime.date day: on which it would be paid; today by default
        """
        return self._get_debt(due_date, day).owed

    def _get_debt(self, due_date, day=None):
        """Return what is owed of the instalments due up to a date, as Odoo would ask for it.

        :param datetime.date day: on which it would be paid, where the customer lives; today by
            default
        :rtype: Debt
        """
        self.ensure_one()
        return read_debts([(self, due_date)], day)[0]

    def _get_debt_asked(self):
        """Return what is asked for now: what the open case is about, else what is due next.

        :rtype: Debt
        """
        self.ensure_one()
        case = self.recovery_case_id
        if case.state in OPEN_STATES:
            return self._get_debt(case.due_date)
        return self._get_debt(max(self._get_next_due(), self._get_recovery_today()))

    def _get_next_due(self, after=None):
        """Return the day on which the next instalment is due, or was; the last one's at the end.

        Not Odoo's next date of payment: that is the one until which a discount is given.

        :param datetime.date after: only of later ones; none where there are none
        """
        self.ensure_one()
        open_lines = self.line_ids.filtered(
            lambda line: line.display_type == "payment_term" and not line.reconciled
        )
        days = filter(None, open_lines.mapped("date_maturity"))
        if after:
            return min((day for day in days if day > after), default=None)
        return min(days, default=self.invoice_date_due)

    def _is_too_small(self, amount):
        """Return whether an amount, in the invoice's currency, is too little to ask for."""
        company, currency = self.company_id, self.currency_id
        minimums = self.env["recovery.charge.minimum"]
        if currency.compare_amounts(amount, 0) <= 0 or not company.recovery_small_rests_wait:
            return False
        if currency.compare_amounts(amount, minimums._get_highest(currency, company)) >= 0:
            return False
        # In sudo mode: customers may read neither cases nor providers.
        move_sudo = self.sudo()
        token_sudo = move_sudo._get_collect_token() or move_sudo.recovery_case_id.token_id
        minimum = minimums._get_minimum(currency, token_sudo.provider_code or "", company)
        return currency.compare_amounts(amount, minimum) < 0

    def _get_owed_block(self, due_date, debt=None):
        """Return why nothing due up to a date is to be charged, or none.

        :param Debt debt: what is owed of it, where it has just been read
        :rtype: Block | None
        """
        self.ensure_one()
        self._fetch_for_recovery()
        debt = debt or self._get_debt(due_date)
        sentence = None
        if self.state != "posted" or self.move_type != "out_invoice":
            sentence = say(self.env, "not_posted")
        elif self.payment_state == "blocked":
            sentence = say(self.env, "marked_blocked")
        elif debt.is_excluded:
            sentence = say(self.env, "not_followed_up")
        elif self.payment_state not in ("not_paid", "partial") or (
            self.currency_id.compare_amounts(debt.owed, 0) <= 0
        ):
            sentence = say(self.env, "nothing_owed")
        if sentence:
            return Block("owed", sentence, moot=True)
        if debt.is_small:
            sentence = say(
                self.env,
                "too_little",
                amount=Money(debt.owed, self.currency_id),
            )
            return Block("small", sentence, moot=True)
        return None

    def _get_dispute_block(self):
        """Return why nothing is charged while the customer disputes a payment, or none.

        The money may still come back; once it is lost, the policy has said what comes next. It is
        looked at again each day, which uses up no try.

        :rtype: Block | None
        """
        self.ensure_one()
        # In sudo mode: who plans a charge by a button need not see how payments are taken back.
        disputes_sudo = self.sudo().recovery_return_ids.filtered(
            lambda each: each.kind == "dispute" and each.state != "won"
        )
        if not disputes_sudo:
            return None
        policy = self.recovery_case_id.policy_id or self.env["recovery.policy"]._match(self)
        if policy.dispute_action == "reopen":
            return None
        return Block(
            "disputed",
            say(self.env, "disputed"),
            until=fields.Datetime.now() + DISPUTE_WAIT,
        )

    def _get_dispute_condition(self):
        """Return the SQL condition without which there is no dispute that could block charges."""
        return SQL(
            """
            EXISTS (SELECT FROM account_move_recovery_return_rel rel
                      JOIN recovery_return taken ON taken.id = rel.recovery_return_id
                     WHERE rel.account_move_id = %s
                       AND taken.kind = 'dispute' AND taken.state != 'won')
            """,
            self.id,
        )

    def _get_exclusion_block(self):
        """Return why nothing is charged while the invoice or its customer is excluded, or none.

        :rtype: Block | None
        """
        self.ensure_one()
        # In sudo mode: who plans a charge by a button need not see how customers are set up.
        exclusion = find_exclusion(self.sudo(), "charges")
        if not exclusion:
            return None
        return Block("excluded", exclusion.sentence, until=get_end(exclusion, self))

    def _is_recoverable(self):
        """Return whether something is owed now, and not excluded from follow-ups."""
        self.ensure_one()
        return not self._get_owed_block(self._get_recovery_today())

    def _get_recurrence(self):
        """Return how often invoices like this one are made, and what makes them.

        It costs no query for an invoice that is made once.

        :return: one of `RECURRENCES`, and the first invoice of the series, the contract or the
            subscription; None for an invoice that is made once. A recurrence that has ended is
            returned too.
        """
        self.ensure_one()
        if recurrence := self._get_foreign_recurrence():
            return recurrence
        origin = self.auto_post_origin_id or self
        period = next((each for each in (self.auto_post, origin.auto_post) if each in PERIODS), "")
        if period or self.auto_post_origin_id:
            return period or "other", origin
        return None
