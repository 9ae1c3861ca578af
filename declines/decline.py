"""A refused charge in the terms that the rest of the addon works with."""

from dataclasses import dataclass
from typing import Any

# Longer texts say nothing more; a provider's answer is never stored whole.
MAX_TEXT = 300


@dataclass(frozen=True)
class Decline:
    """What a provider or bank answered.

    :ivar code: the raw code, as the provider spells it; empty when it gave none
    :ivar message: the provider's own words, for the accountant; never shown to the customer
    """

    code: str
    message: str


def read_decline(error: dict[str, Any] | None, fallback: str = "") -> Decline:
    """Read the body of a refusal; what can't be read is left empty, nothing is raised.

    :param error: the parsed body of the provider's refusal
    :param fallback: the message when the body has none
    """
    detail = (error or {}).get("error")
    detail = detail if isinstance(detail, dict) else {}
    code = _text(detail.get("decline_code")) or _text(detail.get("code"))
    return Decline(code, _text(detail.get("message")) or _text(fallback))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return " ".join(value.replace("\0", " ").split())[:MAX_TEXT]
