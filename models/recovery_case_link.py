"""The links to the customer's page: what they name, how they are signed, and for how long."""

import json
from datetime import datetime, timedelta
from typing import NamedTuple

from odoo import fields, models
from odoo.tools.misc import hash_sign, verify_hash_signed

# How long a link opens the page (DESIGN section 5).
LINK_LIFE = timedelta(days=30)
# A signature made for another purpose opens nothing here.
_SCOPE = "revenue_recovery.page"


class Link(NamedTuple):
    """What a link names; nothing else can be reached by it.

    :ivar kind: ``case``, or ``token`` for one that only replaces a saved method
    :ivar ids: of the cases, the leading one first, or of the saved method
    :ivar partner_id: the customer that they had when the link was made
    :ivar notice_id: of the `recovery.notice` that carried the link; 0: none
    :ivar expires_at: naive UTC
    """

    kind: str
    ids: tuple[int, ...]
    partner_id: int
    notice_id: int
    expires_at: datetime

    def sign(self, env):
        """Return the part of the URL that names and proves this link."""
        expiry = int((self.expires_at - datetime.min).total_seconds())
        values = [self.kind, list(self.ids), self.partner_id, self.notice_id, expiry]
        return hash_sign(env(su=True), _SCOPE, values)

    @classmethod
    def read(cls, env, text):
        """Return the link that somebody opened, expired or not; none when it isn't ours.

        The signature covers everything and is compared in constant time. Whether the link has
        expired is up to the caller, who has something to say about it.
        """
        try:
            values = verify_hash_signed(env(su=True), _SCOPE, text)
        except (ValueError, OverflowError, json.JSONDecodeError):
            return None  # No link at all, or cut off by a mail program.
        if not values:
            return None
        kind, ids, partner_id, notice_id, expiry = values
        expires_at = datetime.min + timedelta(seconds=expiry)
        return cls(kind, tuple(ids), partner_id, notice_id, expires_at)


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    # === GETTERS === #

    def _get_recovery_link(self, notice=None):
        """Return the absolute URL of the customer's page for these cases.

        :param notice: the `recovery.notice` that carries the link, if one does
        :return: opens what the customer of the leading case owes its company, and nothing else
        """
        lead = self[:1]
        cases = self.filtered(
            lambda case: case.partner_id == lead.partner_id and case.company_id == lead.company_id
        )
        link = Link(
            "case",
            tuple(cases.ids),
            lead.partner_id.id,
            notice.id if notice else 0,
            fields.Datetime.now() + LINK_LIFE,
        )
        return f"{lead.move_id.get_base_url()}{get_page_path(link.sign(self.env))}"


def get_page_path(text, *parts):
    """Return the path of a page behind a link."""
    return "/".join(("/recovery/pay", text, *parts))
