# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What happens to failed payments, as plain records that automation rules can wait for."""

import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models

from ...tools.isolation import run_isolated
from ...tools.said import SaidField
from ..case.recovery_invoice_queue import FOLLOW
from ..rules.recovery_decline_reason import DECLINE_CLASSES
from .daily import tell_events_of_the_day

_logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=400)

FOLLOW.fill("events of the day", ("recovery.event", "_raise_daily"))


class RecoveryEvent(models.Model):
    """Something that a state can't say happened to an invoice, a charge, a method or a provider.

    Events are written while an active automation rule waits for them, and never changed.
    """

    _name = "recovery.event"
    _description = "Recovery Event"
    _order = "occurred_at desc, id desc"
    _rec_name = "sentence"

    type = fields.Selection(
        selection=[
            ("attempt_failed", "Charge failed"),
            ("attempt_succeeded", "Charge succeeded"),
            ("method_blocked", "Method blocked"),
            ("method_updated", "Method updated"),
            ("ceiling_reached", "Ceiling reached"),
            ("retries_exhausted", "Retries used up"),
            ("promise_broken", "Promise broken"),
            ("payment_returned", "Payment returned"),
            ("invoice_due_soon", "Invoice due soon"),
            ("invoice_overdue", "Invoice overdue"),
            ("large_failed", "Large invoice failed"),
            ("card_unanswered", "Card expires, no answer"),
            ("provider_failing", "Provider failing"),
            ("service_ended", "Service ended"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    sentence = SaidField(
        string="What Happened", required=True, readonly=True, help="One sentence for people."
    )
    occurred_at = fields.Datetime(
        string="Occurred", required=True, readonly=True, index=True, default=fields.Datetime.now
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    case_id = fields.Many2one(
        comodel_name="recovery.case", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True, ondelete="cascade"
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        readonly=True,
        ondelete="set null",
        help="The responsible of the case, else the salesperson of the invoice.",
    )
    policy_id = fields.Many2one(comodel_name="recovery.policy", readonly=True, ondelete="set null")
    attempt_id = fields.Many2one(
        comodel_name="recovery.attempt", string="Charge", readonly=True, ondelete="cascade"
    )
    token_id = fields.Many2one(
        comodel_name="payment.token",
        string="Payment Method",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    provider_id = fields.Many2one(
        comodel_name="payment.provider", readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    amount = fields.Monetary(
        readonly=True, help="What the event is about, in the invoice's currency."
    )
    decline_class = fields.Selection(selection=DECLINE_CLASSES, readonly=True)
    decline_reason_id = fields.Many2one(
        comodel_name="recovery.decline.reason", readonly=True, ondelete="set null"
    )
    attempt_number = fields.Integer(
        string="Number of the Charge",
        readonly=True,
        help="Which charge of the case it was, the first one being 1.",
    )
    is_first_payment = fields.Boolean(
        string="First Payment",
        readonly=True,
        help="The customer has never paid automatically before.",
    )

    # === COMPUTE METHODS === #

    @api.depends("sentence")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        """Override of the ORM's to call it by its sentence as the reader sees it."""
        return super()._compute_display_name()

    # === BUSINESS METHODS === #

    @api.model
    def _raise(self, type, case=None, move=None, attempt=None, token=None, provider=None, **values):
        """Write that something happened, when an active rule waits for events; else do nothing.

        Hook for addons that react to what happens: override it, whatever it returns. It is called
        when the outcome of a charge has been committed, never in the middle of one.

        :param str type: one of the selection
        :param values: further fields of the event; `sentence` and, where nothing else tells the
            company, `company_id` must be among them
        :return: the event, or none
        """
        if not self._is_awaited():
            return self.browse()
        event, error = run_isolated(
            self.env,
            lambda: self.sudo().create(
                self._prepare_event_vals(type, case, move, attempt, token, provider, values)
            ),
        )
        if isinstance(error, psycopg2.OperationalError):
            raise error  # Somebody changed the invoice meanwhile: the caller begins anew.
        if error:
            # What happened is worth more than the telling of it.
            _logger.error("The event %s could not be written", type, exc_info=error)
        return event or self.browse()

    @api.model
    def _is_awaited(self):
        """Return whether an active rule waits for events; costs no query."""
        return self.env["base.automation"]._recovery_is_listening(self._name)

    @api.model
    def _is_known(self, *conditions):
        """Return whether there is an event that meets all conditions."""
        # In sudo mode: what was told counts, whoever may read it.
        return bool(self.sudo().search_count(list(conditions), limit=1))

    @api.model
    def _prepare_event_vals(self, type, case, move, attempt, token, provider, values):
        """Return the values of an event, as far as its records tell them."""
        # In sudo mode: whoever sets it off may not read all of what the event is about.
        attempt = (attempt or self.env["recovery.attempt"]).sudo()
        case = (case or attempt.case_id).sudo()
        move = (move or attempt.move_id or case.move_id).sudo()
        token = (token or attempt.token_id).sudo()
        provider = (provider or token.provider_id).sudo()
        company = move.company_id or token.company_id or provider.company_id
        prepared = {
            "type": type,
            "company_id": company.id,
            "case_id": case.id,
            "move_id": move.id,
            "partner_id": (move.commercial_partner_id or token.partner_id).id,
            "user_id": (case.user_id or move.invoice_user_id).id,
            "policy_id": case.policy_id.id,
            "attempt_id": attempt.id,
            "token_id": token.id,
            "provider_id": provider.id,
            "currency_id": move.currency_id.id,
            "amount": move._get_debt_asked().owed if move else 0.0,
            "decline_class": case.decline_class,
            "decline_reason_id": case.decline_reason_id.id,
            "attempt_number": len(case.attempt_ids.filtered("transaction_id")),
        }
        if attempt:
            if not case:  # The first charge of an invoice.
                prepared["attempt_number"] = 1
            prepared |= {
                "amount": attempt.amount,
                "decline_class": attempt.decline_class,
                "decline_reason_id": attempt.decline_reason_id.id,
                "is_first_payment": self._is_first_payment(attempt),
            }
        return {**prepared, **values}

    @api.model
    def _is_first_payment(self, attempt):
        """Return whether no charge of the customer had succeeded before this one."""
        return not self.env["recovery.attempt"].search_count(
            [
                ("move_id.commercial_partner_id", "=", attempt.partner_id.id),
                ("state", "in", ("paid", "returned")),
                ("id", "<", attempt.id),
            ],
            limit=1,
        )

    # === CRON === #

    @api.model
    def _raise_daily(self):
        """Tell what the day brings: a step of the job that follows invoices."""
        tell_events_of_the_day(self)

    @api.autovacuum
    def _gc_old(self, limit=10000):
        """Remove events that are older than 400 days."""
        old = self.search([("occurred_at", "<", fields.Datetime.now() - KEPT_FOR)], limit=limit)
        old.unlink()
        return len(old), len(old) == limit
