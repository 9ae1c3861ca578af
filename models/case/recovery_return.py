# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Command, Domain

from ...declines import Decline
from ...tools import jobs
from ...tools.errors import describe_error
from ...tools.instants import aware, naive
from ...tools.said import Money, say
from ..rules.recovery_decline_reason import DECLINE_CLASSES
from .alerts import raise_alert
from .taking_back import TakingBack

_logger = logging.getLogger(__name__)

DISPUTE_STATES = [
    ("opened", "Under Way"),
    ("taken", "Taken Back"),
    ("won", "Given Back"),
    ("lost", "Lost"),
]
# Which state may follow which; the first word is of a return that nobody has told of before. What
# is announced after the money has moved says nothing new of it.
TRANSITIONS = {
    False: {"opened", "taken", "won", "lost"},
    "opened": {"taken", "won", "lost"},
    "taken": {"won", "lost"},
    # The issuer may take the money a second time, and a scheme may give it back after all.
    "won": {"taken", "lost"},
    "lost": {"won"},
}
# How long a return is left alone that could not be booked.
FAILED_WAIT = timedelta(hours=12)


class RecoveryReturn(models.Model):
    """Money that had arrived and was taken back, or is disputed: one dispute, refund or failure.

    A webhook only writes down what it tells. The job that follows invoices brings the books in line
    with it, so that it doesn't matter how often, how late and in which order a provider tells.
    """

    _name = "recovery.return"
    _description = "Recovery Return"
    _order = "id desc"
    _rec_name = "reference"

    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    transaction_id = fields.Many2one(
        comodel_name="payment.transaction",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    payment_id = fields.Many2one(
        comodel_name="account.payment",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The payment that was taken back; empty until it is booked.",
    )
    move_ids = fields.Many2many(
        comodel_name="account.move",
        string="Invoices",
        readonly=True,
        help="The invoices that the payment was for.",
    )
    kind = fields.Selection(
        selection=[
            ("bank", "Bank return"),
            ("dispute", "Dispute"),
            ("failed", "Failed capture or debit"),
            ("refund", "Refund"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        selection=DISPUTE_STATES,
        required=True,
        readonly=True,
        index=True,
        help="Under way: announced, the money is still there.\n"
        "Taken back: the money is gone; of a dispute it may come back.\n"
        "Given back: the money came back, or was never taken.\n"
        "Lost: the money is gone for good.",
    )
    reference = fields.Char(
        readonly=True, help="What the provider calls the dispute, refund or failure."
    )
    currency_id = fields.Many2one(comodel_name="res.currency", required=True, readonly=True)
    amount = fields.Monetary(
        readonly=True, help="What was taken back, or is disputed. 0: the whole payment."
    )
    reason_id = fields.Many2one(
        comodel_name="recovery.decline.reason", readonly=True, ondelete="restrict"
    )
    decline_class = fields.Selection(selection=DECLINE_CLASSES, readonly=True)
    decline = fields.Json(readonly=True)
    code = fields.Char(
        string="Reason Code", readonly=True, help="The network's or bank's, else the provider's."
    )
    message = fields.Char(readonly=True, help="What else the provider or bank said.")
    deadline_at = fields.Datetime(
        string="Evidence Until",
        readonly=True,
        help="Until when evidence against the dispute may be handed in.",
    )
    told_at = fields.Datetime(
        string="Happened",
        readonly=True,
        help="When the latest of what was told happened, by the provider's clock.",
    )
    noted_at = fields.Datetime(
        string="Told",
        default=fields.Datetime.now,
        readonly=True,
        help="When the provider, or a person, told of it first.",
    )
    entry_id = fields.Many2one(
        comodel_name="account.move",
        string="Return Entry",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The entry that takes the payment, or a part of it, back.",
    )
    back_entry_id = fields.Many2one(
        comodel_name="account.move",
        string="Entry That Gave Back",
        readonly=True,
        ondelete="set null",
    )
    booked_amount = fields.Monetary(
        readonly=True, help="What is booked as taken back now, in the currency of the payment."
    )
    is_due = fields.Boolean(readonly=True, help="The books are not in line with it yet.")
    not_before = fields.Datetime(readonly=True, help="When it is tried again to book it.")

    _told_uniq = models.UniqueIndex(
        "(transaction_id, kind, reference) WHERE reference IS NOT NULL",
        "This return is known already.",
    )
    _due_idx = models.Index("(id) WHERE is_due IS TRUE")

    # === COMPUTE METHODS === #

    @api.depends("kind", "reference")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for record in self:
            record.display_name = " ".join(filter(None, (kinds.get(record.kind), record.reference)))

    # === BUSINESS METHODS === #

    @api.model
    def _note_event(self, transaction, event, decline):
        """Write down what a provider tells of a payment, and wake the job.

        :param transaction: the payment's
        :param declines.ReturnEvent event: what is told
        :param declines.Decline decline: why, as far as it is told
        :return: the return; empty when it says nothing new
        """
        told_at = event.at and naive(event.at)
        record = self.search(
            [
                ("transaction_id", "=", transaction.id),
                ("kind", "=", event.kind),
                ("reference", "=", event.id),
            ]
        ) or self._find_recorded_by_hand(transaction, event)
        if not record:
            record = self.create(self._prepare_vals(transaction, event, decline))
        elif not record._take_over(event, told_at, decline):
            return self.browse()
        record.write({"is_due": True, "not_before": False})
        self.env["recovery.invoice.queue"]._wake()
        return record

    @api.model
    def _find_recorded_by_hand(self, transaction, event):
        """Return the return that a person booked before the provider told of it."""
        if event.kind == "refund":
            return self.browse()
        record = self.search(
            [
                ("transaction_id", "=", transaction.id),
                ("kind", "in", ("bank", "failed", "dispute")),
                ("reference", "=", False),
                ("state", "=", "taken"),
            ],
            limit=1,
        )
        if record:
            record.write({"reference": event.id, "kind": event.kind})
        return record

    @api.model
    def _prepare_vals(self, transaction, event, decline):
        currency = transaction.currency_id
        if event.currency and event.currency != currency.name:
            currencies = self.env["res.currency"].with_context(active_test=False)
            currency = currencies.search([("name", "=", event.currency)], limit=1) or currency
        return {
            "company_id": transaction.company_id.id,
            "transaction_id": transaction.id,
            "move_ids": [Command.set(transaction.invoice_ids.ids)],
            "kind": event.kind,
            "state": event.state,
            "reference": event.id,
            "currency_id": currency.id,
            "amount": self._convert_units(event, currency),
            "deadline_at": event.deadline and naive(event.deadline),
            "told_at": event.at and naive(event.at),
            **self._prepare_reason_vals(decline),
        }

    @api.model
    def _prepare_reason_vals(self, decline):
        """Return the values that say why money was taken back."""
        reason = decline.reason and self.env["recovery.decline.reason"]._find(decline.reason).id
        return {
            "reason_id": reason or False,
            "decline_class": decline.decline_class or False,
            "decline": decline.to_dict(aware(fields.Datetime.now())) if decline.reason else False,
            "code": decline.network_code or decline.code,
            "message": decline.message,
        }

    @api.model
    def _convert_units(self, event, currency):
        """Return the amount of an event in the currency, as Odoo counts it."""
        amount = event.amount or 0
        if event.is_minor:
            decimals = currency.decimal_places if event.decimals is None else event.decimals
            amount /= 10**decimals
        return currency.round(float(amount))

    def _take_over(self, event, told_at, decline):
        """Take over what is told of a return that is known.

        :return: whether anything is new
        """
        self.ensure_one()
        known_at = self.told_at
        if told_at and known_at and told_at < known_at:
            _logger.info("%s of %s is older than what is known", event.state, self.reference)
            return False
        may_follow = event.state in TRANSITIONS[self.state]
        # Of what happened within the same second the end came last.
        if told_at and told_at == known_at and self.state in ("won", "lost"):
            may_follow = False
        vals = {"told_at": told_at or known_at}
        if may_follow:
            vals["state"] = event.state
        if event.deadline:
            vals["deadline_at"] = naive(event.deadline)
        if decline.reason and decline.known:
            vals |= self._prepare_reason_vals(decline)
        changed = {
            name: value
            for name, value in vals.items()
            if value != self._fields[name].convert_to_write(self[name], self)
        }
        self.write(changed)
        if not may_follow and event.state not in ("opened", self.state):
            _logger.info("%s does not go from %s to %s", self.reference, self.state, event.state)
        return bool(changed.keys() - {"told_at"})

    @api.model
    def _note_by_hand(self, payment, decline, date, moves, entry, is_dispute):
        """Write down a return that a person booked.

        :param date: of the return
        :param moves: the invoices that it was taken off
        """
        record = self.create(
            {
                "company_id": payment.company_id.id,
                "transaction_id": payment.payment_transaction_id.id,
                "payment_id": payment.id,
                "move_ids": [Command.set(moves.ids)],
                "entry_id": entry.id,
                "is_due": is_dispute,
                "kind": "dispute" if is_dispute else "bank",
                "state": "taken",
                "currency_id": payment.currency_id.id,
                "amount": payment.amount,
                "booked_amount": payment.amount,
                "told_at": fields.Datetime.to_datetime(date),
                **self._prepare_reason_vals(decline),
            }
        )
        if is_dispute:
            self.env["recovery.invoice.queue"]._wake()
        return record

    def _note_undone(self):
        """Keep that a person took the entries of these returns off their payments.

        Of what a provider told the provider tells the end; what a person recorded is over by that.
        """
        self.write({"booked_amount": 0.0, "entry_id": False})
        by_hand = self.filtered(lambda each: not each.reference)
        by_hand.write({"state": "won", "is_due": True, "not_before": False})

    # === CRON === #

    @api.model
    def _book_due(self):
        """Bring the books in line with what was told, each return in a transaction of its own."""
        now = fields.Datetime.now()
        due = Domain("is_due", "=", True) & (
            Domain("not_before", "=", False) | Domain("not_before", "<=", now)
        )
        jobs.work_on_each(
            self.env,
            self.search(due, order="id", limit=500).ids,
            lambda return_id: self._browse_in_company(return_id)._book(),
            failed=lambda return_id, error: self._browse_in_company(return_id)._put_aside(error),
            doing="Booking the return",
        )

    @api.model
    def _browse_in_company(self, return_id):
        record = self.browse(return_id)
        return record.with_company(record.company_id)

    def _book(self):
        """Bring the books in line with what was told of this return."""
        self.ensure_one()
        TakingBack(self).follow()

    def _put_aside(self, error):
        """Leave a return alone for a while that could not be booked, and tell a person."""
        self.not_before = fields.Datetime.now() + FAILED_WAIT
        self.env["recovery.invoice.queue"]._wake(self.not_before)
        self._tell_trouble(describe_error(error))

    def _tell_trouble(self, trouble):
        """Tell a person what they have to do, since the job can't."""
        for move in self.move_ids[:1]:
            sentence = say(
                self.env,
                "booking_trouble",
                amount=Money(self.amount or self.transaction_id.amount, self.currency_id),
                payment=self.transaction_id.reference,
                trouble=trouble,
            )
            raise_alert(move, sentence, f"booking:{self.id}")

    # === GETTERS === #

    def _is_open(self):
        """Return whether this may still end in one way or the other."""
        return self.state in ("opened", "taken")

    def _get_decline(self):
        """Return why the money was taken back.

        :rtype: declines.Decline
        """
        self.ensure_one()
        return Decline.from_dict(self.decline)
