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
    def _is_listening(self):
        """Fill the hook: an active rule waits for events; costs no query."""
        return self.env["recovery.event"]._is_awaited()

    @api.model
    def _emit(
        self, type, sentence="", move=None, attempt=None, token=None, provider=None, **values
    ):
        """Fill the hook: write the event, for the rules that wait for it."""
        super()._emit(type, sentence, move, attempt, token, provider, **values)
        if not self._is_listening():
            return
        if type == "large_failed":
            sentence = self._describe_large()
        if not sentence or (type == "payment_returned" and self._is_told(type, move, sentence)):
            return
        self.env["recovery.event"]._raise(
            type,
            case=self,
            move=move,
            attempt=attempt,
            token=token,
            provider=provider,
            sentence=sentence,
            **values,
        )

    def _describe_large(self):
        """Return the sentence that a large invoice failed; none of a smaller one."""
        move = self.move_id
        threshold = self.company_id.recovery_large_amount
        if not threshold or abs(move.amount_residual_signed) < threshold:
            return ""
        return self.env._(
            "%(amount)s of %(invoice)s failed.",
            amount=self.currency_id.format(move.amount_residual),
            invoice=move.name,
        )

    @api.model
    def _is_told(self, type, move, sentence):
        """Return whether the same was told before: a bank may tell of a return twice."""
        known = [("type", "=", type), ("move_id", "=", move.id), ("sentence", "=", sentence)]
        return bool(self.env["recovery.event"].sudo().search_count(known, limit=1))

    def _on_followed(self):
        """Fill the hook: tell of payment methods that were added or updated."""
        super()._on_followed()
        self._raise_method_updates()

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
