# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Whether there is a saved payment method to charge for an invoice at all."""

from ...tools.said import say
from ..rules.block import Block

# The kinds of blocks that say that there is none.
NO_METHOD = ("no_method", "archived")


def find_method_block(token, move, currency=None):
    """Return why a saved method can't be charged for an invoice until another is chosen, or none.

    One that is asked before a charge is planned, too: what can't be charged is promised to nobody.

    :param token: the `payment.token`; empty where none is chosen
    :param currency: of the charge; the invoice's when not told
    :rtype: Block | None
    """
    env = move.env
    if not token:
        sentence = say(env, "no_method")
        return Block("no_method", sentence)
    if removal := token._recovery_get_removal():
        return removal
    label = {"method": token._recovery_get_label()}
    if not token.active:
        return Block(
            "archived",
            say(env, "method_archived", **label),
        )
    currency = currency or move.currency_id
    currencies = token.payment_method_id.supported_currency_ids
    if not move._is_own_token(token):
        sentence = say(
            env,
            "method_of_other",
            **label,
        )
    elif currencies and currency not in currencies:
        sentence = say(env, "method_currency", currency=currency.name, **label)
    else:
        return None
    return Block("method", sentence)
