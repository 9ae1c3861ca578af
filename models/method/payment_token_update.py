"""A saved method changes: its network renews it, somebody edits it, or it is removed."""

import calendar
import re
from datetime import date, timedelta, timezone

from odoo import fields, models

from ..rules.block import Block

# An event is dated in whole seconds: what it tells was true at the end of its second.
EVENT_PRECISION = timedelta(seconds=1)
_LAST_DIGITS = re.compile(r"[0-9]{4}$")


class PaymentToken(models.Model):
    _inherit = "payment.token"

    # === EVENTS === #

    def _recovery_note_event(self, event):
        """Take over what the provider says has happened to these methods.

        :param declines.MethodEvent event: whose signature was verified
        """
        at = event.at.astimezone(timezone.utc).replace(tzinfo=None)
        for token in self:
            if event.kind == "removed":
                token._recovery_note_removed(at)
            elif token.active:
                token._recovery_note_facts(event.facts, at, event.kind)

    def _recovery_note_removed(self, at):
        """Archive a method that its provider can't charge any more.

        Whatever the order in which events arrive: a method that was removed does not come back.

        :param at: naive UTC
        """
        self.ensure_one()
        if not self.active:
            return
        self.write({"active": False, "recovery_removed_at": at})
        self._recovery_note_change(
            self.env._(
                "%(method)s was removed at its provider and is not charged any more.",
                method=self._recovery_get_label(),
            )
        )

    # === FACTS === #

    def _recovery_note_facts(self, facts, told_at=None, event_kind=""):
        """Keep what a provider tells of this method; what it doesn't tell stays as it was.

        :param declines.MethodFacts facts:
        :param told_at: naive UTC: when they were true, now by default
        :param event_kind: of a :class:`declines.MethodEvent` that brought them
        """
        self.ensure_one()
        known_at = self.recovery_told_at
        told_at = (told_at or fields.Datetime.now()).replace(microsecond=0)
        news = self._recovery_find_news(facts)
        if known_at and self._recovery_is_outdated(told_at, news, event_kind):
            return
        is_later = not known_at or told_at > known_at
        is_update = self._recovery_is_update(news) or (
            event_kind == "renewed" and is_later and not self._recovery_can_compare(facts)
        )
        if is_update and event_kind == "renewed" and not facts.exp_year:
            news["recovery_expiry"] = False  # What was known is out of date.
        # The answers of charges that bring no news write nothing: cards are charged in parallel.
        if not news and not (event_kind and is_later):
            return
        note = self._recovery_describe_update(news, event_kind) if is_update else ""
        self.write({**news, "recovery_told_at": told_at})
        if is_update:
            self._recovery_mark_updated(told_at + (EVENT_PRECISION if event_kind else timedelta()))
            self._recovery_note_change(note)

    def _recovery_find_news(self, facts):
        """Return the values of what is told and was not known so."""
        told = {
            "recovery_network": facts.network,
            "recovery_funding": facts.funding,
            "recovery_country": facts.country,
            "recovery_expiry": _get_last_day(facts.exp_year, facts.exp_month),
            "recovery_fingerprint": facts.fingerprint,
            "payment_details": self._recovery_replace_digits(facts.last4),
        }
        return {name: value for name, value in told.items() if value and value != self[name]}

    def _recovery_replace_digits(self, last4):
        """Return the payment details with these last digits, or none where they have no digits."""
        details = self.payment_details
        if not last4 or not details:
            return last4
        return _LAST_DIGITS.sub(last4, details) if _LAST_DIGITS.search(details) else ""

    def _recovery_is_update(self, news):
        """Return whether facts are those of a new card or account, rather than learned late."""
        self.ensure_one()
        is_other = (self.recovery_fingerprint and "recovery_fingerprint" in news) or (
            self.payment_details and "payment_details" in news
        )
        return bool(is_other or self._recovery_is_renewal(news))

    def _recovery_is_renewal(self, news):
        """Return whether a method is valid for longer than was known."""
        known = self.recovery_expiry
        return bool(known and news.get("recovery_expiry", known) > known)

    def _recovery_is_outdated(self, told_at, news, event_kind):
        """Return whether something that is told was true before what is known.

        Events are dated in whole seconds: of two in the same one, the longer validity is the later.
        """
        if told_at != self.recovery_told_at or not event_kind:
            return told_at < self.recovery_told_at
        return bool(self.recovery_expiry) and not self._recovery_is_renewal(news)

    def _recovery_can_compare(self, facts):
        """Return whether enough is known to see in the facts if the card is a new one."""
        return bool(self.recovery_expiry and facts.exp_year)

    def _recovery_mark_updated(self, at=None):
        """Forget what earlier declines said of these methods; blocked cases charge at once.

        :param at: naive UTC: declines before it are forgotten; now by default
        """
        at = at or fields.Datetime.now()
        for token in self:
            token.recovery_updated_at = max(token.recovery_updated_at or at, at)
        # Also when a charge's own answer tells it: other invoices have waited for the news.
        self.with_context(recovery_own_work=False)._recovery_note_change()

    # === HOOKS === #

    def _recovery_note_change(self, note=""):
        """Tell that these methods came, went or changed.

        Hook for what charges them, which looks at its choice anew; it does nothing by itself.

        :param str note: a sentence for people, where there is something to say
        """

    def _recovery_describe_update(self, news, event_kind):
        """Return the sentence that tells a person of an update, before it is written."""
        self.ensure_one()
        known = {
            "method": self._recovery_get_label(),
            "digits": (news.get("payment_details") or "")[-4:],
            "month": news["recovery_expiry"].strftime("%m/%Y")
            if news.get("recovery_expiry")
            else "",
        }
        by_network = event_kind == "renewed"
        if known["digits"] and known["month"]:
            sentence = self.env._(
                "%(method)s was replaced by a card ending %(digits)s, valid until %(month)s.",
                **known,
            )
        elif known["digits"]:
            sentence = self.env._("%(method)s was replaced by one ending %(digits)s.", **known)
        elif known["month"] and by_network:
            return self.env._(
                "The card network renewed %(method)s: now valid until %(month)s.", **known
            )
        elif known["month"]:
            sentence = self.env._("%(method)s was renewed: now valid until %(month)s.", **known)
        else:
            sentence = self.env._("%(method)s was updated.", **known)
        if by_network:
            return self.env._("News from the card network: %(sentence)s", sentence=sentence)
        return sentence

    # === REMOVAL === #

    def _recovery_get_block(self, charge, instant, history):
        """Extended to shut a method that was removed at its provider."""
        return self._recovery_get_removal() or super()._recovery_get_block(charge, instant, history)

    def _recovery_get_removal(self):
        """Return what keeps a method that was removed at its provider from being charged, or none.

        :rtype: Block | None
        """
        self.ensure_one()
        if self.active or not self.recovery_removed_at:
            return None
        sentence = self.env._(
            "%(method)s was removed at its provider and can't be charged. Waits for another "
            "payment method.",
            method=self._recovery_get_label(),
        )
        reason = self.env["recovery.decline.reason"]._find("method_unusable")
        return Block(
            "removed",
            sentence,
            decline_class="never",
            reason=reason,
            at=self.recovery_removed_at,
        )

    # === GETTERS === #

    def _recovery_get_label(self):
        """Return a name of the method that an accountant recognises, without provider rights."""
        return f"{self.payment_method_id.sudo().name} {self.display_name}".strip()


def _get_last_day(year, month):
    """Return the last day of a month, or none."""
    return year and month and date(year, month, calendar.monthrange(year, month)[1])
