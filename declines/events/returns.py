# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a provider tells of money that had arrived: disputed, taken back, refunded, or failed late.

Each event becomes one plain value for each dispute, refund or failure that it is about. What is not
documented is not read.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..advice import Advice
from ..decline import Decline
from ..networks import network_of
from ..raw import MethodFacts, RawDecline
from ..reading import classify
from ..taxonomy import Taxonomy
from ..values import text
from .return_event import ReturnEvent
from .returns_adyen import read_adyen
from .returns_others import read_mercado_pago, read_razorpay, read_worldline, read_xendit
from .returns_stripe import read_stripe

# Of a dispute whose reason nobody tells, or that is not in the table.
DISPUTED = "disputed"

_READERS: dict[str, Callable[[Any], list[ReturnEvent]]] = {
    "adyen": read_adyen,
    "mercado_pago": read_mercado_pago,
    "razorpay": read_razorpay,
    "stripe": read_stripe,
    "worldline": read_worldline,
    "xendit": read_xendit,
}


def read_returns(provider: str, payload: Any) -> list[ReturnEvent]:
    """Read the parsed body of a webhook; nothing is raised, whatever it holds.

    Of Adyen also one item of a webhook, of Mercado Pago the payment that was fetched for it.

    :return: empty when it is about something else, or says not what it is about
    """
    reader = _READERS.get(provider)
    try:
        events = reader(payload) if reader else []
    except Exception:
        # The tests call the readers with what they must bear; a flaw must not stop the webhook.
        return []
    return [event for event in events if event.id and (event.payments or event.reference)]


def classify_return(event: ReturnEvent, taxonomy: Taxonomy | None = None) -> Decline:
    """Say what the reason of a dispute, or of a payment that failed late, means."""
    taxonomy = taxonomy or Taxonomy.shipped()
    raw = event.raw
    if event.kind == "failed":
        found = taxonomy.find(f"{raw.provider}_dispute", "code", next(iter(raw.codes), ""))
        return _make(raw, found.reason, taxonomy) if found else classify(raw, taxonomy)
    return _classify_dispute(raw, taxonomy)


def read_chargeback(
    network: str, code: str, message: str = "", taxonomy: Taxonomy | None = None
) -> Decline:
    """Read the reason code of a chargeback.

    :param network: ``visa`` or ``mastercard``
    :param code: as the network spells it, for example ``10.4`` or ``4853``
    """
    raw = RawDecline(
        "bank", message=text(message), method=MethodFacts(network=network), network_code=code
    )
    return _classify_dispute(raw, taxonomy or Taxonomy.shipped())


def _classify_dispute(raw: RawDecline, taxonomy: Taxonomy) -> Decline:
    """Say what a dispute's reason means: the network's code says more than the provider's word."""
    network = network_of(raw.method.network)
    found = taxonomy.find(f"{network}_chargeback", "response", raw.network_code)
    for word in raw.codes:
        found = found or taxonomy.find(f"{raw.provider}_dispute", "code", word)
    decline = _make(raw, found.reason if found else DISPUTED, taxonomy)
    return replace(decline, known=bool(found))


def _make(raw: RawDecline, reason_id: str, taxonomy: Taxonomy) -> Decline:
    reason = taxonomy.reasons.get(reason_id)
    # A database may have lost the reason; a disputed payment is never charged again by itself.
    decline_class = reason.decline_class if reason else "customer_action"
    advices = {"never": "never", "customer_action": "customer_action"}
    return Decline(
        code=next(iter(raw.codes), raw.network_code),
        message=raw.message,
        provider=raw.provider,
        reason=reason_id,
        decline_class=decline_class,
        network=raw.method.network,
        advice=Advice(advices.get(decline_class, "none")),
        network_code=raw.network_code,
        known=True,
    )
