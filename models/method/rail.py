# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The rail of a payment: a card, or the scheme of a bank debit; and when its outcome is known."""

from datetime import timedelta

from odoo import fields

from ...declines.networks import BANK_SCHEMES, scheme_of

# How long an outcome may stay open before somebody is to look: after the last day on which a bank
# refuses or returns a debit in the ordinary way. SEPA Direct Debit Core rulebook: returns within 5
# banking days, told by providers within 14 days; Bacs: arrears on the fourth working day; BECS: up
# to seven; Nacha: two banking days, told within 7 days. A card's issuer answers at once, but a
# provider may hold a payment for review for some hours.
_OUTCOME_WAITS = {
    "card": timedelta(hours=24),
    "ach": timedelta(days=7),
    "pad": timedelta(days=7),
    "sepa": timedelta(days=14),
    "bacs": timedelta(days=14),
    "becs": timedelta(days=14),
}
_OTHER_WAIT = timedelta(days=7)
# When a provider is asked again for what it has not decided in that time.
PENDING_WAIT = timedelta(days=1)


def find_scheme(token, method):
    """Return the bank scheme of a payment, or an empty text.

    :param token: the saved method, in sudo mode, if there is one
    :param method: the `payment.method` of the payment
    """
    if token.recovery_network in BANK_SCHEMES:
        return token.recovery_network
    code = method.code or ""
    return scheme_of(code) or (code.split("_")[0] if code.split("_")[0] in BANK_SCHEMES else "")


def get_outcome_wait(token, method):
    """Return how long after its start the outcome of a payment may stay open.

    :rtype: timedelta
    """
    is_card = "card" in (method.code, method.primary_payment_method_id.code) or (
        token.recovery_network and token.recovery_network not in BANK_SCHEMES
    )
    rail = find_scheme(token, method) or ("card" if is_card else "")
    return _OUTCOME_WAITS.get(rail, _OTHER_WAIT)


def is_overdue(transaction):
    """Return whether the provider should have confirmed or refused a payment by now.

    :param transaction: in sudo mode
    """
    if transaction.state not in ("pending", "authorized"):
        return False
    now = fields.Datetime.now()
    wait = get_outcome_wait(transaction.token_id, transaction.payment_method_id)
    return (transaction.last_state_change or now) + wait <= now
