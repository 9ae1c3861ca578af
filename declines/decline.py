# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A refused charge in the terms that the rest of the addon works with."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

from .advice import NO_ADVICE, Advice
from .taxonomy import CREDENTIALS


@dataclass(frozen=True)
class Decline:
    """What a provider or bank answered.

    :ivar code: the raw code, as the provider spells it; empty when it gave none
    :ivar message: the provider's own words, for the accountant; never shown to the customer
    :ivar provider: the provider's technical name
    :ivar reason: id of a reason of the taxonomy; ``unknown`` when nothing was recognised
    :ivar decline_class: ``later``, ``technical``, ``fix_data``, ``customer_action``, ``never``
        or ``merchant``.
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

    def refuse_key(self) -> "Decline":
        """Return it as the refusal of a key; its code and words stay, where it has any.

        What says more of the merchant's own account stays as it is.
        """
        if self.decline_class == "merchant" and self.reason in ("account_not_active", "wrong_mode"):
            return self
        return replace(
            self,
            reason=CREDENTIALS,
            decline_class="merchant",
            advice=NO_ADVICE,
            known=True,
            unlisted=(),
            excerpt=(),
        )

    def to_dict(self, at: datetime) -> dict[str, Any]:
        """Return plain JSON values, without what is empty.

        :param at: aware instant of the answer, from which an advice to wait counts
        """
        values = asdict(self)
        values["advice"] = str(self.advice)
        values["at"] = at.isoformat()
        kept = {
            name: value for name, value in values.items() if value not in ("", None, (), "none")
        }
        return {"known": self.known, **kept}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any] | None) -> "Decline":
        """Read what :meth:`to_dict` wrote, if anything; names of other versions are left out."""
        if not values:
            return NO_DECLINE
        names = {field.name for field in fields(cls)}
        known = {name: value for name, value in values.items() if name in names}
        for name in ("unlisted", "excerpt"):
            rows = known.get(name)
            rows = rows if isinstance(rows, (list, tuple)) else ()
            known[name] = tuple(tuple(row) for row in rows if isinstance(row, (list, tuple)))
        known["advice"] = Advice.parse(known.get("advice", ""))
        return cls(**{"code": "", "message": "", **known})


NO_DECLINE = Decline("", "", reason="", decline_class="")
