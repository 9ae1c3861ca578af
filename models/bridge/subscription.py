"""Subscriptions of the OCA that others close, told to automation rules like those we end."""

import functools

from odoo import models


def _watch(close):
    """Return the method that closes a subscription, with an event after it."""

    @functools.wraps(close)
    def close_subscription(self, *args, **kwargs):
        were_open = self.filtered(lambda each: each.stage_id.type != "post")
        result = close(self, *args, **kwargs)
        if not self.env.context.get("recovery_ending"):
            self.env["account.move"]._raise_closed_elsewhere(were_open)
        return result

    close_subscription.recovery_origin = close
    return close_subscription


class AccountMove(models.Model):
    _inherit = "account.move"

    # Not `write`: Odoo's automation rules take whatever has been put there away again.

    def _register_hook(self):
        """Override of `base` to watch the end of subscriptions, where there are any."""
        super()._register_hook()
        model_class = self.env.registry.get("sale.subscription")
        close = getattr(model_class, "close_subscription", None)
        if close and not hasattr(close, "recovery_origin"):
            model_class.close_subscription = _watch(close)

    def _unregister_hook(self):
        """Override of `base` to let go of the method that is watched."""
        result = super()._unregister_hook()
        model_class = self.env.registry.get("sale.subscription")
        close = getattr(model_class, "close_subscription", None)
        if close and hasattr(close, "recovery_origin"):
            del model_class.close_subscription
        return result

    def _raise_closed_elsewhere(self, subscriptions):
        """Tell the rules of subscriptions that a person, or their own job, has closed."""
        if not self.env["recovery.event"]._is_awaited():
            return
        # In sudo mode: whoever closes subscriptions need not be allowed to see invoices.
        for subscription_sudo in subscriptions.sudo():
            invoices = subscription_sudo.invoice_ids | (
                subscription_sudo.sale_order_ids.invoice_ids
            )
            move = invoices.filtered(lambda each: each.state == "posted").sorted("id")[-1:]
            if move:
                sentence = self.env._(
                    "The subscription %(subscription)s was closed.",
                    subscription=subscription_sudo.display_name,
                )
                self.env["recovery.event"]._raise(
                    "service_ended", case=move.recovery_case_id, move=move, sentence=sentence
                )
