# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Stripe's decline codes, and what the card networks say beside them.

Sources: Stripe's tables of decline codes, error codes and advice codes; ISO 8583 field 39 as Visa
and Mastercard use it, American Express' own action codes; Mastercard's merchant advice codes.
"""

from __future__ import annotations

from typing import NamedTuple

_DECLINED = "Your card was declined."


class Decline(NamedTuple):
    """One decline code.

    `network` is the usual field 39 answer, or None when no network was asked; `mastercard_advice`
    the usual merchant advice code.
    """

    advice: str | None
    network: str | None
    mastercard_advice: str | None = None
    message: str = _DECLINED
    code: str = "card_declined"


_LATER, _NEVER, _DATA = "try_again_later", "do_not_try_again", "confirm_card_data"

DECLINES: dict[str, Decline] = {
    "approve_with_id": Decline(_LATER, "05", "02"),
    "authentication_required": Decline(
        None,
        "1A",
        None,
        "Your card was declined. This transaction requires authentication.",
        "authentication_required",
    ),
    "call_issuer": Decline(_LATER, "01", "02"),
    "card_not_supported": Decline(
        _NEVER, "57", "03", "Your card does not support this type of purchase."
    ),
    "card_velocity_exceeded": Decline(
        _LATER,
        "61",
        "02",
        "Your card was declined for making repeated attempts too frequently or exceeding its "
        "amount limit.",
    ),
    "currency_not_supported": Decline(
        _NEVER, "57", "03", "Your card does not support this currency."
    ),
    "do_not_honor": Decline(_LATER, "05", "02"),
    "do_not_try_again": Decline(_NEVER, "05", "03"),
    "duplicate_transaction": Decline(
        _LATER, "94", None, "A transaction with identical amount was submitted very recently."
    ),
    "expired_card": Decline(_DATA, "54", "01", "Your card has expired.", "expired_card"),
    "fraudulent": Decline(None, None),
    "generic_decline": Decline(_LATER, "05", "02"),
    "incorrect_cvc": Decline(
        _DATA, "82", "01", "Your card's security code is incorrect.", "incorrect_cvc"
    ),
    "incorrect_number": Decline(
        _DATA, "14", "03", "Your card number is incorrect.", "incorrect_number"
    ),
    "insufficient_funds": Decline(_LATER, "51", "02", "Your card has insufficient funds."),
    "invalid_account": Decline(_NEVER, "46", "03"),
    "invalid_amount": Decline(None, "13", None),
    "invalid_cvc": Decline(_DATA, "N7", "01", "Your card's security code is invalid."),
    "invalid_expiry_year": Decline(
        _DATA, "54", "01", "Your card's expiration year is invalid.", "invalid_expiry_year"
    ),
    "issuer_not_available": Decline(_LATER, "91", "02"),
    "lost_card": Decline(_NEVER, "41", "03"),
    "new_account_information_available": Decline(_DATA, "05", "01"),
    "no_action_taken": Decline(_LATER, "05", "02"),
    "not_permitted": Decline(_NEVER, "57", "03"),
    "pickup_card": Decline(_NEVER, "04", "03"),
    "processing_error": Decline(
        _LATER,
        "96",
        "02",
        "An error occurred while processing your card. Try again in a little bit.",
        "processing_error",
    ),
    "reenter_transaction": Decline(_LATER, "19", "02"),
    "restricted_card": Decline(_NEVER, "62", "03"),
    "revocation_of_all_authorizations": Decline(_NEVER, "R3", "21"),
    "revocation_of_authorization": Decline(_NEVER, "R1", "21"),
    "security_violation": Decline(_LATER, "63", "02"),
    "service_not_allowed": Decline(_NEVER, "57", "03"),
    "stolen_card": Decline(_NEVER, "43", "03"),
    "stop_payment_order": Decline(_NEVER, "R0", "21"),
    "transaction_not_allowed": Decline(_NEVER, "57", "03"),
    "try_again_later": Decline(_LATER, "91", "02"),
    "withdrawal_count_limit_exceeded": Decline(
        _LATER, "65", "02", "Your card has exceeded the balance or credit limit available."
    ),
}

# Visa's own answers that Mastercard does not know.
_MASTERCARD = {
    "1A": "65",
    "46": "15",
    "82": "63",
    "N7": "63",
    "R0": "05",
    "R1": "05",
    "R3": "05",
}
_AMEX = {"04": "200", "41": "200", "43": "200", "51": "116", "54": "101", "91": "912", "82": "122"}

# The failure codes of bank debits, with a sentence for the merchant.
DEBIT_FAILURES: dict[str, str] = {
    "account_closed": "The bank account has been closed.",
    "bank_account_restricted": "The bank account cannot be debited.",
    "debit_not_authorized": "The customer did not authorise this debit.",
    "generic_could_not_process": "The bank could not process this debit.",
    "insufficient_funds": "The bank account has insufficient funds.",
    "no_account": "No bank account could be found.",
    "recipient_deceased": "The account holder has died.",
    "refer_to_customer": "The bank refers to the account holder.",
}


def decline_of(decline_code: str) -> Decline:
    """Return what is known of a decline code; one that is not, like a new one, is sent as it is."""
    return DECLINES.get(decline_code) or DECLINES["generic_decline"]


def network_codes(decline_code: str, brand: str) -> tuple[str | None, str | None]:
    """Return the network's decline code and advice code for a card of that brand, or None."""
    decline = decline_of(decline_code)
    if decline.network is None:
        return None, None
    if brand == "mastercard":
        return _MASTERCARD.get(decline.network, decline.network), decline.mastercard_advice
    if brand == "amex":
        return _AMEX.get(decline.network, "100"), None
    return decline.network, None
