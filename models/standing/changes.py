# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Which products have to be told how a customer stands now."""

import json
import uuid

from odoo import fields

from ...tools.instants import to_iso
from .standing import read_standing


def tell_of(endpoints, company, partner):
    """Write a message to each of these endpoints that knows the customer otherwise.

    :return: the messages
    """
    messages = endpoints.env["recovery.standing.message"]
    if not endpoints:
        return messages
    standing = read_standing(company.with_context(allowed_company_ids=company.ids), partner)
    for endpoint in endpoints:
        before = messages._find_last(endpoint, partner).standing or "good"
        if before != standing.standing:
            messages += _write(messages, endpoint, partner, before, standing)
    return messages


def _write(messages, endpoint, partner, before, standing):
    messages.search(
        [
            ("endpoint_id", "=", endpoint.id),
            ("partner_id", "=", partner.id),
            ("state", "=", "waiting"),
        ]
    ).state = "outdated"  # Whoever gets it now must not believe it.
    identifier = str(uuid.uuid4())
    body = {
        "id": identifier,
        "type": "standing.changed",
        "customer": {"id": partner.id, "ref": partner.ref or None, "email": partner.email or None},
        "before": before,
        "standing": standing.standing,
        "until": to_iso(standing.until),
        "processing": standing.processing,
        "in_parts": standing.in_parts,
        "owed": standing.owed,
        "as_of": to_iso(standing.as_of),
    }
    now = fields.Datetime.now()
    return messages.create(
        {
            "identifier": identifier,
            "endpoint_id": endpoint.id,
            "partner_id": partner.id,
            "standing": standing.standing,
            "body": json.dumps(body),
            "occurred_at": now,
            "next_try_at": now,
        }
    )
