# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Invoices of Odoo's own subscription app, which charges and reminds by itself."""


def is_loaded(env):
    """Return whether Odoo's own subscription app is loaded; costs no query."""
    field = env["account.move.line"]._fields.get("subscription_id")
    return bool(field) and field.comodel_name == "sale.order"


def filter_made(moves):
    """Return those of these invoices that the app made."""
    if not is_loaded(moves.env):
        return moves.browse()
    # In sudo mode: whoever sees an invoice need not be allowed to see the subscription.
    return moves.filtered(lambda move: move.sudo().invoice_line_ids.subscription_id)
