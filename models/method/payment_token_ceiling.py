"""What has been charged to a card, by whomever, and what the networks still allow."""

from datetime import datetime, timezone
from typing import NamedTuple

from odoo import fields, models
from odoo.tools import SQL, format_datetime

from ...timing.ceiling import Charge, PastAttempt, Refusal, check, next_allowed
from ..rules.block import Block

# A decline of these classes shuts the method until it changes, or until it pays after all.
BLOCKING_CLASSES = ("fix_data", "customer_action", "never")


class CardCharge(NamedTuple):
    """One charge of a card or bank account, by us or by anybody else.

    :ivar decline_class: of a charge of the saved method; what a customer types wrong on a form
        says nothing of what is saved
    :ivar answered_at: aware UTC instant of the decline, which for a bank's return is days later
    """

    attempt: PastAttempt
    decline_class: str
    answered_at: datetime


class PaymentToken(models.Model):
    _inherit = "payment.token"

    # === GETTERS === #

    def _recovery_get_history(self):
        """Return the charges of this card or account that were sent, oldest first.

        All saved methods with the same fingerprint are the same card. A charge remembers the
        fingerprint of its time, so that a renewed card starts afresh.

        :rtype: list[CardCharge]
        """
        self.ensure_one()
        fields_to_flush = ["state", "recovery_decline", "recovery_fingerprint"]
        self.env["payment.transaction"].flush_model(fields_to_flush)
        self.env["recovery.attempt"].flush_model(["state", "started_at", "transaction_id"])
        self.flush_model(["recovery_fingerprint"])
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT COALESCE(attempt.started_at, transaction.last_state_change,
                                transaction.create_date) AS at,
                       transaction.state,
                       transaction.amount,
                       transaction.currency_id,
                       transaction.company_id,
                       transaction.recovery_decline AS decline,
                       transaction.token_id IS NOT NULL AS is_saved,
                       COALESCE(attempt.move_id, (
                           SELECT MIN(invoice_id) FROM account_invoice_transaction_rel
                            WHERE transaction_id = transaction.id)) AS move_id
                  FROM payment_transaction transaction
             LEFT JOIN recovery_attempt attempt ON attempt.transaction_id = transaction.id
                 WHERE (%(is_of_card)s)
                   AND transaction.operation NOT IN ('validation', 'refund')
                   AND (transaction.state != 'draft'
                        OR attempt.state IN ('running', 'unknown'))
                   AND (transaction.state != 'cancel'
                        OR transaction.recovery_decline IS NOT NULL
                        OR attempt.state = 'declined')
                   AND COALESCE(attempt.state, '') NOT IN ('not_sent', 'cancelled')
              ORDER BY at, transaction.id
                """,
                is_of_card=self._recovery_get_card_condition(),
            )
        )
        return [self._recovery_prepare_charge(row) for row in rows]

    def _recovery_get_card_condition(self):
        if not self.recovery_fingerprint:
            return SQL("transaction.token_id = %s", self.id)
        return SQL(
            """
            transaction.recovery_fingerprint = %(fingerprint)s
            OR transaction.recovery_fingerprint IS NULL AND transaction.token_id IN (
                SELECT id FROM payment_token WHERE recovery_fingerprint = %(fingerprint)s)
            """,
            fingerprint=self.recovery_fingerprint,
        )

    def _recovery_prepare_charge(self, row):
        decline = row["decline"] or {}
        currency = self.env["res.currency"].browse(row["currency_id"])
        # A payment that the bank took back stays done, with the bank's reason.
        is_paid = row["state"] == "done" and not decline
        attempt = PastAttempt(
            at=row["at"].replace(tzinfo=timezone.utc),
            amount=_to_minor_units(row["amount"], currency),
            currency=currency.name,
            outcome="paid" if is_paid else "declined",
            network=decline.get("network", ""),
            code=decline.get("network_code", ""),
            reason=decline.get("reason", ""),
            category=decline.get("category"),
            advice_code=decline.get("advice_code", ""),
            company=row["company_id"],
            debt=row["move_id"],
        )
        return CardCharge(
            attempt,
            decline.get("decline_class", "") if row["is_saved"] else "",
            datetime.fromisoformat(decline["at"]) if "at" in decline else attempt.at,
        )

    def _recovery_prepare_question(self, move, amount):
        """Return the charge of an invoice, in its currency, that the rules are asked about."""
        self.ensure_one()
        currency = move.currency_id
        return Charge(
            amount=_to_minor_units(amount, currency),
            currency=currency.name,
            network=self.recovery_network or "",
            country=self.recovery_country or "",
            company=self.company_id.id,
            debt=move.id,
        )

    def _recovery_get_block(self, charge, instant, history):
        """Return what keeps this method from being charged until it changes, or none.

        :param timing.ceiling.Charge charge:
        :param instant: naive UTC
        :param history: of :meth:`_recovery_get_history`
        :rtype: Block | None
        """
        self.ensure_one()
        if blocking := self._recovery_find_blocking_charge(charge, history):
            return self._recovery_prepare_block(blocking)
        refusal = self._recovery_check_ceiling(charge, instant, history)
        if not refusal or refusal.allowed_from:
            return None
        latest = history[-1].attempt if history else None
        at = latest.at if latest else _aware(instant)
        return Block(
            "ceiling",
            self._recovery_render_refusal(refusal),
            rule=self._recovery_get_rule(refusal),
            decline_class="never",
            reason=self.env["recovery.decline.reason"]._find(
                latest.reason if latest else "unknown"
            ),
            at=at.replace(tzinfo=None),
        )

    def _recovery_find_blocking_charge(self, charge, history):
        """Return the latest decline that shuts this method for a charge, or none.

        Expired data, and a method that is dead, concern all invoices; a confirmation that the
        bank asks of the customer concerns the one invoice.
        """
        updated_at = self.recovery_updated_at
        # In the order of the answers: a debit that succeeded meanwhile, and may be returned yet,
        # says nothing against a return.
        by_answer = sorted(history, key=lambda earlier: earlier.answered_at)
        for earlier in reversed(by_answer):
            at = earlier.attempt.at.replace(tzinfo=None)
            if earlier.attempt.outcome == "paid":
                return None
            if updated_at and at < updated_at:
                continue
            if earlier.decline_class in BLOCKING_CLASSES and (
                earlier.decline_class != "customer_action" or earlier.attempt.debt == charge.debt
            ):
                return earlier
        return None

    def _recovery_prepare_block(self, blocking):
        reason = self.env["recovery.decline.reason"]._find(blocking.attempt.reason)
        known = {"method": self._recovery_get_label(), "reason": reason.name}
        sentences = {
            "fix_data": self.env._("Waits until %(method)s is updated: %(reason)s.", **known),
            "customer_action": self.env._(
                "Waits for the customer to confirm the payment: %(reason)s.", **known
            ),
            "never": self.env._("%(method)s is not charged any more: %(reason)s.", **known),
        }
        at = blocking.attempt.at.replace(tzinfo=None)
        return Block(
            "card",
            sentences[blocking.decline_class],
            decline_class=blocking.decline_class,
            reason=reason,
            at=at,
        )

    def _recovery_check_ceiling(self, charge, instant, history) -> Refusal | None:
        """Say whether the networks' rules allow a charge at a naive UTC instant."""
        rules = self.env["recovery.network.rule"]._get_rules()
        return check(rules, [earlier.attempt for earlier in history], _aware(instant), charge)

    def _recovery_get_next_allowed(self, charge, instant, history) -> datetime | None:
        """Return the first naive UTC instant at which all rules allow a charge, or none."""
        rules = self.env["recovery.network.rule"]._get_rules()
        attempts = [earlier.attempt for earlier in history]
        allowed = next_allowed(rules, attempts, _aware(instant), charge)
        return allowed and allowed.replace(tzinfo=None)

    def _recovery_get_rule(self, refusal):
        """Return the record of the rule that a refusal comes from."""
        return self.env["recovery.network.rule"]._find(refusal.rule.id)

    def _recovery_render_refusal(self, refusal):
        """Return the sentence of a refusal, its instant in the company's time zone."""
        values = dict(refusal.sentence.values)
        if refusal.allowed_from:
            values["date"] = self._recovery_format_instant(
                refusal.allowed_from.replace(tzinfo=None)
            )
        return self.env._(refusal.sentence.source, **values)

    def _recovery_format_instant(self, instant):
        """Return a naive UTC instant as an accountant of the company reads it."""
        tz = self.env.company.partner_id._get_recovery_tz()
        return format_datetime(self.env, instant, tz=tz, dt_format="d MMM HH:mm")

    def _recovery_describe(self):
        """Return what is known of the method, for a person: network, funding, country, validity."""
        self.ensure_one()
        funding = dict(self._fields["recovery_funding"]._description_selection(self.env))
        month = self.recovery_expiry and self.recovery_expiry.strftime("%m/%Y")
        if self.recovery_expiry_state == "expired":
            # Charged all the same: banks often take charges of a card that they have renewed.
            expiry = self.env._("expired after %(month)s, unless its bank renewed it", month=month)
        else:
            expiry = month and self.env._("valid until %(month)s", month=month)
        known = (
            self.recovery_network and self.recovery_network.replace("_", " ").capitalize(),
            funding.get(self.recovery_funding),
            self.recovery_country,
            expiry,
        )
        return ", ".join(filter(None, known))


def _to_minor_units(amount, currency):
    return round((amount or 0) * 10**currency.decimal_places)


def _aware(instant):
    return fields.Datetime.to_datetime(instant).replace(tzinfo=timezone.utc)
