# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The HTTP calls of which a charge is made: the one that moves money, those before and after it."""

import re
from enum import Enum
from typing import Any

import requests

from .knowledge import Known
from .statuses import read_status
from .values import text


class Role(Enum):
    """What a call has to do with the money of a charge."""

    BEFORE = "before"  # Lost or refused, it means that nothing was sent.
    MONEY = "money"  # The one that moves money.
    AFTER = "after"  # It reads back what the one before it did.


class Certainty(Enum):
    """What is known of the money after the calls of a charge."""

    ANSWERED = "answered"  # The provider answered; the transaction's state says what.
    NOT_SENT = "not_sent"  # Nothing was processed: a later charge is safe.
    UNCLEAR = "unclear"  # The charge may have been made: nothing else may be charged.


# The POST that moves money when Odoo's addons charge a saved method (``_send_payment_request`` of
# each). What they call before it makes an order, a token of the card, or looks something up.
_MONEY = {
    "adyen": r"/?payments",
    "flutterwave": r"tokenized-charges",
    "mercado_pago": r"/?v1/payments",
    "razorpay": r"payments/create/recurring",
    "stripe": r"payment_intents",
    "worldline": r"payments",
    "xendit": r"credit_card_charges",
}
# The GET that reads a charge back, by which it is told from those before it at any time.
_READ_BACK = {"razorpay": r"payments/[^/]+"}

# Refused before processing: wrong credentials, or too many requests.
_STATUS_UNAUTHORISED = frozenset({401, 403})
_STATUS_NOT_PROCESSED = _STATUS_UNAUTHORISED | {429}
# The request may be running or done: a time-out, or a conflict with the same idempotency key.
_STATUS_UNCLEAR = frozenset({408, 409, 425})
# Words by which providers say that a request, which may have been the charge itself, had the same
# idempotency key or the same data: Stripe's idempotency_error and idempotency_key_in_use, Adyen's
# 704 "request already processed or in progress", Worldline's DUPLICATE_REQUEST_IN_PROGRESS.
_KEY_IN_USE = re.compile(r"idempoten|already (?:been )?processed|in[ _]progress|duplicate", re.I)
_ADYEN_IN_PROGRESS = "704"


def find_role(provider: str, method: str, endpoint: str, *, is_sent: bool = False) -> Role:
    """Return what a call has to do with a charge of a saved method.

    :param provider: the provider's technical name; any POST of one that isn't listed may move money
    :param is_sent: whether the call that moves money has been answered before this one
    """
    if method == "POST" and re.fullmatch(_MONEY.get(provider, ".*"), endpoint):
        return Role.MONEY
    if is_sent or (method == "GET" and re.fullmatch(_READ_BACK.get(provider, "$"), endpoint)):
        return Role.AFTER
    return Role.BEFORE


def sends_through_odoo(provider: str) -> bool:
    """Return whether all calls of a charge are known, and go through Odoo's own request method.

    What raises without having called anything has sent nothing then.
    """
    return provider in _MONEY


def is_unauthorised(error: BaseException | None) -> bool:
    """Return whether a request was refused for the key it was sent with, whoever the provider is.

    :param error: what ``requests`` raised, or anything else
    """
    response = getattr(error, "response", None)
    return getattr(response, "status_code", None) in _STATUS_UNAUTHORISED


def judge_exception(
    error: BaseException | None, provider: str = "", *, is_repeat: bool = False
) -> tuple[Certainty, dict[str, Any] | None]:
    """Judge the exception that ended the call that moves money; return also the refusal's body.

    Everything that isn't surely one or the other is *unclear*: that costs a look, a wrong *not
    sent* could cost a second charge.

    :param error: what ``requests`` raised, or anything else
    :param is_repeat: whether the same charge may have been sent before. A repeat that is limited,
        unauthorised, refused or not sent then says nothing of the charge; only a refusal of the
        payment itself does
    """
    certainty, body = _judge_exception(error, provider)
    if is_repeat and read_status(provider, body) is not Known.DECLINED:
        return Certainty.UNCLEAR, body
    return certainty, body


def _judge_exception(error, provider):
    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return _judge_response(error.response, provider)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Certainty.NOT_SENT, None
    if isinstance(error, requests.exceptions.ConnectionError) and _never_connected(error):
        return Certainty.NOT_SENT, None
    return Certainty.UNCLEAR, None


def _judge_response(
    response: requests.Response, provider: str
) -> tuple[Certainty, dict[str, Any] | None]:
    status = response.status_code
    if status in _STATUS_NOT_PROCESSED:
        return Certainty.NOT_SENT, _read_body(response)
    if status >= 500 or status in _STATUS_UNCLEAR:
        return Certainty.UNCLEAR, None
    body = _read_body(response)
    if body is None:  # A refusal has a body; a page of some proxy on the way isn't the provider.
        return Certainty.UNCLEAR, None
    if read_status(provider, body) is not Known.DECLINED and _is_key_in_use(body):
        return Certainty.UNCLEAR, body
    return Certainty.ANSWERED, body


def _is_key_in_use(body: dict[str, Any]) -> bool:
    """Return whether a refusal says that an earlier request had the same key, in some spelling."""
    if text(body.get("errorCode")) == _ADYEN_IN_PROGRESS:
        return True
    errors = [body, body.get("error"), *_listed(body.get("errors")), *_listed(body.get("cause"))]
    words = (value for error in errors if isinstance(error, dict) for value in error.values())
    return any(isinstance(word, str) and _KEY_IN_USE.search(word[:1000]) for word in words)


def _listed(value: Any) -> list[Any]:
    return value[:20] if isinstance(value, list) else []


def _read_body(response: requests.Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except (ValueError, RecursionError):  # No JSON, or such that Python refuses to read it.
        return None
    return body if isinstance(body, dict) else None


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    """Return whether a connection was refused or no name was found, rather than broken later."""
    reason = error.args[0] if error.args else None
    reason = getattr(reason, "reason", reason)
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError"}
