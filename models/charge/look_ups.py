# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Asking a transaction's provider what became of it, without sending anything again."""

from functools import partial

import requests

from odoo import fields
from odoo.exceptions import ValidationError

from ...declines.look_ups import LOOK_UPS, Question, Refusal
from ...tools.instants import aware

# What an answer of another shape than documented makes a reader raise.
_UNREADABLE = (AttributeError, LookupError, TypeError, ValueError)


def can_ask(transaction):
    """Return whether there is a look-up for the provider of a transaction."""
    return transaction.provider_code in LOOK_UPS


def look_up(transaction):
    """Ask the provider for the payment of a transaction.

    :return: the payment data to process; ``False`` when the provider has no such payment; ``None``
        when it can't be asked, or what it says isn't certain
    :rtype: dict | bool | None
    :raise ValidationError: when the provider does not answer, or not as documented
    """
    if not can_ask(transaction):
        return None
    ask = _ask_authorize if transaction.provider_code == "authorize" else _ask
    try:
        return LOOK_UPS[transaction.provider_code](
            prepare_question(transaction), partial(ask, transaction)
        )
    except Refusal as refusal:
        raise ValidationError(str(refusal)) from refusal
    except _UNREADABLE as error:
        raise ValidationError(
            transaction.env._("The answer of the payment provider could not be read.")
        ) from error


def prepare_question(transaction):
    """Return what is known of a payment that its provider is to be asked for.

    :rtype: declines.look_ups.Question
    """
    begun_at = transaction.recovery_begun_at or transaction.last_state_change
    return Question(
        reference=transaction.reference,
        name=transaction.provider_reference or "",
        amount=transaction.amount,
        currency=transaction.currency_id.name,
        customer=transaction.token_id.provider_ref or "",
        is_by_method=transaction.operation in ("online_token", "offline"),
        is_redirect=transaction.operation == "online_redirect",
        begun_at=int(aware(begun_at).timestamp()),
        asked_at=int(aware(fields.Datetime.now()).timestamp()),
    )


def _ask(transaction, endpoint, params):
    try:
        return transaction._send_api_request("GET", endpoint, params=params or None)
    except ValidationError as error:
        # `payment` raises inside its own `except`: the original exception is the context.
        response = getattr(error.__context__, "response", None)
        if response is None:
            raise
        try:
            body = response.json()
        except ValueError:
            body = None
        raise Refusal(response.status_code, body, str(error)) from error


def _ask_authorize(transaction, operation, data):
    """Ask through the addon's own class: it does not use the helper of `payment`."""
    # Here, since the addon need not be installed.
    from odoo.addons.payment_authorize.models.authorize_request import AuthorizeAPI

    try:
        answer = AuthorizeAPI(transaction.provider_id)._make_request(operation, data)
    except requests.exceptions.RequestException as error:
        raise ValidationError(str(error)) from error
    if "err_code" in answer:
        raise Refusal(0, answer, answer.get("err_msg") or "")
    return answer
