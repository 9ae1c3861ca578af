# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Authorize.Net: what Odoo keeps of the answer, or the answer itself.

Odoo reduces an answer to ``x_response_code`` and a text; behind a general sentence the text has,
in lines of their own, the sentences of the response reason codes. Where the whole answer is at
hand, the codes are in ``transactionResponse.errors``.
"""

from typing import Any

from ..networks import network_of
from ..raw import MethodFacts, RawDecline
from ..values import MAX_TEXT, code, dig, text
from .tools import codes, first, select

_EXCERPT = (
    "response.x_response_code",
    "response.x_response_reason_text",
    "response.x_type",
    "response.payment_method_code",
    "transactionResponse.responseCode",
    "messages.resultCode",
)
# Sentences without a reason, before the one that has it.
_MAX_LINES = 5


def read(payload: Any) -> RawDecline:
    """Read the data that Odoo processes, or a whole answer."""
    odoo = dig(payload, "response")
    answer = odoo if dig(odoo, "transactionResponse") else payload
    error = dig(answer, "transactionResponse", "errors", 0)
    words = first(
        dig(odoo, "x_response_reason_text"), dig(odoo, "err_msg"), dig(error, "errorText")
    )
    account = first(
        dig(odoo, "payment_method_code"), dig(answer, "transactionResponse", "accountType")
    )
    return RawDecline(
        "authorize",
        codes(
            dig(error, "errorCode"),
            dig(odoo, "err_code"),
            # Success has a code, too: its general "E" codes alone tell of an error.
            _error_code(dig(answer, "messages", "message", 0, "code")),
        ),
        _read_lines(words),
        message=text(words),
        method=_read_method(account),
        excerpt=select(payload, *_EXCERPT),
    )


def _error_code(value: Any) -> str:
    return found if (found := code(value)).startswith("E") else ""


def _read_lines(words: Any) -> tuple[str, ...]:
    """Return the lines from the last, which is the most specific one."""
    if not isinstance(words, str):
        return ()
    lines = words[: 4 * MAX_TEXT].splitlines()[:_MAX_LINES]
    return tuple(filter(None, map(text, reversed(lines))))


def _read_method(account: Any) -> MethodFacts:
    network = network_of(account)
    if not network and code(account).lower() == "echeck":
        return MethodFacts(network="ach", type="ach_debit")
    return MethodFacts(network=network, type="card" if network else "")
