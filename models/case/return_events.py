# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Events in which a provider tells of money that it takes back: believed, and written down.

They come to the webhooks of the providers' own addons, which know little of them, or to ours.
"""

import logging

from werkzeug.exceptions import Forbidden

from odoo import fields

from ...declines import NO_DECLINE, classify_return, is_authentic, read_returns
from ...tools.instants import aware

_logger = logging.getLogger(__name__)

# The routes of the providers' own addons, with the code of the provider. Mercado Pago's only names
# a payment, which its addon then fetches.
WEBHOOKS = {
    "/payment/adyen/notification": "adyen",
    "/payment/razorpay/webhook": "razorpay",
    "/payment/stripe/webhook": "stripe",
    "/payment/worldline/webhook": "worldline",
    "/payment/xendit/webhook": "xendit",
}


def take_webhook(env, provider_code, headers, body, payload):
    """Take over what a webhook tells of money taken back, before the provider's addon sees it.

    :param bytes body: as it was received
    :param payload: the parsed body
    :raise Forbidden: when it isn't genuine, and no addon is to judge that itself
    """
    for event in read_returns(provider_code, payload):
        transaction_sudo = find_payment(env, provider_code, event)
        if not transaction_sudo:
            _logger.warning(
                "%s tells of a %s of a payment that is not known: %s",
                provider_code,
                event.kind,
                event.payments or event.reference,
            )
            continue
        provider_sudo = transaction_sudo.provider_id
        # Whatever its state: what a provider takes back it takes back after it was disabled, too.
        if is_authentic(
            provider_code,
            headers,
            body,
            provider_sudo._recovery_get_events_secrets(),
            aware(fields.Datetime.now()),
        ):
            note_event(transaction_sudo, event)
        elif not event.is_known_to_addon:
            _logger.warning("Refused an event of %s: its signature is wrong", provider_code)
            raise Forbidden()


def take_events(env, provider_code, payload):
    """Take over what a provider tells of money taken back, once it is known to be genuine."""
    for event in read_returns(provider_code, payload):
        if transaction_sudo := find_payment(env, provider_code, event):
            note_event(transaction_sudo, event)


def find_payment(env, provider_code, event):
    """Return the transaction, in sudo mode, whose money an event is about, if there is one."""
    # In sudo mode: a provider is no user.
    transactions_sudo = env["payment.transaction"].sudo()
    common = [
        ("provider_code", "=", provider_code),
        ("operation", "not in", ("validation", "refund")),
    ]
    wanted = [("provider_reference", name) for name in event.payments]
    if event.reference:
        wanted.append(("reference", event.reference))
    for field, name in wanted:
        found_sudo = transactions_sudo.search([*common, (field, "=", name)], order="id", limit=1)
        if found_sudo:
            return found_sudo
    return transactions_sudo


def note_event(transaction_sudo, event):
    """Write down what an event tells, where the money of the payment had arrived."""
    if event.is_known_to_addon and not _had_arrived(transaction_sudo, event):
        return  # An ordinary failure, or a refund of what was never captured.
    env = transaction_sudo.env
    taxonomy = env["recovery.decline.code"]._get_taxonomy()
    # A refund is what the company wanted: no reason stands against the card.
    decline = NO_DECLINE if event.kind == "refund" else classify_return(event, taxonomy)
    # What is written is for accountants.
    lang = transaction_sudo.company_id.partner_id.lang
    returns_sudo = env["recovery.return"].with_context(lang=lang)
    record_sudo = returns_sudo.with_company(transaction_sudo.company_id)._note_event(
        transaction_sudo, event, decline
    )
    _logger.info(
        "%s: %s %s of %s, %s",
        transaction_sudo.provider_code,
        event.kind,
        event.state,
        transaction_sudo.reference,
        "noted" if record_sudo else "known",
    )


def _had_arrived(transaction_sudo, event):
    """Return whether the money had arrived when it was taken back.

    A failure that was told late, of a try before the one that succeeded, is none of it.
    """
    if transaction_sudo.state != "done":
        return False
    done_at = transaction_sudo.last_state_change
    return event.kind != "failed" or not (event.at and done_at) or event.at > aware(done_at)
