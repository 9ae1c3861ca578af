"""Backup methods: what customers agreed to have charged when another method of theirs fails."""

from odoo import fields


class BackupConsent:
    """The customer's word on some of their saved methods.

    Without it a method is charged only where it was chosen: on the invoice, or on the customer.

    :param tokens: in sudo mode, of one person
    """

    def __init__(self, tokens):
        self._tokens = tokens

    def arrange(self, order):
        """Take the customer's word: these methods are backups, in this order, and no others.

        :param list[int] order: ids; those of somebody else's methods are left alone
        """
        wanted = [token_id for token_id in dict.fromkeys(order) if token_id in self._tokens.ids]
        for place, token_id in enumerate(wanted, 1):
            self._tokens.browse(token_id)._recovery_agree_backup(place)
        others = self._tokens.filtered(lambda token: token.id not in wanted)
        others._recovery_withdraw_backup()

    def list_in_order(self):
        """Return the methods: the backups first, in their order, then the others."""
        return self._tokens.sorted(
            lambda token: (not token.recovery_backup_at, token.recovery_backup_order, token.id)
        )


def get_next_place(token):
    """Return the place in the order of a method that is a backup from now on: the last one."""
    others = token.search(
        [("partner_id", "=", token.partner_id.id), ("recovery_backup_at", "!=", False)]
    )
    return max((others - token).mapped("recovery_backup_order"), default=0) + 1


def prepare_consent(token, place, user=None):
    """Return the values that keep the word of a customer on a method.

    :param int place: in the order of backups
    :param user: who wrote it down for them; none where they gave it themselves
    """
    return {
        "recovery_backup_at": token.recovery_backup_at or fields.Datetime.now(),
        "recovery_backup_by_id": user and user.id,
        "recovery_backup_order": place,
    }
