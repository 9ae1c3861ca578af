# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The subscriptions of the OCA's addon `subscription_oca`: how often they make invoices, their end.

The addon is not needed, and none that bridges the two: where its model is loaded, it is used.
"""

from contextvars import ContextVar

from ...tools.said import say
from .intervals import name_interval

MODEL = "sale.subscription"
# Whether we are closing one: its end is told by what ends it.
_closing = ContextVar("recovery_closing", default=False)


def find_subscription(move):
    """Return how often the subscription of an invoice makes one, and it, or None."""
    if MODEL not in move.env:
        return None
    # One that makes orders is known from the order only.
    subscription = move.subscription_id or (
        move.invoice_line_ids.sale_line_ids.order_id.order_subscription_id
    )
    if not subscription:
        return None
    template = subscription[:1].template_id
    return name_interval(template.recurring_rule_type, template.recurring_interval), subscription


def close_subscriptions(subscriptions):
    """Close subscriptions.

    :return: those that were open
    """
    were_open = subscriptions.filtered(_is_open)
    token = _closing.set(True)
    try:
        for subscription in were_open:
            subscription.with_company(subscription.company_id).close_subscription()
    finally:
        _closing.reset(token)
    return were_open


def tell_closed(close, subscriptions, *args, **kwargs):
    """Let subscriptions be closed, and tell automation rules of those that others have closed.

    :param close: the method that closes them
    """
    were_open = subscriptions.filtered(_is_open)
    result = close(subscriptions, *args, **kwargs)
    cases = subscriptions.env["recovery.case"]
    if cases._is_listening() and not _closing.get():
        # In sudo mode: whoever closes subscriptions need not be allowed to see invoices.
        for subscription_sudo in were_open.sudo():
            _tell_end(subscription_sudo)
    return result


def _tell_end(subscription):
    """Tell the rules that a person, or its own job, has closed a subscription."""
    invoices = subscription.invoice_ids | subscription.sale_order_ids.invoice_ids
    move = invoices.filtered(lambda each: each.state == "posted").sorted("id")[-1:]
    if move:
        sentence = say(
            subscription.env, "subscription_closed", subscription=subscription.display_name
        )
        move.recovery_case_id._emit("service_ended", sentence, move=move)


def _is_open(subscription):
    return subscription.stage_id.type != "post"
