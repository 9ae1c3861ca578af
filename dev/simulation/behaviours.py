# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a saved card or bank account answers when it is charged.

The gateway knows only the `Behaviour` protocol; a richer population of payers needs nothing more
than other objects that follow it. `CardBehaviour` is the one that tests and the demo use.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from .accounts import Account

SUCCEED = "succeed"
REQUIRES_ACTION = "requires_action"
PROCESSING = "processing"
AUTHENTICATION_REQUIRED = "authentication_required"
# Mastercard's advice codes that name a wait, by its days, shortest first.
ADVISED_WAITS = {1: "25", 2: "26", 4: "27", 6: "28", 8: "29", 10: "30"}


@dataclass(frozen=True)
class ChargeRequest:
    """One charge as the issuer sees it: minor units, ISO 4217 currency in lower case, UTC."""

    amount: int
    currency: str
    instant: datetime
    off_session: bool = False
    authenticated: bool = False  # the customer has just proved who they are (3-D Secure)
    set_up: bool = False  # the method was saved with such a proof, for charges off session


@dataclass(frozen=True)
class Answer:
    """The issuer's answer: `succeed`, `requires_action` or a decline code of Stripe's list.

    With `processing` it decides after `seconds` of the gateway's clock: then it is asked again.
    The codes override what the gateway would send for a decline by itself.
    """

    outcome: str
    advice_code: str | None = None
    network_decline_code: str | None = None
    network_advice_code: str | None = None
    seconds: float = 3600.0

    @classmethod
    def of(cls, value: str | Mapping[str, Any]) -> Answer:
        """Build an answer from a word, or from a dictionary with `outcome` and other codes.

        :raises TypeError: when the dictionary has other keys
        """
        return cls(value) if isinstance(value, str) else cls(**value)


class Behaviour(Protocol):
    """Whoever stands behind a payment method."""

    def answer(self, request: ChargeRequest) -> Answer:
        """Decide on a charge; a success takes the money at once."""

    def verify(self, instant: datetime) -> Answer:
        """Decide whether the method may be saved, without taking money."""

    def give_back(self, amount: int, instant: datetime) -> None:
        """Receive minor units of an earlier success: a refund, or a hold that was released."""


@dataclass
class CardBehaviour:
    """A card that follows a script first, then its fate, and last its account.

    :param script: answers consumed one per charge, before anything else is looked at
    :param afterwards: the answer to every later charge that nothing else stopped; None asks the
        account, and without an account the charge succeeds
    :param account: where the money is
    :param noise: probability of each decline code on any charge, for trouble that has nothing to
        do with money; together at most 1
    :param dies_at: aware instant from which every charge is declined with `dies_of`
    :param authentication: `never`, `always`, or `unless_set_up` (asked until it was saved with
        3-D Secure)
    :param advises: probability that a decline for lack of money tells how long to wait, as
        Mastercard's issuers may: the shortest wait after which the pay has come
    :param refuses_saving: answer to attempts to save the method; None lets them pass
    :param seed: makes the noise reproducible
    :raises ValueError: when the noise is not a distribution or the authentication is unknown
    """

    script: list[Answer] = field(default_factory=list)
    afterwards: Answer | None = None
    account: Account | None = None
    noise: dict[str, float] = field(default_factory=dict)
    dies_at: datetime | None = None
    dies_of: str = "lost_card"
    authentication: str = "never"
    advises: float = 0.0
    refuses_saving: Answer | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if any(share < 0 for share in self.noise.values()) or sum(self.noise.values()) > 1:
            raise ValueError("The probabilities of noise are not negative and add up to at most 1.")
        if self.authentication not in {"never", "always", "unless_set_up"}:
            raise ValueError("Authentication is never, always or unless_set_up.")
        if self.dies_at is not None and self.dies_at.tzinfo is None:
            raise ValueError("The instant of a card's death must have a time zone.")
        self._random = random.Random(self.seed)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], now: datetime) -> CardBehaviour:
        """Build a behaviour from JSON values; instants are ISO 8601 with a time zone.

        :raises ValueError: when a value is out of range
        :raises TypeError: when a name is unknown
        """
        values = dict(values)
        values["script"] = _answers(values.get("script") or ())
        for name in ("afterwards", "refuses_saving"):
            if values.get(name) is not None:
                values[name] = Answer.of(values[name])
        if values.get("account"):
            values["account"] = Account.from_dict(values["account"], now)
        if values.get("dies_at"):
            values["dies_at"] = datetime.fromisoformat(values["dies_at"])
        return cls(**values)

    def answer(self, request: ChargeRequest) -> Answer:
        """Decide on a charge; a success takes the money at once."""
        if self.script:
            return self._settled(self.script.pop(0), request)
        if self._is_dead(request.instant):
            return Answer(self.dies_of)
        trouble = self._trouble()
        if trouble:
            return Answer(trouble)
        if self._asks_for_authentication(request):
            return Answer(AUTHENTICATION_REQUIRED)
        if self.afterwards is not None:
            return self._settled(self.afterwards, request)
        if self.account and not self.account.debit(request.amount, request.instant):
            return Answer("insufficient_funds", network_advice_code=self._advise(request.instant))
        return Answer(SUCCEED)

    def verify(self, instant: datetime) -> Answer:
        """Decide whether the method may be saved, without taking money."""
        if self.refuses_saving is not None:
            return self.refuses_saving
        if self._is_dead(instant):
            return Answer(self.dies_of)
        if self.authentication != "never":
            return Answer(AUTHENTICATION_REQUIRED)
        return Answer(SUCCEED)

    def give_back(self, amount: int, instant: datetime) -> None:
        """Receive minor units of an earlier success."""
        if self.account:
            # A scripted success took nothing from the account, so it gets nothing back.
            outstanding = self.account.charged - self.account.refunded
            self.account.credit(min(amount, outstanding), instant)

    def _settled(self, answer: Answer, request: ChargeRequest) -> Answer:
        """A 3-D Secure answer is void once the customer has authenticated the charge."""
        asks = answer.outcome in {AUTHENTICATION_REQUIRED, REQUIRES_ACTION}
        return Answer(SUCCEED) if asks and request.authenticated else answer

    def _is_dead(self, instant: datetime) -> bool:
        return self.dies_at is not None and instant >= self.dies_at

    def _asks_for_authentication(self, request: ChargeRequest) -> bool:
        if request.authenticated or self.authentication == "never":
            return False
        return self.authentication == "always" or not request.set_up

    def _advise(self, instant: datetime) -> str | None:
        if not self.advises or self._random.random() >= self.advises:
            return None
        days = self.account.days_to_pay(instant) or max(ADVISED_WAITS)
        return next((code for wait, code in ADVISED_WAITS.items() if wait >= days), "30")

    def _trouble(self) -> str | None:
        # One draw per charge, whatever the noise: a card's later charges do not depend on how
        # many kinds of trouble were configured.
        draw = self._random.random()
        for code, share in self.noise.items():
            draw -= share
            if draw < 0:
                return code
        return None


def _answers(script: Sequence[str | Mapping[str, Any]]) -> list[Answer]:
    return [Answer.of(item) for item in script]


def behaviour_from(values: Mapping[str, Any], now: datetime) -> Behaviour:
    """Build a behaviour from JSON values: a `CardBehaviour`, or under `stream` a case of a stream.

    :raises ValueError: when a value is out of range
    :raises TypeError: when a name is unknown
    """
    if "stream" in values:
        # Streams need NumPy; nobody else who starts a gateway does.
        from .streams.card import StreamCard

        return StreamCard.from_dict(values["stream"])
    return CardBehaviour.from_dict(values, now)
