# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The names of card networks and bank schemes, whatever a provider calls them."""

from typing import Any

from .values import text

# By how the name begins, letters and digits only; the first that fits.
_NETWORKS = (
    ("visa", "visa"),
    ("electron", "visa"),
    ("vpay", "visa"),
    ("mastercard", "mastercard"),
    ("master", "mastercard"),
    ("maestro", "mastercard"),
    ("mc", "mastercard"),
    ("amex", "amex"),
    ("americanexpress", "amex"),
    ("discover", "discover"),
    ("diners", "diners"),
    ("jcb", "jcb"),
    ("unionpay", "unionpay"),
    ("chinaunionpay", "unionpay"),
    ("cup", "unionpay"),
    ("cartebancaire", "cartes_bancaires"),
    ("cartesbancaires", "cartes_bancaires"),
    ("rupay", "rupay"),
    ("elo", "elo"),
    ("hipercard", "hipercard"),
    ("verve", "verve"),
    ("eftpos", "eftpos"),
)

# Payment method types of bank debits, by the scheme whose codes and rules they follow.
_SCHEMES = {
    "sepa_debit": "sepa",
    "sepa_direct_debit": "sepa",
    "sepadirectdebit": "sepa",
    "us_bank_account": "ach",
    "ach": "ach",
    "ach_direct_debit": "ach",
    "ach_debit": "ach",
    "echeck": "ach",
    "bacs_debit": "bacs",
    "bacs": "bacs",
    "directdebit_gb": "bacs",
    "au_becs_debit": "becs",
    "becs": "becs",
    "acss_debit": "pad",
    "eft_directdebit_ca": "pad",
    "pad": "pad",
}

BANK_SCHEMES = frozenset(_SCHEMES.values())

CARD_NETWORKS = frozenset(network for _beginning, network in _NETWORKS)

_FUNDINGS = {"credit", "debit", "prepaid"}


def network_of(value: Any) -> str:
    """Return the card network that a provider's name means, or an empty text."""
    name = "".join(filter(str.isalnum, text(value, 40).lower()))
    name = name.removeprefix("deb")  # Mercado Pago's debit cards: debvisa, debmaster.
    for beginning, network in _NETWORKS:
        if name.startswith(beginning):
            return network
    return ""


def scheme_of(method_type: Any) -> str:
    """Return the bank scheme of a payment method type, or an empty text."""
    return _SCHEMES.get(text(method_type, 40).lower(), "")


def funding_of(value: Any) -> str:
    """Return ``credit``, ``debit``, ``prepaid`` or an empty text."""
    name = text(value, 40).lower().removesuffix("_card").removesuffix("card").strip()
    return name if name in _FUNDINGS else ""


def country_of(value: Any) -> str:
    """Return an ISO 3166 alpha-2 code in capitals, or an empty text."""
    name = text(value, 10).upper()
    return name if len(name) == 2 and name.isascii() and name.isalpha() else ""
