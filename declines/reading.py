# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""From a provider's payload to a decline."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from .advice import NO_ADVICE, Advice
from .decline import Decline
from .raw import MethodFacts, OwnRetries, RawDecline
from .readers import READERS, read_other
from .taxonomy import PASSING_CLASSES, UNKNOWN, Code, Reason, Taxonomy
from .values import MAX_CODE, text
from .values import code as clean_code

# The excerpt of a payload that could not be read: enough to classify it, no more.
MAX_EXCERPT = 1000
# What the provider decided by itself: an answer of the bank, if it was asked, does not soften it.
_OWN_DECISIONS = ("blocked_by_risk", "blocked_by_merchant", "retry_limit_reached")
# Of two reasons about the same card, the one that asks for more is kept: to spare a card for a
# while costs less than to charge one that was stolen. What is the company's own fault comes before
# what would be held against the card.
_STRICTNESS = {
    "technical": 0,
    "later": 1,
    "fix_data": 2,
    "customer_action": 2,
    "never": 3,
    "merchant": 3,
}


def read(provider: str, payload: Any, taxonomy: Taxonomy | None = None) -> Decline:
    """Read the payload of a refused charge; nothing is raised, whatever it holds.

    :param provider: the provider's technical name
    :param payload: the parsed body of an HTTP error, an answer, or the data that a webhook brought
    :param taxonomy: the database's; the shipped one when there is none
    """
    return classify(_read_raw(provider, payload), taxonomy or Taxonomy.shipped())


def read_method(provider: str, payload: Any) -> MethodFacts:
    """Return what a payload, of a refused charge or a successful one, tells of the method."""
    return _read_raw(provider, payload).method


def read_own_retries(provider: str, payload: Any) -> OwnRetries | None:
    """Return what a payload tells of the provider's own retries of the payment, if anything."""
    return _read_raw(provider, payload).retries


def read_return(scheme: str, code: str, message: str = "", taxonomy: Taxonomy | None = None):
    """Read the code with which a bank returned a debit.

    :param scheme: ``sepa``, ``ach``, ``bacs``, ``becs`` or ``pad``
    :param code: as the bank's report spells it
    """
    raw = RawDecline(
        "bank", message=text(message), method=MethodFacts(network=scheme), network_code=code
    )
    return classify(raw, taxonomy or Taxonomy.shipped())


def _read_raw(provider: Any, payload: Any) -> RawDecline:
    name = clean_code(provider)
    reader = READERS.get(name)
    try:
        return reader(payload) if reader else read_other(name, payload)
    except Exception:
        # A flaw here must not undo the record of a charge. The tests call the readers themselves.
        return RawDecline(name)


class _Found(NamedTuple):
    """What the taxonomy says of each code of a payload."""

    provider: Code | None
    response: Code | None
    advice: Code | None
    hint: Code | None
    updater: Code | None


def classify(raw: RawDecline, taxonomy: Taxonomy) -> Decline:
    """Say what was found means.

    The more specific word wins. A network's or bank's own code is what the provider's code is a
    summary of: it counts where its meaning is known, as long as it does not soften the summary.

    1. A network's advice *never* beats everything.
    2. What the provider decided by itself stays: its risk check, a list of the company's, too many
       tries. Nobody at the bank knows of it.
    3. A network's code that is no generic one beats a provider's code that is one: *51* beats
       "Refused".
    4. Of two that say something the stricter counts, and the network's where they are as strict:
       *43, stolen* beats "Blocked Card", and *51* does not beat "Expired Card". A code that is only
       a part of the provider's never does: the provider's document has the whole.
    5. What the network's card updater said of the account counts in the same way, after that.
    6. An advice gives the reason only where nobody else does.
    """
    unlisted: list[tuple[str, str, str]] = []
    found = _look_up(raw, taxonomy, unlisted)
    reason = _choose_reason(taxonomy, found, is_derived=raw.is_derived)
    decline_class = _sharpen(reason, found)
    return Decline(
        code=_shown_code(raw, found.provider),
        message=raw.message,
        provider=raw.provider,
        reason=reason.id,
        decline_class=decline_class,
        network=raw.method.network,
        funding=raw.method.funding,
        country=raw.method.country,
        advice=_choose_advice(decline_class, found),
        network_code=raw.network_code,
        advice_code=raw.network_advice,
        category=_category_of(raw, found.response),
        known=reason.id != UNKNOWN,
        unlisted=tuple(unlisted),
        excerpt=_make_excerpt(raw) if unlisted or reason.id == UNKNOWN else (),
    )


def _look_up(raw: RawDecline, taxonomy: Taxonomy, unlisted: list) -> _Found:
    """Look all codes up; note those that the taxonomy lacks."""
    network = raw.method.network
    found = _Found(
        _find_provider_code(raw, taxonomy, unlisted),
        taxonomy.find_response(network, raw.network_code, raw.provider),
        taxonomy.find_advice(network, raw.network_advice),
        taxonomy.find(raw.provider, "advice", raw.provider_advice),
        taxonomy.find(raw.provider, "text", raw.updater),
    )
    for code, meaning, scope, kind in (
        (raw.network_code, found.response, network or "iso8583", "response"),
        (raw.network_advice, found.advice, network or "mastercard", "advice"),
        (raw.provider_advice, found.hint, raw.provider, "advice"),
        (raw.updater, found.updater, raw.provider, "text"),
    ):
        if code and not meaning:
            unlisted.append((scope, kind, code))
    return found


def _shown_code(raw: RawDecline, found: Code | None) -> str:
    """Return the code to store: the provider's first, else the wording that was recognised."""
    if raw.codes:
        return raw.codes[0]
    if found and found.kind != "pattern":
        return found.code[:MAX_CODE]
    return next(iter(raw.texts), raw.message if found else "")[:MAX_CODE] or raw.network_code


def _find_provider_code(raw: RawDecline, taxonomy: Taxonomy, unlisted: list) -> Code | None:
    """Return what the provider's own words mean; note the first of them when none is known.

    Its codes are asked first, then the wording that stands for one, then the words in it: the first
    that says something, else the first that is known.
    """
    known = []
    for kind, values in (("code", raw.codes), ("text", raw.texts)):
        for value in values:
            if found := taxonomy.find(raw.provider, kind, value):
                if kind == "code" and value != values[0]:
                    unlisted.append((raw.provider, kind, values[0]))
                known.append(found)
                break
    if not (specific := _first_specific(taxonomy, known)):
        found = (taxonomy.find_pattern(raw.provider, words) for words in (raw.message, *raw.texts))
        known += filter(None, found)
        specific = _first_specific(taxonomy, known)
    if known:
        return specific or known[0]
    if raw.codes:
        unlisted.append((raw.provider, "code", raw.codes[0]))
    elif raw.texts:
        unlisted.append((raw.provider, "text", raw.texts[0]))
    return None


def _first_specific(taxonomy: Taxonomy, codes: Iterable[Code | None]) -> Code | None:
    """Return the first code whose reason is no generic one."""
    return next(
        (code for code in codes if code and not taxonomy.reasons[code.reason].generic), None
    )


def _choose_reason(taxonomy: Taxonomy, found: _Found, *, is_derived: bool) -> Reason:
    """Return the most specific reason, as :func:`classify` says."""
    provider, response, updater, advice, hint = (
        code and taxonomy.reasons[code.reason]
        for code in (found.provider, found.response, found.updater, found.advice, found.hint)
    )
    chosen = provider
    if response and not (is_derived and provider and not provider.generic):
        chosen = _get_stronger(chosen, response)
    if updater:
        chosen = _get_stronger(chosen, updater)
    # An advice gives a reason only where nobody else does.
    for code, reason in ((found.advice, advice), (found.hint, hint)):
        if chosen and not chosen.generic:
            break
        if code and reason and code.advice.kind in ("never", "update_data"):
            chosen = _get_stronger(chosen, reason)
    return chosen or taxonomy.reasons[UNKNOWN]


def _get_stronger(provider: Reason | None, network: Reason) -> Reason:
    """Return which of the provider's reason and the network's counts."""
    if provider is None:
        return network
    if network.generic or provider.id in _OWN_DECISIONS:
        return provider
    if provider.generic:
        return network
    is_stronger = _STRICTNESS[network.decline_class] >= _STRICTNESS[provider.decline_class]
    return network if is_stronger else provider


def _category_of(raw: RawDecline, response: Code | None) -> int | None:
    """Return Visa's category; whatever its table does not name is of the fourth."""
    if response:
        return response.category
    return 4 if raw.method.network == "visa" and raw.network_code else None


def _sharpen(reason: Reason, found: _Found) -> str:
    """Return the reason's class, or the stricter one that an advice asks for."""
    if found.advice and found.advice.advice.kind == "never":
        return "never"
    if reason.decline_class in PASSING_CLASSES:
        if any(code and code.advice.kind == "never" for code in found):
            return "never"
        if found.advice and found.advice.advice.kind == "update_data":
            return "fix_data"
    return reason.decline_class


def _choose_advice(decline_class: str, found: _Found) -> Advice:
    """Return what to do: never, the longest wait, another advice, or what the class asks for."""
    if decline_class == "never":
        return Advice("never")
    by_trust = (found.advice, found.hint, found.provider, found.response)
    given = [code.advice for code in by_trust if code]
    waits = [advice for advice in given if advice.kind == "wait"]
    if waits:
        return max(waits, key=lambda advice: advice.wait or timedelta())
    for advice in given:
        if advice.kind not in ("none", "never"):
            return advice
    by_class = {"fix_data": "update_data", "customer_action": "customer_action"}
    return Advice(by_class[decline_class]) if decline_class in by_class else NO_ADVICE


def _make_excerpt(raw: RawDecline) -> tuple[tuple[str, str], ...]:
    """Return the selected keys that hold something, as long as there is room."""
    room = MAX_EXCERPT
    kept = []
    for key, value in raw.excerpt:
        shown = text(value)
        size = len(key) + len(shown.encode())
        if shown and size <= room:
            kept.append((key, shown))
            room -= size
    return tuple(kept)
