# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A provider that charges a refused payment again by itself: the policy stands back meanwhile."""

from odoo import fields
from odoo.fields import Domain

from ...tools.said import say
from ..case.alerts import answer_alert, raise_alert
from ..rules.block import Block


class OwnRetriesOfProvider:
    """What is known of the retries that a provider makes of one refused payment.

    It ends when the provider says so, when the payment succeeds, and after the longest time that
    its documents name.

    :param transaction: the refused `payment.transaction`
    """

    def __init__(self, transaction):
        # In sudo mode: a customer who pays can't read attempts.
        self._transaction = transaction.sudo()
        self._env = self._transaction.env
        #: What the alert about them is called.
        self.subject = f"retries:{transaction.id}"

    def note(self, told):
        """Keep what an answer or a webhook tells of them.

        The webhook that announced them may come again when they are over: they don't begin twice.

        :param declines.OwnRetries told:
        """
        transaction, now = self._transaction, fields.Datetime.now()
        reference = told.reference or transaction.recovery_retries_reference
        is_same = transaction.recovery_retries_until and (
            reference == transaction.recovery_retries_reference
        )
        if not told.is_planned:
            self.end(say(self._env, "provider_retries_over"))
        elif not is_same and transaction.state in ("error", "cancel"):
            transaction.write(
                {
                    "recovery_retries_reference": reference,
                    "recovery_retries_until": now + told.within,
                }
            )

    def end(self, sentence):
        """Let the charges that wait for the end of these retries go on.

        :param str sentence: why, for people
        """
        transaction, now = self._transaction, fields.Datetime.now()
        until = transaction.recovery_retries_until
        if not until or until <= now:
            return
        transaction.recovery_retries_until = now
        answer_alert(self._env, self.subject)
        attempts = self._env["recovery.attempt"].search(
            [
                ("move_id", "in", transaction.invoice_ids.ids),
                ("state", "=", "planned"),
                ("planned_at", "=", until),
            ]
        )
        attempts._postpone(now, sentence)
        if attempts:
            attempts._make_due()

    def get_block(self):
        """Return a block as long as the provider may charge the payment again, or none."""
        until = self._transaction.recovery_retries_until
        if not until or until <= fields.Datetime.now():
            return None
        return Block("in_flight", self._describe(), until)

    def warn(self, move):
        """Tell a person that the provider goes on although an invoice owes nothing any more."""
        if not self.get_block():
            return
        sentence = say(
            self._env,
            "retries_not_needed",
            invoice=move.display_name,
            retries=self._describe(),
        )
        raise_alert(move, sentence, self.subject)

    def _describe(self):
        transaction = self._transaction
        return say(
            self._env,
            "provider_retries",
            provider=transaction.provider_id.name,
            reference=transaction.reference,
            name=transaction.recovery_retries_reference or transaction.provider_reference or "",
            day=transaction.recovery_retries_until.date(),
        )


def get_retried_domain():
    """Return the domain of the payments that their providers retry by themselves."""
    return Domain("recovery_retries_until", ">", fields.Datetime.now())


def search_retried(moves):
    """Return the payments of these invoices that their providers retry by themselves."""
    # In sudo mode to see the transactions of every user and provider.
    transactions_sudo = moves.env["payment.transaction"].sudo()
    return transactions_sudo.search(Domain("invoice_ids", "in", moves.ids) & get_retried_domain())
