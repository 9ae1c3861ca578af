# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the timing engine is told of a case: failures, method, history, and what forbids charges."""

from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

from ...declines.networks import BANK_SCHEMES
from ...timing.ceiling import check, next_allowed
from ...timing.plan.smart import (
    Case,
    Failure,
    Hint,
    Method,
    NotBefore,
    NotBetween,
    PastCharge,
    RetryPolicy,
)
from ...tools.instants import aware, find_zone
from ...tools.said import say
from .advice import RetryAdvice
from .record import make_failure

# What the smart schedule plans, outside advice apart.
SMART_SOURCES = ("smart", "payday", "advice", "ladder")
# What one method was refused for is not asked of it again for another invoice within this time.
COOL_DOWN = timedelta(days=1)
# A charge that was left out is not planned again for the same day.
SKIP_REST = timedelta(hours=12)
# Retries of a case never follow each other more closely, not even at the end of the window.
RETRY_REST = timedelta(hours=4)
# How long it tells something that another invoice was paid with the method.
FUNDED_AGE = timedelta(hours=6)
SENT_STATES = ("declined", "not_sent", "returned")
HISTORY_LIMIT = 24


class Ceilings:
    """The networks' rules on a card, as a constraint of `timing`.

    :ivar rule: the `recovery.network.rule` that put the charge off, if one did
    """

    kind = "ceiling"

    def __init__(self, token, choice):
        self._token = token
        self._charge = choice.charge
        self._rules = token.env["recovery.network.rule"]._get_rules()
        self._attempts = [earlier.attempt for earlier in choice.history]
        self._ceiling = None

    @property
    def rule(self):
        return self._ceiling and self._token._recovery_get_rule(self._ceiling)

    @property
    def sentence(self):
        return self._token._recovery_render_ceiling(self._ceiling)

    def first_allowed(self, instant):
        """Return the first allowed instant; the first ceiling is the one to tell of."""
        ceiling = check(self._rules, self._attempts, instant, self._charge)
        if not ceiling:
            return instant
        self._ceiling = self._ceiling or ceiling
        allowed = next_allowed(self._rules, self._attempts, instant, self._charge)
        # Instants are stored in whole seconds, which must not fall before the rule's.
        return allowed and allowed + timedelta(seconds=1)


class TimingFacts:
    """Tells the timing engine of one case."""

    def __init__(self, case):
        self.case = case
        self.env = case.env

    def make_case(self, finished, choice):
        """Return the case as the timing engine reads it.

        :param finished: the attempts that failed, oldest first
        :param choice: the method to charge
        :rtype: timing.smart.Case
        """
        failures = self._get_failures(finished, choice)
        return Case(
            failures=failures,
            method=self._get_method(choice.token),
            amount=self._get_amount(choice),
            currency=self.case.currency_id.name,
            tz=self.case.partner_id._get_recovery_tz(),
            history=self.get_history(),
            policy=self.get_policy(),
            constraints=tuple(self.case._get_timing_constraints(finished, choice)),
            hints=tuple(self._get_hints(failures, choice)),
        )

    def _get_failures(self, finished, choice):
        """Return the failed charges of this life of the case, the one that opened it first."""
        sent = finished.filtered(lambda attempt: attempt.state in SENT_STATES)
        return (
            self._get_opening_failure(sent, choice),
            *(make_failure(self._get_failure_vals(attempt, choice.token)) for attempt in sent),
        )

    def _get_failure_vals(self, attempt, token):
        """Return what an attempt tells of its failure; advice is about the method it was for."""
        at = attempt.started_at or attempt.finished_at
        return {
            "at": max(at, self.case.first_failure_at),
            "reason": attempt.decline_reason_id.code,
            # Neither says anything of the customer, and neither uses up a try.
            "decline_class": (
                "technical"
                if attempt._is_technical() or attempt._is_merchant()
                else attempt.decline_class
            ),
            "code": attempt.network_code or attempt.decline_code,
            "advised_until": attempt.advised_until if attempt.token_id == token else None,
        }

    def _get_opening_failure(self, sent, choice):
        first = self.case.first_attempt_id
        if first.state in SENT_STATES:
            vals = self._get_failure_vals(first, choice.token)
            return make_failure({**vals, "at": self.case.first_failure_at})
        at = aware(self.case.first_failure_at)
        # Somebody else had started the payment: it is in the history of the card.
        for charge in choice.history:
            past = charge.attempt
            if (
                past.debt == self.case.move_id.id
                and past.reason
                and (abs(charge.answered_at - at) < timedelta(minutes=1))
            ):
                return Failure(at, past.reason, charge.decline_class or "later", past.code)
        if sent:
            return Failure(at)
        reason = self.case.decline_reason_id.code or "unknown"
        decline_class = self.case.decline_class or "later"
        return Failure(at, reason, "technical" if decline_class == "merchant" else decline_class)

    def _get_method(self, token):
        """Return what is known of a method; nothing of none."""
        if not token:
            return Method()
        network = token.recovery_network or ""
        since = token.recovery_updated_at
        return Method(
            rail=network if network in BANK_SCHEMES else "card",
            network=network,
            funding=token.recovery_funding or "",
            country=token.recovery_country or "",
            issuer=token.recovery_issuer or "",
            since=since and aware(since),
        )

    def _get_amount(self, choice):
        if not choice.charge:
            return self.case._get_owed()
        return choice.charge.amount / 10**self.case.currency_id.decimal_places

    def get_policy(self):
        """Return the terms of the case, as they were when it opened; hours are today's."""
        terms = self.case.ladder
        hours = self._get_hours()
        # A case that opens again has a new window, of the length that its policy has then.
        window = self.case.deadline_at - self.case.first_failure_at
        return RetryPolicy(
            tries=terms["tries"],
            window=window / timedelta(days=1),
            start=hours.start,
            end=hours.end,
            attempt_cost=terms.get("cost", 0.0),
            pull_only=terms.get("pull_only", False),
        )

    def _get_hours(self):
        """Return the hours in which the customer may be charged wherever they may live."""
        hours, partner = self.case._get_charge_hours(), self.case.partner_id
        zones = [find_zone(name) for name in partner._get_recovery_zones()]
        return hours.within(zones, aware(self.case.first_failure_at))

    def get_history(self):
        """Return the earlier charges of the customer's saved methods, of whatever invoices."""
        key = (0, self.case.partner_id.id, self.case.company_id.id, self.case.first_failure_at)
        return read_history(self.env, [key])[0]

    def get_constraints(self, finished, choice):
        """Return what else forbids or delays a charge of the chosen method."""
        constraints = []
        if choice.token:
            constraints.append(Ceilings(choice.token, choice))
            constraints += self._get_cool_downs(choice)
        skipped = finished[-1:]
        if skipped.state == "refused":
            at = max(skipped.finished_at, skipped.planned_at) + SKIP_REST
            sentence = say(self.env, "left_out")
            constraints.append(NotBefore("skipped", aware(at), sentence))
        elif skipped and not self.case.retry_advice:
            constraints.append(self.make_rest(aware(self.case._get_last_failure(finished))))
        return constraints

    def make_rest(self, last_failure):
        """Return the rest of a case after a retry, given at an aware UTC instant."""
        sentence = say(self.env, "just_declined")
        return NotBefore("rest", last_failure + RETRY_REST, sentence)

    def _get_cool_downs(self, choice):
        """Return why the method waits: several invoices on one empty card are one problem."""
        constraints = []
        if until := find_cool_down_end(choice.history, self.case.move_id):
            sentence = say(self.env, "cool_down")
            constraints.append(NotBefore("cooldown", until, sentence))
        sentence = say(self.env, "sibling_first")
        for planned_at in self._read_planned_siblings(choice.token):
            at = aware(planned_at)
            constraints.append(NotBetween("cooldown", at - COOL_DOWN, at + COOL_DOWN, sentence))
        return constraints

    def _read_planned_siblings(self, token):
        """Return when the customer's other invoices will be charged to the method, naive UTC."""
        self.env["recovery.attempt"].flush_model(["case_id", "planned_at", "state", "token_id"])
        self.env["recovery.case"].flush_model(["state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT attempt.planned_at,
                       COALESCE(attempt.token_id, move.collect_token_id),
                       recovery_case.token_id
                  FROM recovery_case
                  JOIN recovery_attempt attempt ON attempt.case_id = recovery_case.id
                                               AND attempt.state = 'planned'
                  JOIN account_move move ON move.id = attempt.move_id
                 WHERE recovery_case.partner_id = %s
                   AND recovery_case.company_id = %s
                   AND recovery_case.move_id != %s
                   AND recovery_case.state = 'in_recovery'
              ORDER BY attempt.planned_at LIMIT 50
                """,
                self.case.partner_id.id,
                self.case.company_id.id,
                self.case.move_id.id,
            )
        )
        usual = self.case.partner_id.with_company(self.case.company_id).collect_token_id.id
        return [
            planned_at
            for planned_at, chosen, failed in rows
            if (chosen or usual or failed) == token.id
        ]

    def _get_hints(self, failures, choice):
        """Return outside advice; the last one that names an instant is followed."""
        hints = []
        if self._is_funded(failures[-1].at, choice):
            sentence = say(self.env, "sibling_paid")
            hints.append(Hint("now", sentence=sentence))
        return hints + RetryAdvice(self.case).get_hints(failures[-1].at)

    def _is_funded(self, last_failure, choice):
        """Return whether the method has just paid another invoice, long after it refused this one.

        :param last_failure: aware UTC instant
        """
        now = aware(fields.Datetime.now())
        for charge in reversed(choice.history):
            past = charge.attempt
            if past.at < now - FUNDED_AGE or past.at < last_failure + SKIP_REST:
                return False
            if past.outcome == "paid" and past.debt != self.case.move_id.id:
                return True
        return False

    def has_news_of_siblings(self, planned, choice):
        """Return whether a planned charge should be planned anew because its method has money."""
        if self.case.arm != "smart" or planned.source not in SMART_SOURCES:
            return False
        return self._is_funded(aware(self.case._get_last_failure(self.case.attempt_ids)), choice)


def read_history(env, keys):
    """Return charges by key, oldest first: the latest that were made before an instant.

    :param keys: tuples of a key, customer, company and naive UTC instant
    :rtype: dict[int, tuple[timing.smart.PastCharge]]
    """
    _flush_charges(env)
    rows = env.execute_query(
        SQL(
            """
            SELECT asked.key, charge.at, charge.is_paid
              FROM (VALUES %(keys)s) AS asked(key, partner_id, company_id, before)
        CROSS JOIN LATERAL (
                SELECT COALESCE(attempt.started_at, transaction.last_state_change) AS at,
                       transaction.state = 'done'
                           AND transaction.recovery_decline IS NULL AS is_paid
                  FROM res_partner partner
                  JOIN account_move move ON move.partner_id = partner.id
                  JOIN account_invoice_transaction_rel rel ON rel.invoice_id = move.id
                  JOIN payment_transaction transaction ON transaction.id = rel.transaction_id
             LEFT JOIN recovery_attempt attempt ON attempt.transaction_id = transaction.id
                 WHERE partner.commercial_partner_id = asked.partner_id
                   AND move.company_id = asked.company_id
                   AND transaction.token_id IS NOT NULL
                   AND transaction.operation NOT IN ('validation', 'refund')
                   AND transaction.state IN ('done', 'error')
                   AND COALESCE(attempt.state, '') NOT IN ('not_sent', 'cancelled')
                   AND COALESCE(transaction.recovery_decline ->> 'decline_class', '') != 'merchant'
                   AND COALESCE(attempt.started_at, transaction.last_state_change)
                       BETWEEN asked.before - INTERVAL '400 days'
                           AND asked.before - INTERVAL '1 minute'
              ORDER BY at DESC LIMIT %(limit)s) AS charge
            """,
            keys=SQL(", ").join(SQL("(%s, %s, %s, %s::timestamp)", *key) for key in keys),
            limit=HISTORY_LIMIT,
        )
    )
    charges = {key[0]: [] for key in keys}
    for key, at, is_paid in rows:
        charges[key].append(PastCharge(aware(at), is_paid))
    return {key: tuple(reversed(found)) for key, found in charges.items()}


def _flush_charges(env):
    env["payment.transaction"].flush_model(
        ["state", "last_state_change", "recovery_decline", "token_id"]
    )
    env["recovery.attempt"].flush_model(["state", "started_at", "transaction_id"])


def find_cool_down_end(history, move):
    """Return until when a method rests after a decline for another invoice, or none.

    :param history: the charges of the card, oldest first
    :return: an aware UTC instant
    """
    now = aware(fields.Datetime.now())
    for charge in reversed(history):
        past = charge.attempt
        if past.outcome == "paid" or past.at <= now - COOL_DOWN:
            return None
        if charge.decline_class == "later" and past.debt != move.id:
            return past.at + COOL_DOWN
    return None
