# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What all providers share: saved cards, payments, the ledger, and what is told of them.

A provider is one file: where it lives, its credentials, its words for a refusal, how it answers a
call, and how it signs what it tells. The words in which cards answer are Stripe's decline codes
(`behaviours.py`); each provider has its own for them.

Simplified everywhere: currencies of two decimals, one merchant account, refunds at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from ..behaviours import PROCESSING, SUCCEED, Answer, Behaviour, ChargeRequest, behaviour_from
from ..gateway import Gateway
from ..gateway.errors import ApiError
from ..gateway.idempotency import Response
from ..gateway.ledger import Entry
from ..gateway.webhooks import Letter

# What an event tells of a payment, in our words. Those after `declined` take money back.
TOLD = (
    "pending",
    "paid",
    "declined",
    "refunded",
    "dispute_notice",
    "disputed",
    "dispute_won",
    "capture_failed",
)
_TAKES_BACK = ("refunded", "disputed", "capture_failed")
# The scenarios of which nothing can be seen where no event reaches the payment.
BY_EVENTS = (
    "lost_answer_is_told",
    "refused_by_webhook_only",
    "webhook_before_the_answer",
    "webhook_twice",
    "webhook_forged",
    "webhooks_out_of_order",
    "refund_at_the_provider",
    "dispute_is_announced",
    "dispute_is_lost",
    "dispute_is_won",
    "capture_failed",
    "card_is_renewed",
)


@dataclass(eq=False)
class Card:
    """A card that is saved at a provider.

    :ivar token: the provider's name of it
    :ivar customer: the provider's name of its owner
    :ivar values: the fields of Odoo's saved method
    """

    token: str
    customer: str
    behaviour: Behaviour
    brand: str = "visa"
    last4: str = "4242"
    exp_month: int = 12
    exp_year: int = 2030
    country: str = "US"
    email: str = "customer@example.com"
    values: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Payment:
    """One payment as its provider knows it.

    :ivar amount: minor units of `currency` (ISO 4217, upper case)
    :ivar status: `pending`, `paid`, `declined`, or one of `TOLD` that takes the money back
    :ivar answer: the issuer's last word
    :ivar created: aware, UTC
    """

    id: str
    reference: str | None
    amount: int
    currency: str
    card: Card
    created: datetime
    status: str = "pending"
    answer: Answer = field(default_factory=lambda: Answer(PROCESSING))
    order: str = ""

    @property
    def major(self) -> float:
        """The amount in the major unit."""
        return self.amount / 100

    @property
    def reason(self) -> str:
        """Why it was declined, in the words of the behaviours; empty unless it was."""
        return self.answer.outcome if self.status == "declined" else ""


class Provider:
    """One provider.

    :cvar code: its technical name in Odoo
    :cvar host: a regular expression of the host where Odoo's addon calls it
    :cvar money: a regular expression of the path of the call that moves money
    :cvar route: Odoo's route for its events; empty where the addon has none
    :cvar key_header: the header with the idempotency key; empty where the addon sends none
    :cvar key_lifetime: how long such a key is remembered
    :cvar currency: in which the account is charged
    :cvar settings: the fields of Odoo's provider that are set up
    :cvar secrets: those of them without which it refuses each call
    :cvar declines: its words for refusals, by those of the behaviours
    :cvar poor: the word of the behaviours for a lack of money, as far as it can tell it
    :cvar dead: a word after which a card is never charged again
    :cvar impossible: the scenarios that can't be played with Odoo's addon, and why
    """

    code: ClassVar[str]
    host: ClassVar[str]
    money: ClassVar[str]
    route: ClassVar[str] = ""
    key_header: ClassVar[str] = ""
    key_lifetime: ClassVar[timedelta] = timedelta(hours=24)
    currency: ClassVar[str] = "USD"
    settings: ClassVar[Mapping[str, Any]]
    secrets: ClassVar[tuple[str, ...]]
    declines: ClassVar[Mapping[str, Any]]
    poor: ClassVar[str] = "insufficient_funds"
    dead: ClassVar[str] = "stolen_card"
    impossible: ClassVar[Mapping[str, str]] = {}

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.state = gateway.state
        # Where Odoo listens, on this machine; the house says it.
        self.odoo_url = ""
        self.clear()

    def clear(self) -> None:
        """Forget cards and payments."""
        self.cards: dict[str, Card] = {}
        self.payments: dict[str, Payment] = {}
        self._count = 0

    # Overridden by each provider

    def authenticate(self, path: str, params: Any, headers: Mapping[str, str]) -> None:
        """Refuse whoever has not the credentials.

        :raises ApiError: when they have not
        """
        raise NotImplementedError

    def answer(self, method: str, path: str, params: Any) -> Response:
        """Answer one call; the lock of the state is held.

        :raises ApiError: for what the provider refuses
        """
        raise NotImplementedError

    def refuse(self, kind: str) -> ApiError | None:
        """Return the error of a fault: `error_401`, `error_404`, `error_409`, `error_429` or
        `error_500`; none for one that the provider doesn't know.
        """
        raise NotImplementedError

    def name_card(self, card: Card) -> dict[str, Any]:
        """Return the fields of Odoo's saved method for a card."""
        return {"provider_ref": card.token, "payment_details": card.last4}

    def describe(self, payment: Payment, told: str) -> tuple[str, Any] | None:
        """Return the type and the body of an event, or nothing where the provider sends none."""
        return None

    def sign(self, body: bytes, content: Any, truly: bool) -> tuple[bytes, dict[str, str]]:
        """Return the body to be sent, and the headers that sign it, with a wrong secret or not."""
        return body, {}

    def read(self, query: str, body: str) -> Any:
        """Return the parameters of a call; a body of JSON unless told otherwise."""
        return json.loads(body) if body else {}

    # What tests and benchmarks do

    def add_card(self, behaviour: Mapping[str, Any] | None = None, **details: Any) -> Card:
        """Save a card with `behaviour` behind it, as `behaviours.py` reads it from JSON."""
        with self.state.lock:
            number = self.new_number()
            acting = behaviour_from(dict(behaviour or {}), self.state.clock.now())
            card = Card(f"token-{number}", f"customer-{number}", acting, **details)
            card.values = self.name_card(card)
            self.cards[card.token] = card
            return card

    def take_back(self, payment: Payment, told: str) -> None:
        """Take the money of a payment back, or announce it, and tell so."""
        with self.state.lock:
            if told in _TAKES_BACK:
                payment.status = told
                self._record("refund", payment)
            elif told == "dispute_won":
                payment.status = "paid"
                self._record("charge", payment)
            self.tell(payment, told)

    def find(self, reference: str) -> Payment | None:
        """Return the last payment with this reference."""
        found = [each for each in self.payments.values() if each.reference == reference]
        return found[-1] if found else None

    # What the providers use

    def new_number(self) -> int:
        """Return a number that none of this provider's objects has."""
        self._count += 1
        return 10_000 + self._count

    def find_card(self, token: Any) -> Card | None:
        """Return a saved card by the provider's name of it."""
        return self.cards.get(str(token))

    def charge(
        self, card: Card, reference: str | None, amount: int, currency: str, *, id: str, **more: Any
    ) -> Payment:
        """Put a charge to the card's issuer, record what it moves, and tell of it."""
        now = self.state.clock.now()
        payment = Payment(id, reference, amount, currency, card, now, **more)
        self.payments[id] = payment
        self._ask(payment)
        return payment

    def _ask(self, payment: Payment) -> None:
        counters = self.state.counters
        counters.charges_attempted += 1
        request = ChargeRequest(
            payment.amount, payment.currency.lower(), self.state.clock.now(), off_session=True
        )
        payment.answer = payment.card.behaviour.answer(request)
        outcome = payment.answer.outcome
        if outcome == PROCESSING:
            payment.status = "pending"
            instant = self.state.clock.now() + timedelta(seconds=payment.answer.seconds)
            self.state.do_at(instant, lambda: self._ask(payment))
        elif outcome == SUCCEED:
            payment.status = "paid"
            counters.charges_succeeded += 1
            counters.charged[payment.reference or payment.id] += 1
            self._record("charge", payment)
        else:
            payment.status = "declined"
            counters.charges_declined += 1
            counters.declines[outcome] += 1
        self.tell(payment, payment.status)

    def word(self, payment: Payment) -> Any:
        """Return the provider's words for why a payment was declined."""
        return self.declines[payment.reason]

    def tell(self, payment: Payment, told: str) -> None:
        """Send what the provider tells of a payment, as it is now, where Odoo listens to it."""
        event = self.describe(payment, told)
        if event is None or not self.route or not self.odoo_url:
            return
        kind, content = event

        def write(truly: bool) -> tuple[bytes, dict[str, str]]:
            return self.sign(json.dumps(content).encode(), content, truly)

        letter = Letter(
            f"{self.code}-{self.new_number()}",
            kind,
            self.odoo_url + self.route,
            write,
            payment.reference,
        )
        self.gateway.webhooks.post(kind, payment.reference, [letter])

    def _record(self, kind: str, payment: Payment) -> None:
        self.state.ledger.append(
            Entry(
                instant=self.state.clock.now(),
                kind=kind,
                payment_intent=payment.id,
                charge=payment.id,
                amount=payment.amount,
                currency=payment.currency.lower(),
                customer=payment.card.customer,
                payment_method=payment.card.token,
                description=payment.reference,
                provider=self.code,
            )
        )
