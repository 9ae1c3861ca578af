# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The loss of what a case did not recover, booked."""

from odoo.exceptions import UserError
from odoo.fields import Command


def write_off(case, account, date):
    """Book what is owed on a loss account and reconcile the invoice with it.

    :raise UserError: when nothing is owed, or the company has no journal for it
    """
    case.ensure_one()
    move = case.move_id
    lines = move.line_ids.filtered(
        lambda line: line.display_type == "payment_term" and not line.reconciled
    )
    if move.state != "posted" or not lines:
        raise UserError(case.env._("Nothing is owed on %(invoice)s.", invoice=move.display_name))
    journal = case.env["account.journal"].search(
        [
            *case.env["account.journal"]._check_company_domain(move.company_id),
            ("type", "=", "general"),
        ],
        limit=1,
    )
    if not journal:
        raise UserError(case.env._("Create a journal of the type Miscellaneous first."))
    entry = case.env["account.move"].create(_prepare_vals(case, lines, account, journal, date))
    entry.action_post()
    case.write_off_move_id = entry
    counterpart = entry.line_ids.filtered(lambda line: line.account_id != account)
    (lines + counterpart).reconcile()
    case._clear_attention()
    return entry


def _prepare_vals(case, lines, account, journal, date):
    label = case.env._("Write-off of %(invoice)s", invoice=case.move_id.name)
    common = {
        "name": label,
        "partner_id": case.partner_id.id,
        "currency_id": case.currency_id.id,
    }
    receivable = [
        {
            **common,
            "account_id": line.account_id.id,
            "balance": -line.amount_residual,
            "amount_currency": -line.amount_residual_currency,
        }
        for line in lines
    ]
    loss = {
        **common,
        "account_id": account.id,
        "balance": sum(lines.mapped("amount_residual")),
        "amount_currency": sum(lines.mapped("amount_residual_currency")),
    }
    return {
        "move_type": "entry",
        "journal_id": journal.id,
        "company_id": case.company_id.id,
        "date": date,
        "ref": label,
        "line_ids": [Command.create(values) for values in (*receivable, loss)],
    }
