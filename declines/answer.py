"""Whether a charge that failed to return an answer was made, not made, or may have been made."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import requests


class Certainty(Enum):
    """What is known of the money after a call."""

    ANSWERED = "answered"  # The provider answered; the transaction's state says what.
    NOT_SENT = "not_sent"  # Nothing was processed: a later charge is safe.
    UNCLEAR = "unclear"  # The charge may have been made: nothing else may be charged.


# Refused before processing: wrong credentials, or too many requests.
_STATUS_NOT_PROCESSED = frozenset({401, 403, 429})
# The request may be running or done: a time-out, or a conflict with the same idempotency key.
_STATUS_UNCLEAR = frozenset({408, 409, 425})
# The names under which providers say that the idempotency key belongs to an earlier request,
# which may have been the charge itself.
_KEY_REUSED = frozenset({"idempotency_error", "idempotency_key_in_use"})


@dataclass(eq=False)
class Answer:
    """What came back while one charge ran, filled by the hooks around the provider's call.

    :ivar payloads: the data given to the transaction, in order; kept to apply it once more when
        the database transaction that applied it first had to be rolled back
    :ivar error: the parsed body of a refusal (HTTP 4xx)
    :ivar refusal: the sentence made of that refusal, for the transaction's message
    :ivar certainty: what the call says about the money
    """

    payloads: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, Any] | None = None
    refusal: str = ""
    certainty: Certainty = Certainty.ANSWERED


def judge_exception(error: BaseException | None) -> tuple[Certainty, dict[str, Any] | None]:
    """Judge the exception that ended a call to a provider; return also the refusal's body.

    Everything that isn't surely one or the other is *unclear*: that costs a look, a wrong *not
    sent* could cost a second charge.

    :param error: what ``requests`` raised, or anything else
    """
    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return _judge_response(error.response)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Certainty.NOT_SENT, None
    if isinstance(error, requests.exceptions.ConnectionError) and _never_connected(error):
        return Certainty.NOT_SENT, None
    return Certainty.UNCLEAR, None


def _judge_response(response: requests.Response) -> tuple[Certainty, dict[str, Any] | None]:
    status = response.status_code
    if status in _STATUS_NOT_PROCESSED:
        return Certainty.NOT_SENT, _read_body(response)
    if status >= 500 or status in _STATUS_UNCLEAR:
        return Certainty.UNCLEAR, None
    body = _read_body(response)
    if body is None:  # A refusal has a body; a page of some proxy on the way isn't the provider.
        return Certainty.UNCLEAR, None
    error = body.get("error")
    if isinstance(error, dict) and _KEY_REUSED & {str(error.get("type")), str(error.get("code"))}:
        return Certainty.UNCLEAR, body
    return Certainty.ANSWERED, body


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
