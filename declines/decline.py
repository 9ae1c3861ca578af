"""A refused charge in the terms that the rest of the addon works with."""

from dataclasses import dataclass
from typing import Any

from .advice import NO_ADVICE, Advice
from .values import dig, text


@dataclass(frozen=True)
class Decline:
    """What a provider or bank answered.

    :ivar code: the raw code, as the provider spells it; empty when it gave none
    :ivar message: the provider's own words, for the accountant; never shown to the customer
    :ivar provider: the provider's technical name
    :ivar reason: id of a reason of the taxonomy; ``unknown`` when nothing was recognised
    :ivar decline_class: ``later``, ``technical``, ``fix_data``, ``customer_action`` or ``never``.
        Usually the reason's; a network's advice may make it stricter
    :ivar network: card network or bank scheme, as ``visa`` or ``sepa``; empty when not told
    :ivar funding: ``credit``, ``debit`` or ``prepaid``; empty when not told
    :ivar country: the issuer's country, ISO 3166 alpha-2; empty when not told
    :ivar advice: what to do, when somebody said so
    :ivar network_code: the network's or scheme's own code (ISO 8583 field 39, ISO 20022, …)
    :ivar advice_code: the network's advice code (Mastercard's merchant advice code)
    :ivar category: Visa's category of the network code, 1 to 4; none elsewhere
    :ivar known: whether the reason was recognised
    :ivar unlisted: the codes the taxonomy lacks, each as scope, kind and code
    :ivar excerpt: for such codes, selected keys of the payload with their values; bounded, without
        secrets and card numbers
    """

    code: str
    message: str
    provider: str = ""
    reason: str = "unknown"
    decline_class: str = "later"
    network: str = ""
    funding: str = ""
    country: str = ""
    advice: Advice = NO_ADVICE
    network_code: str = ""
    advice_code: str = ""
    category: int | None = None
    known: bool = False
    unlisted: tuple[tuple[str, str, str], ...] = ()
    excerpt: tuple[tuple[str, str], ...] = ()


def read_decline(error: dict[str, Any] | None, fallback: str = "") -> Decline:
    """Read the body of a refusal; what can't be read is left empty, nothing is raised.

    :param error: the parsed body of the provider's refusal
    :param fallback: the message when the body has none
    """
    detail = dig(error, "error")
    code = _words(dig(detail, "decline_code")) or _words(dig(detail, "code"))
    return Decline(code, _words(dig(detail, "message")) or _words(fallback))


def _words(value: Any) -> str:
    return text(value) if isinstance(value, str) else ""
