"""Charges of a provider that is paused wait for the end of its pause."""

from odoo import fields, models

from ..rules.block import Block
from .recovery_attempt_block import WINDOW_SLACK


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    # The charges of the last hour are looked for every few minutes.
    _started_idx = models.Index("(started_at) WHERE transaction_id IS NOT NULL")

    def _get_block_checks(self):
        """Override to look at the provider's pause when nothing refuses the charge for good.

        Before the networks' rules: what they say now may have changed when the pause is over.
        """
        checks = super()._get_block_checks()
        return [
            *checks[: checks.index(self._get_card_block)],
            self._get_pause_block,
            *checks[checks.index(self._get_card_block) :],
        ]

    def _get_pause_block(self):
        """Return a block while the charges of the provider are paused, whoever asked for them."""
        # In sudo mode: providers are readable by administrators only.
        provider_sudo = self._get_token().provider_id.sudo()
        if not provider_sudo._recovery_is_waiting():
            return None
        sentence = self.env._(
            "Charges through %(provider)s are paused until %(instant)s: %(reason)s",
            provider=provider_sudo.name,
            instant=provider_sudo._recovery_format_pause(),
            reason=provider_sudo.recovery_pause_reason or self.env._("by an administrator."),
        )
        return Block("pause", sentence, provider_sudo.recovery_paused_until)

    def _is_too_late(self):
        """Override to add a pause of the provider to the window of what waited for its end."""
        if not super()._is_too_late():
            return False
        paused_until = self._get_token().provider_id.sudo().recovery_paused_until
        return not paused_until or fields.Datetime.now() > paused_until + WINDOW_SLACK
