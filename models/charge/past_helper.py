# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Requests of the addon of Authorize.Net, which go past the helper of `payment`, and their errors.

The helper makes a sentence of what `requests` raises, and the transaction ends in error. Here it is
raised as it is: stock Odoo rolls back what it knows of a payment that may have been made.
"""

import requests

from odoo.exceptions import ValidationError

from ...declines import Answer, Certainty, Role
from .payment_provider import UnclearAnswer

# What a call raises that was refused, lost, or answered by something that can't be read.
LOST = (requests.exceptions.RequestException, ValueError)


def end_lost_charge(transaction, error):
    """End the charge of a saved method whose call raised, as the helper would.

    :param error: what the call that moves money raised
    :raise UnclearAnswer: when it is our own charge, and may have been made
    :raise ValidationError: otherwise, for Odoo to set the transaction in error
    """
    answer = transaction.provider_id._recovery_get_answer()
    sentence = describe(transaction, error)
    if answer is not None and note_failure(answer, error, sentence) is Certainty.UNCLEAR:
        raise UnclearAnswer(sentence) from error
    if answer is None:
        note_lost(transaction, error)
    raise ValidationError(sentence) from error


def note_lost(transaction, error):
    """Remember whether the payment of somebody else may have been made after all."""
    answer = Answer(transaction.provider_code)
    note_failure(answer, error)
    transaction._recovery_keep_failure(answer)


def note_failure(answer, error, sentence=""):
    """Add to an answer that the call that moves money failed, and return what is certain then."""
    if isinstance(error, requests.exceptions.JSONDecodeError) or not isinstance(
        error, requests.exceptions.RequestException
    ):
        answer.note_unreadable(Role.MONEY)
    else:
        answer.note_failure(Role.MONEY, error, sentence)
    return answer.certainty


def describe(transaction, error):
    """Return the sentence that a person reads of a call that failed."""
    response = getattr(error, "response", None)
    if response is not None:
        return transaction.env._(
            "The payment provider rejected the request (HTTP %(status)s).",
            status=response.status_code,
        )
    if isinstance(error, requests.exceptions.RequestException):
        return transaction.env._("The payment provider could not be reached.")
    return transaction.env._("The answer of the payment provider could not be read.")
