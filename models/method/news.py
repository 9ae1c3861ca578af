# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a provider tells of a saved method, against what is known of it."""

import calendar
import re
from datetime import date

_LAST_DIGITS = re.compile(r"[0-9]{4}$")


class MethodNews:
    """What is told of a method and was not known so.

    :param token: the saved method, before anything is written
    :param declines.MethodFacts facts: what is told
    :param event_kind: of a :class:`declines.MethodEvent` that brought it
    """

    def __init__(self, token, facts, event_kind=""):
        self._token = token
        self._facts = facts
        self._event_kind = event_kind
        told = {
            "recovery_network": facts.network,
            "recovery_funding": facts.funding,
            "recovery_country": facts.country,
            "recovery_issuer": facts.issuer,
            "recovery_expiry": _get_last_day(facts.exp_year, facts.exp_month),
            "recovery_fingerprint": facts.fingerprint,
            "payment_details": self._replace_digits(facts.last4),
        }
        #: The values to write.
        self.values = {
            name: value for name, value in told.items() if value and value != token[name]
        }

    def is_outdated(self, told_at):
        """Return whether what is told was true before what is known.

        Events are dated in whole seconds: of two in the same one, the longer validity is the later.

        :param told_at: naive UTC
        """
        known_at = self._token.recovery_told_at
        if not known_at:
            return False
        if told_at != known_at or not self._event_kind:
            return told_at < known_at
        return bool(self._token.recovery_expiry) and not self._is_renewal()

    def is_update(self, is_later):
        """Return whether it tells of a new card or account, rather than something learned late.

        :param is_later: whether it was true after what is known
        """
        token = self._token
        is_other = (token.recovery_fingerprint and "recovery_fingerprint" in self.values) or (
            token.payment_details and "payment_details" in self.values
        )
        return bool(
            is_other
            or self._is_renewal()
            or (self._event_kind == "renewed" and is_later and not self._can_compare())
        )

    def describe(self):
        """Return the sentence that tells a person of an update, before it is written."""
        env = self._token.env
        expiry = self.values.get("recovery_expiry")
        known = {
            "method": self._token._recovery_get_label(),
            "digits": (self.values.get("payment_details") or "")[-4:],
            "month": expiry.strftime("%m/%Y") if expiry else "",
        }
        by_network = self._event_kind == "renewed"
        if known["digits"] and known["month"]:
            sentence = env._(
                "%(method)s was replaced by a card ending %(digits)s, valid until %(month)s.",
                **known,
            )
        elif known["digits"]:
            sentence = env._("%(method)s was replaced by one ending %(digits)s.", **known)
        elif known["month"] and by_network:
            return env._("The card network renewed %(method)s: now valid until %(month)s.", **known)
        elif known["month"]:
            sentence = env._("%(method)s was renewed: now valid until %(month)s.", **known)
        else:
            sentence = env._("%(method)s was updated.", **known)
        if by_network:
            return env._("News from the card network: %(sentence)s", sentence=sentence)
        return sentence

    def _is_renewal(self):
        """Return whether the method is valid for longer than was known."""
        known = self._token.recovery_expiry
        return bool(known and self.values.get("recovery_expiry", known) > known)

    def _can_compare(self):
        """Return whether enough is known to see in the facts if the card is a new one."""
        return bool(self._token.recovery_expiry and self._facts.exp_year)

    def _replace_digits(self, last4):
        """Return the payment details with these last digits, or none where they have no digits."""
        details = self._token.payment_details
        if not last4 or not details:
            return last4
        return _LAST_DIGITS.sub(last4, details) if _LAST_DIGITS.search(details) else ""


def _get_last_day(year, month):
    """Return the last day of a month, or none."""
    return year and month and date(year, month, calendar.monthrange(year, month)[1])
