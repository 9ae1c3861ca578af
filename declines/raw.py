# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a reader takes out of a provider's payload, before the taxonomy says what it means."""

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True)
class MethodFacts:
    """What a payload tells of the payment method; what it doesn't tell is empty or none.

    :ivar network: card network, or the bank scheme of a debit, as ``visa`` or ``sepa``
    :ivar funding: ``credit``, ``debit`` or ``prepaid``
    :ivar country: the issuer's country, ISO 3166 alpha-2
    :ivar exp_month: last month in which the card is valid, 1 to 12
    :ivar exp_year: with its century
    :ivar fingerprint: the provider's mark that is the same whenever the same card is saved
    :ivar type: ``card``, ``sepa_debit``, … as the provider calls it
    :ivar last4: the last four digits of the card or account
    :ivar issuer: the first six digits of the card, which name the bank that issued it
    :ivar is_renewed: whether the card network has just told the provider of a new card or validity
    """

    network: str = ""
    funding: str = ""
    country: str = ""
    exp_month: int | None = None
    exp_year: int | None = None
    fingerprint: str = ""
    type: str = ""
    last4: str = ""
    issuer: str = ""
    is_renewed: bool = False


@dataclass(frozen=True)
class OwnRetries:
    """What a payload tells of the provider's own retries of the payment.

    :ivar is_planned: whether the provider will charge again by itself
    :ivar reference: what it calls them
    :ivar within: how long after the refusal they end at the latest
    """

    is_planned: bool
    reference: str = ""
    within: timedelta = timedelta()


@dataclass(frozen=True)
class RawDecline:
    """What a reader found.

    :ivar provider: the scope of the codes, which is the provider's technical name
    :ivar codes: the provider's codes from the most to the least specific
    :ivar texts: texts that stand for a code, where the provider gives no better
    :ivar message: the provider's sentence for the accountant
    :ivar method: what is known of the payment method
    :ivar network_code: the network's or scheme's own code
    :ivar is_derived: whether that code is a part of the provider's, whose document says what the
        whole means, rather than one beside it
    :ivar network_advice: the network's advice code
    :ivar provider_advice: the provider's advice
    :ivar updater: what the network's card updater said of the card, as the provider spells it
    :ivar retries: what is told of the provider's own retries, if anything is
    :ivar excerpt: selected keys and their values, should a code be unknown
    """

    provider: str
    codes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    message: str = ""
    method: MethodFacts = field(default_factory=MethodFacts)
    network_code: str = ""
    is_derived: bool = False
    network_advice: str = ""
    provider_advice: str = ""
    updater: str = ""
    retries: OwnRetries | None = None
    excerpt: tuple[tuple[str, object], ...] = ()
