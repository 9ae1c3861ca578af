# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from ..tools.said import SaidField, facts_in_sql

# The kinds of lines, which share the numbers of their records.
KINDS = 4
# A customer's payment that opens a case, or closes one, lies so near to that instant.
AROUND = timedelta(hours=1)


class RecoveryTimeline(models.Model):
    """Charges, payments that the customer made, notices and actions of rules: one calendar."""

    _name = "recovery.timeline"
    _description = "Recovery Timeline"
    _auto = False
    _order = "at, id"
    _depends = {
        "recovery.attempt": [
            "case_id",
            "company_id",
            "state",
            "planned_at",
            "started_at",
            "finished_at",
            "sentence",
            "amount",
            "currency_id",
            "method_label",
        ],
        "recovery.notice": [
            "case_id",
            "company_id",
            "status",
            "planned_at",
            "held_until",
            "sent_at",
            "name",
            "sentence",
        ],
        "recovery.planned.action": [
            "case_id",
            "company_id",
            "state",
            "planned_at",
            "done_at",
            "name",
            "sentence",
        ],
        "payment.transaction": [
            "amount",
            "company_id",
            "currency_id",
            "invoice_ids",
            "last_state_change",
            "operation",
            "reference",
            "state",
            "state_message",
        ],
        "recovery.case": ["closed_at", "first_failure_at", "move_id"],
    }

    case_id = fields.Many2one(comodel_name="recovery.case", readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    at = fields.Datetime(string="Date", readonly=True)
    kind = fields.Selection(
        selection=[
            ("charge", "Charge"),
            ("payment", "Payment"),
            ("notice", "Notice"),
            ("action", "Action"),
        ],
        readonly=True,
    )
    state = fields.Selection(
        selection=lambda self: self._get_states(), string="Status", readonly=True
    )
    amount = fields.Monetary(readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    method_label = fields.Char(string="Payment Method", readonly=True)
    sentence = SaidField(string="Explanation", readonly=True)

    # === ACTION METHODS === #

    def action_cancel(self):
        """Withdraw planned actions, and those of their rules that were to follow."""
        self.check_access("read")
        actions = self.filtered(lambda line: line.kind == "action")
        planned_actions = self.env["recovery.planned.action"].browse(
            line.id // KINDS for line in actions
        )
        return planned_actions.action_cancel()

    # === QUERY === #

    @property
    def _table_query(self):
        # The remainder of an id tells the kind, so that each line keeps its id.
        return SQL(
            """
            SELECT attempt.id * %(kinds)s AS id,
                   attempt.case_id,
                   attempt.company_id,
                   COALESCE(attempt.started_at, LEAST(attempt.planned_at, attempt.finished_at))
                       AS at,
                   'charge' AS kind,
                   attempt.state,
                   NULLIF(attempt.amount, 0) AS amount,
                   attempt.currency_id,
                   attempt.method_label,
                   attempt.sentence
              FROM recovery_attempt attempt
             WHERE attempt.case_id IS NOT NULL
         UNION ALL
            SELECT notice.id * %(kinds)s + 1,
                   notice.case_id,
                   notice.company_id,
                   COALESCE(notice.sent_at, GREATEST(notice.planned_at, notice.held_until)),
                   'notice',
                   notice.status,
                   NULL,
                   NULL,
                   NULL,
                   CASE WHEN notice.name IS NULL THEN notice.sentence
                        ELSE %(of_notice)s || COALESCE(notice.sentence, '[]') END
              FROM recovery_notice notice
             WHERE notice.case_id IS NOT NULL
         UNION ALL
            SELECT planned_action.id * %(kinds)s + 2,
                   planned_action.case_id,
                   planned_action.company_id,
                   COALESCE(planned_action.done_at, planned_action.planned_at),
                   'action',
                   planned_action.state,
                   NULL,
                   NULL,
                   NULL,
                   %(of_action)s || COALESCE(planned_action.sentence, '[]')
              FROM recovery_planned_action planned_action
             WHERE planned_action.case_id IS NOT NULL
         UNION ALL  -- One that is taken up by a case counts for no other: lives don't overlap.
            SELECT transaction.id * %(kinds)s + 3,
                   recovery_case.id,
                   recovery_case.company_id,
                   transaction.last_state_change,
                   'payment',
                   CASE transaction.state WHEN 'done' THEN 'paid' WHEN 'error' THEN 'declined'
                        WHEN 'cancel' THEN 'cancelled' ELSE 'pending' END,
                   transaction.amount,
                   transaction.currency_id,
                   NULL,
                   %(of_payment)s
              FROM payment_transaction transaction
              JOIN account_invoice_transaction_rel rel ON rel.transaction_id = transaction.id
              JOIN recovery_case ON recovery_case.move_id = rel.invoice_id
             WHERE transaction.operation IN ('online_direct', 'online_redirect', 'online_token')
               AND transaction.state IN ('pending', 'authorized', 'done', 'error', 'cancel')
               AND transaction.last_state_change >= recovery_case.first_failure_at - %(before)s
               AND (recovery_case.closed_at IS NULL
                    OR transaction.last_state_change <= recovery_case.closed_at + %(before)s)
               AND NOT EXISTS (SELECT FROM recovery_attempt attempt
                                WHERE attempt.transaction_id = transaction.id)
            """,
            kinds=KINDS,
            before=AROUND,
            of_notice=facts_in_sql("label", name=SQL("notice.name")),
            of_action=facts_in_sql("label", name=SQL("planned_action.name")),
            # What the provider said of it, or how it is called: as it was written.
            of_payment=facts_in_sql(
                "text", text=SQL("COALESCE(transaction.state_message, transaction.reference)")
            ),
        )

    def _get_states(self):
        """Return the states of attempts, notices and actions, each once."""
        states = {}
        for model, name in (
            ("recovery.planned.action", "state"),
            ("recovery.notice", "status"),
            ("recovery.attempt", "state"),
        ):
            states |= dict(self.env[model]._fields[name]._description_selection(self.env))
        return list(states.items())
