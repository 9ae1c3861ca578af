# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Stripe's documented test cards and bank accounts, and the data a new card is made of.

Source: Stripe's page on testing. A number decides brand, country and behaviour.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from ..behaviours import Answer, Behaviour, CardBehaviour
from .errors import StripeError, invalid_request

DEBIT_TYPES = ("sepa_debit", "bacs_debit", "us_bank_account")


def _always(decline: str, *, savable: bool = False, authentication: str = "never") -> Any:
    answer = Answer(decline)
    return lambda: CardBehaviour(
        afterwards=answer,
        refuses_saving=None if savable else answer,
        authentication=authentication,
    )


def _asks(authentication: str) -> Callable[[], Behaviour]:
    return lambda: CardBehaviour(authentication=authentication)


class TestCard(NamedTuple):
    """One documented card number."""

    __test__ = False  # a name that pytest would collect

    number: str
    method: str  # the id that stands for it: pm_card_…
    brand: str = "visa"
    country: str = "US"
    funding: str = "credit"
    behaviour: Callable[[], Behaviour] = CardBehaviour


_TEST_CARDS = (
    TestCard("4242424242424242", "pm_card_visa"),
    TestCard("4000056655665556", "pm_card_visa_debit", funding="debit"),
    TestCard("5555555555554444", "pm_card_mastercard", "mastercard"),
    TestCard("2223003122003222", "pm_card_mastercard_2", "mastercard"),
    TestCard("5200828282828210", "pm_card_mastercard_debit", "mastercard", funding="debit"),
    TestCard("5105105105105100", "pm_card_mastercard_prepaid", "mastercard", funding="prepaid"),
    TestCard("378282246310005", "pm_card_amex", "amex"),
    TestCard("6011111111111117", "pm_card_discover", "discover"),
    TestCard("3056930009020004", "pm_card_diners", "diners"),
    TestCard("3566002020360505", "pm_card_jcb", "jcb", "JP"),
    TestCard("6200000000000005", "pm_card_unionpay", "unionpay", "CN"),
    TestCard("4000008260000000", "pm_card_gb", country="GB"),
    TestCard("4000002760000016", "pm_card_de", country="DE"),
    TestCard("4000002500000003", "pm_card_fr", country="FR"),
    TestCard("4000007240000007", "pm_card_es", country="ES"),
    TestCard("4000005280000002", "pm_card_nl", country="NL"),
    TestCard("4000003800000008", "pm_card_it", country="IT"),
    TestCard(
        "4000000000000002", "pm_card_visa_chargeDeclined", behaviour=_always("generic_decline")
    ),
    TestCard(
        "4000000000009995",
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        behaviour=_always("insufficient_funds"),
    ),
    TestCard(
        "4000000000009987", "pm_card_visa_chargeDeclinedLostCard", behaviour=_always("lost_card")
    ),
    TestCard(
        "4000000000009979",
        "pm_card_visa_chargeDeclinedStolenCard",
        behaviour=_always("stolen_card"),
    ),
    TestCard(
        "4000000000000069", "pm_card_chargeDeclinedExpiredCard", behaviour=_always("expired_card")
    ),
    TestCard(
        "4000000000000127", "pm_card_chargeDeclinedIncorrectCvc", behaviour=_always("incorrect_cvc")
    ),
    TestCard(
        "4000000000000119",
        "pm_card_chargeDeclinedProcessingError",
        behaviour=_always("processing_error"),
    ),
    TestCard(
        "4000000000006975",
        "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
        behaviour=_always("card_velocity_exceeded"),
    ),
    TestCard("4100000000000019", "pm_card_radarBlock", behaviour=_always("fraudulent")),
    TestCard(
        "4000000000000341",
        "pm_card_chargeCustomerFail",
        behaviour=_always("generic_decline", savable=True),
    ),
    TestCard(
        "4000002500003155",
        "pm_card_authenticationRequiredOnSetup",
        behaviour=_asks("unless_set_up"),
    ),
    TestCard("4000002760003184", "pm_card_authenticationRequired", behaviour=_asks("always")),
    TestCard("4000003800000446", "pm_card_authenticationRequiredSetupForOffSession"),
    TestCard(
        "4000008260003178",
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
        behaviour=_always("insufficient_funds", savable=True, authentication="unless_set_up"),
    ),
    TestCard("4000000000003220", "pm_card_threeDSecure2Required", behaviour=_asks("unless_set_up")),
)

BY_NUMBER = {card.number: card for card in _TEST_CARDS}
BY_METHOD = {card.method: card for card in _TEST_CARDS}

# Bank accounts that fail; every other valid one pays.
FAILING_ACCOUNTS = {
    "DE62370400440532013001": "generic_could_not_process",
    "FR5720041010050500013M02607": "insufficient_funds",
    "AT861904300235473202": "generic_could_not_process",
    "000222222227": "insufficient_funds",  # United States
    "000111111113": "account_closed",
    "000111111116": "no_account",
    "33333335": "debit_not_authorized",  # United Kingdom
}


def passes_checksum(number: str) -> bool:
    """Return whether a card number satisfies the Luhn formula."""
    digits = [int(digit) for digit in reversed(number) if digit.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return len(digits) == len(number) > 11 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def fingerprint_of(number: str) -> str:
    """Return what is the same for the same number, and does not tell it."""
    return hashlib.sha256(number.encode()).hexdigest()[:16]


def card_details(number: str, exp_month: int, exp_year: int, card: TestCard) -> dict[str, Any]:
    """Return the `card` of a payment method, as Stripe shows it."""
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": card.country,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": fingerprint_of(number),
        "funding": card.funding,
        "generated_from": None,
        "last4": number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "three_d_secure_usage": {"supported": card.brand != "unionpay"},
        "wallet": None,
    }


def test_card(number: str) -> TestCard:
    """Return the documented card of that number.

    :raises StripeError: 402 `incorrect_number`, or `card_declined` for a valid number that is not
        a test card, as test keys answer it
    """
    card = BY_NUMBER.get(number)
    if card is not None:
        return card
    if not passes_checksum(number):
        raise StripeError(
            402,
            "card_error",
            "Your card number is incorrect.",
            code="incorrect_number",
            param="number",
        )
    raise StripeError(
        402,
        "card_error",
        "Your card was declined. Your request was in test mode, but used a non test card.",
        code="card_declined",
        decline_code="test_mode_live_card",
        param="number",
    )


def debit_details(type: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the account number of a bank debit method, and what Stripe shows of it.

    :raises StripeError: 400 when the account number is missing
    """
    name = "iban" if type == "sepa_debit" else "account_number"
    number = str(values.get(name, "")).replace(" ", "").upper()
    if not number:
        raise invalid_request(
            f"Missing required param: {type}[{name}].",
            param=f"{type}[{name}]",
            code="parameter_missing",
        )
    details: dict[str, Any] = {"fingerprint": fingerprint_of(number), "last4": number[-4:]}
    if type == "sepa_debit":
        details |= {"bank_code": number[4:12], "branch_code": "", "country": number[:2]}
    elif type == "bacs_debit":
        details |= {"sort_code": values.get("sort_code")}
    else:
        details |= {"routing_number": values.get("routing_number"), "bank_name": "STRIPE TEST BANK"}
    return number, details
