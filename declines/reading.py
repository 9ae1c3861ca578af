"""From a provider's payload to a decline."""

from datetime import timedelta
from typing import Any, NamedTuple

from .advice import NO_ADVICE, Advice
from .decline import Decline
from .raw import MethodFacts, RawDecline
from .readers import READERS, read_other
from .taxonomy import UNKNOWN, Code, Reason, Taxonomy
from .values import MAX_CODE, text
from .values import code as clean_code

# The excerpt of a payload that could not be read: enough to classify it, no more.
MAX_EXCERPT = 1000


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


def classify(raw: RawDecline, taxonomy: Taxonomy) -> Decline:
    """Say what was found means.

    A network's *never* beats everything. Otherwise the provider's code decides, unless it is a
    generic one and the network's own code says more.
    """
    unlisted: list[tuple[str, str, str]] = []
    found = _look_up(raw, taxonomy, unlisted)
    reason = _choose_reason(taxonomy, found)
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
    )
    for code, meaning, scope, kind in (
        (raw.network_code, found.response, network or "iso8583", "response"),
        (raw.network_advice, found.advice, network or "mastercard", "advice"),
        (raw.provider_advice, found.hint, raw.provider, "advice"),
    ):
        if code and not meaning:
            unlisted.append((scope, kind, code))
    return found


def _shown_code(raw: RawDecline, found: Code | None) -> str:
    """Return the code to store: the provider's first, else the wording that was recognised."""
    if raw.codes:
        return raw.codes[0]
    shown = found.code if found else next(iter(raw.texts), "")
    return shown[:MAX_CODE] or raw.network_code


def _find_provider_code(raw: RawDecline, taxonomy: Taxonomy, unlisted: list) -> Code | None:
    """Return the first of the provider's codes that is known; note the first when none is."""
    for kind, values in (("code", raw.codes), ("text", raw.texts)):
        for value in values:
            found = taxonomy.find(raw.provider, kind, value)
            if found:
                if kind == "code" and value != values[0]:
                    unlisted.append((raw.provider, kind, values[0]))
                return found
    if raw.codes:
        unlisted.append((raw.provider, "code", raw.codes[0]))
    elif raw.texts:
        unlisted.append((raw.provider, "text", raw.texts[0]))
    return None


def _choose_reason(taxonomy: Taxonomy, found: _Found) -> Reason:
    """Return the most specific reason, in the order in which the codes can be trusted."""
    codes = [code for code in (found.provider, found.response) if code]
    # An advice gives a reason only where nobody else does.
    codes += [
        code
        for code in (found.advice, found.hint)
        if code and code.advice.kind in ("never", "update_data")
    ]
    reasons = [taxonomy.reasons[code.reason] for code in codes]
    for reason in reasons:
        if not reason.generic:
            return reason
    return reasons[0] if reasons else taxonomy.reasons[UNKNOWN]


def _category_of(raw: RawDecline, response: Code | None) -> int | None:
    """Return Visa's category; whatever its table does not name is of the fourth."""
    if response:
        return response.category
    return 4 if raw.method.network == "visa" and raw.network_code else None


def _sharpen(reason: Reason, found: _Found) -> str:
    """Return the reason's class, or the stricter one that an advice asks for."""
    if found.advice and found.advice.advice.kind == "never":
        return "never"
    if reason.decline_class in ("later", "technical"):
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
