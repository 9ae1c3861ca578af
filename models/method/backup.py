# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Backup methods: what customers agreed to have charged when another method of theirs fails."""

from odoo import fields

_FIELDS = (
    "recovery_backup_at",
    "recovery_backup_by_id",
    "recovery_backup_order",
    "recovery_backup_told_at",
)


class BackupConsent:
    """The customer's word on some of their saved methods.

    Without it a method is charged only where it was chosen: on the invoice, or on the customer.

    :param tokens: in sudo mode: what is known of methods is written by the engine only
    """

    def __init__(self, tokens):
        self._tokens = tokens

    def agree(self, user=None):
        """Keep that the customer agreed to these methods, which come last in their order.

        :param user: who wrote it down for them; none where they gave their word themselves
        """
        for token in self._tokens.filtered(lambda each: not each.recovery_backup_at):
            self._take_word(token, self._get_next_place(token), user)

    def withdraw(self):
        """Keep that the customer has not agreed to these methods, or does not any more."""
        agreed = self._tokens.filtered("recovery_backup_at")
        agreed.write(dict.fromkeys(_FIELDS, False))
        if agreed:
            agreed._recovery_note_change()

    def arrange(self, order):
        """Take the customer's word: these methods are backups, in this order, and no others.

        :param list[int] order: ids; those of other methods are left alone
        """
        wanted = [token_id for token_id in dict.fromkeys(order) if token_id in self._tokens.ids]
        for place, token_id in enumerate(wanted, 1):
            self._take_word(self._tokens.browse(token_id), place)
        others = self._tokens.filtered(lambda token: token.id not in wanted)
        BackupConsent(others).withdraw()

    def list_in_order(self):
        """Return the methods: the backups first, in their order, then the others."""
        return self._tokens.sorted(
            lambda token: (not token.recovery_backup_at, token.recovery_backup_order, token.id)
        )

    def _take_word(self, token, place, user=None):
        is_news = not token.recovery_backup_at
        token.write(
            {
                "recovery_backup_at": token.recovery_backup_at or fields.Datetime.now(),
                "recovery_backup_by_id": user and user.id,
                "recovery_backup_order": place,
            }
        )
        if is_news:
            token._recovery_note_change()

    def _get_next_place(self, token):
        others = token.search(
            [("partner_id", "=", token.partner_id.id), ("recovery_backup_at", "!=", False)]
        )
        return max((others - token).mapped("recovery_backup_order"), default=0) + 1
