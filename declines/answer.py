# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What came back while one charge ran: filled call by call, and what is known never shrinks."""

from dataclasses import dataclass, field
from typing import Any

import requests

from .calls import (
    Certainty,
    Role,
    find_role,
    is_unauthorised,
    judge_exception,
    sends_through_odoo,
)
from .limits import BackOff
from .values import code, dig


@dataclass(eq=False)
class Answer:
    """What came back while one charge ran, filled by the hooks around the provider's calls.

    :ivar provider: the provider's technical name
    :ivar is_repeat: whether the same charge may have been sent before
    :ivar payloads: the data given to the transaction, in order; kept to apply it once more when
        the database transaction that applied it first had to be rolled back
    :ivar error: the parsed body of a refusal (HTTP 4xx)
    :ivar refusal: the sentence made of that refusal, for the transaction's message
    :ivar certainty: what the calls say about the money
    :ivar is_sent: whether the call that moves money was answered
    :ivar is_unauthorised: whether the provider refused the key with which nothing could be sent
    :ivar name: the provider's name of the payment, where the answer to that call has one
    :ivar back_off: that the provider had too many requests, where it said so
    """

    provider: str = ""
    is_repeat: bool = False
    payloads: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, Any] | None = None
    refusal: str = ""
    certainty: Certainty = Certainty.ANSWERED
    is_sent: bool = False
    is_unauthorised: bool = False
    name: str = ""
    calls: int = 0
    back_off: BackOff | None = None

    def find_role(self, method: str, endpoint: str) -> Role:
        """Return what a call that is about to be made has to do with the money."""
        return find_role(self.provider, method, endpoint, is_sent=self.is_sent)

    def note_success(self, role: Role, content: Any) -> None:
        """Add that a call was answered."""
        self.calls += 1
        if role is Role.MONEY:
            self.is_sent = True
            self.name = code(dig(content, "razorpay_payment_id") or dig(content, "id"))

    def note_failure(self, role: Role, error: BaseException | None, sentence: str = "") -> None:
        """Add that a call was refused or lost.

        :param error: what ``requests`` raised, or anything else
        :param sentence: what Odoo says of it
        """
        self.calls += 1
        self.refusal = sentence
        certainty, self.error = judge_exception(error, self.provider, is_repeat=self.is_repeat)
        if role is Role.BEFORE:
            certainty = Certainty.UNCLEAR if self.is_repeat else Certainty.NOT_SENT
        if self.is_sent or role is Role.AFTER:
            certainty = Certainty.UNCLEAR
        self.certainty = certainty
        self.is_unauthorised = certainty is Certainty.NOT_SENT and is_unauthorised(error)

    def note_unreadable(self, role: Role) -> None:
        """Add that a call was answered by something that can't be read."""
        self.calls += 1
        if role is Role.BEFORE and not (self.is_sent or self.is_repeat):
            self.certainty = Certainty.NOT_SENT
        else:
            self.certainty = Certainty.UNCLEAR

    def note_exception(self, error: BaseException) -> None:
        """Add what ended the charge altogether, be it a provider's call that Odoo doesn't make."""
        if self.calls or self.payloads:
            return
        if isinstance(error, requests.exceptions.RequestException):
            self.note_failure(Role.MONEY, error, str(error))
        elif sends_through_odoo(self.provider) and not self.is_repeat:
            self.refusal = str(error)
            self.certainty = Certainty.NOT_SENT
        else:
            self.certainty = Certainty.UNCLEAR
