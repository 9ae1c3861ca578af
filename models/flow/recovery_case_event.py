"""What happens to a case is written as events, for the automation rules that wait for them."""

from datetime import timedelta

from odoo import api, fields, models

from ..case.recovery_case import OPEN_STATES

# How long ago a method may have been updated for the event to be news.
LATELY = timedelta(days=1)


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    planned_action_ids = fields.One2many(
        comodel_name="recovery.planned.action", inverse_name="case_id", string="Planned Actions"
    )
    method_expires_on = fields.Date(
        string="Method Expires",
        compute="_compute_method_expires_on",
        search="_search_method_expires_on",
        help="The last day of the saved payment method of the invoice, or of the customer.",
    )

    # === COMPUTE METHODS === #

    def _compute_method_expires_on(self):
        for case in self:
            # In sudo mode: the facts of a method are shown to whoever may see the case.
            case.method_expires_on = case._get_default_token().sudo().recovery_expiry

    def _search_method_expires_on(self, operator, value):
        tokens = self.env["payment.token"].sudo()._search([("recovery_expiry", operator, value)])
        return [
            "|",
            ("move_id.collect_token_id", "in", tokens),
            "&",
            ("move_id.collect_token_id", "=", False),
            ("token_id", "in", tokens),
        ]

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=True)
    def _unlink_events(self):
        """Take the events along, and cancel what rules had planned.

        Left to PostgreSQL, a planned action that loses its case and its event at once fails to
        lose either.
        """
        actions_sudo = self.env["recovery.planned.action"].sudo()
        actions_sudo = actions_sudo.search([("case_id", "in", self.ids)])
        actions_sudo._set_planned_cancelled(self.env._("The case was deleted."))
        actions_sudo.write({"case_id": False, "event_id": False})
        self.env["recovery.event"].sudo().search([("case_id", "in", self.ids)]).unlink()

    # === BUSINESS METHODS === #

    @api.model
    def _follow(self, move, transactions):
        """Override to tell of the outcomes of charges that have just been followed."""
        result = super()._follow(move, transactions)
        if not self.env["recovery.event"]._is_awaited():
            return result
        attempts = move.recovery_attempt_ids.filtered("is_news").sorted("id")
        for attempt in attempts:
            attempt._raise_outcome()
        attempts.is_news = False
        if move.recovery_case_id:
            move.recovery_case_id._raise_method_updates()
        return result

    @api.model
    def _open(self, move, *args, **values):
        """Override to tell of large invoices that failed."""
        before = move.recovery_case_id
        case = super()._open(move, *args, **values)
        if case and case != before and case.opened_by != "overdue":
            case._raise_large()
        return case

    def _reopen(self, reason, **values):
        """Override to tell of large invoices that failed after all."""
        result = super()._reopen(reason, **values)
        if result:
            self._raise_large()
        return result

    def _raise_large(self):
        events = self.env["recovery.event"]
        if not events._is_awaited():
            return
        move = self.move_id
        threshold = self.company_id.recovery_large_amount
        if threshold and abs(move.amount_residual_signed) >= threshold:
            sentence = self.env._(
                "%(amount)s of %(invoice)s failed.",
                amount=self.currency_id.format(move.amount_residual),
                invoice=move.name,
            )
            events._raise("large_failed", case=self, sentence=sentence)

    def _block_method(self, block):
        """Override to tell that no method may be charged, once until one may again."""
        is_news = not self.blocked_class
        result = super()._block_method(block)
        if is_news:
            self.env["recovery.event"]._raise("method_blocked", case=self, sentence=block.sentence)
        return result

    def _begin_grace(self, reason):
        """Override to tell that the retries are used up."""
        before = self.state
        result = super()._begin_grace(reason)
        if before != self.state:
            self.env["recovery.event"]._raise("retries_exhausted", case=self, sentence=reason)
        return result

    def _break_promise(self):
        """Override to tell of a promise that was not kept."""
        promised = self.promise_date
        result = super()._break_promise()
        if promised and not self.promise_date and self.state in OPEN_STATES:
            self.env["recovery.event"]._raise(
                "promise_broken", case=self, sentence=self.attention or self.end_reason
            )
        return result

    @api.model
    def _follow_return(self, move, attempt, transaction, decline, sentence):
        """Override to tell of a payment that the bank took back."""
        case = super()._follow_return(move, attempt, transaction, decline, sentence)
        events = self.env["recovery.event"]
        known = [
            ("type", "=", "payment_returned"),
            ("move_id", "=", move.id),
            ("sentence", "=", sentence),
        ]
        # A bank, or a provider, may tell of the same return twice.
        if not events._is_awaited() or events.sudo().search_count(known, limit=1):
            return case
        events._raise(
            "payment_returned",
            case=case,
            move=move,
            attempt=attempt or None,
            sentence=sentence,
            **self._prepare_return_vals(decline),
        )
        return case

    def _plan_next_charge(self, attempts=None):
        """Override to tell that a network's rule holds the next charge back."""
        if not self.env["recovery.event"]._is_awaited():
            return super()._plan_next_charge(attempts)
        before = self.next_attempt_id
        result = super()._plan_next_charge(attempts)
        attempt = self.next_attempt_id
        if attempt.rule_id and attempt != before:
            attempt._raise_ceiling()
        return result

    def _raise_method_updates(self):
        """Tell once of each method of the customer that was added or updated of late."""
        if self.state not in OPEN_STATES:
            return
        events = self.env["recovery.event"]
        since = max(self.first_failure_at, fields.Datetime.now() - LATELY)
        for token in self._get_default_token() | self._get_other_tokens():
            at = token.recovery_updated_at
            known = [
                ("type", "=", "method_updated"),
                ("case_id", "=", self.id),
                ("token_id", "=", token.id),
                ("occurred_at", ">=", at),
            ]
            if at and at > since and not events.sudo().search_count(known, limit=1):
                sentence = self.env._(
                    "%(method)s was added or updated.", method=token._recovery_get_label()
                )
                events._raise(
                    "method_updated",
                    case=self,
                    token=token,
                    sentence=sentence,
                    occurred_at=max(at, fields.Datetime.now()),
                )
