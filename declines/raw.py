"""What a reader takes out of a provider's payload, before the taxonomy says what it means."""

from dataclasses import dataclass, field


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
    """

    network: str = ""
    funding: str = ""
    country: str = ""
    exp_month: int | None = None
    exp_year: int | None = None
    fingerprint: str = ""
    type: str = ""
    last4: str = ""


@dataclass(frozen=True)
class RawDecline:
    """What a reader found.

    :ivar provider: the scope of the codes, which is the provider's technical name
    :ivar codes: the provider's codes from the most to the least specific
    :ivar texts: texts that stand for a code, where the provider gives no better
    :ivar message: the provider's sentence for the accountant
    :ivar method: what is known of the payment method
    :ivar network_code: the network's or scheme's own code
    :ivar network_advice: the network's advice code
    :ivar provider_advice: the provider's advice
    :ivar excerpt: selected keys and their values, should a code be unknown
    """

    provider: str
    codes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    message: str = ""
    method: MethodFacts = field(default_factory=MethodFacts)
    network_code: str = ""
    network_advice: str = ""
    provider_advice: str = ""
    excerpt: tuple[tuple[str, object], ...] = ()
