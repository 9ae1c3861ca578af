# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A database with a merchant's past, as it was before recovery was installed."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from simulation.streams.issuers import CODES, PAID
from simulation.streams.zones import to_datetime

from . import past as pasts
from . import scene

# Rows are copied from real ones, so that every constraint holds.
_COLUMNS = """
    SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
     WHERE table_name = %s AND column_name != ALL(%s)
"""
_TABLES = {
    "past_customer": "number integer, tz text, country text, network text, funding text",
    "past_invoice": "number integer, customer integer, amount numeric, owed numeric, state text, "
    "due date, settled date",
    "past_charge": "number serial, invoice integer, at timestamp, state text, message text",
}
_FILL = (
    (
        "res_partner",
        ("id", "name", "complete_name", "tz", "country_id", "commercial_partner_id"),
        """
        INSERT INTO res_partner ({columns}, name, complete_name, tz, country_id)
        SELECT {listed}, 'Past ' || number, 'Past ' || number, past.tz,
               (SELECT id FROM res_country WHERE code = past.country)
          FROM past_customer past, res_partner original WHERE original.id = %(partner)s
        """,
    ),
    (None, (), "UPDATE res_partner SET commercial_partner_id = id WHERE name LIKE 'Past %%'"),
    (
        "payment_token",
        ("id", "partner_id", "provider_ref", "recovery_network", "recovery_funding"),
        """
        INSERT INTO payment_token ({columns}, partner_id, provider_ref, recovery_network,
                                   recovery_funding)
        SELECT {listed}, partner.id, 'past_' || number, past.network, past.funding
          FROM past_customer past JOIN res_partner partner ON partner.name = 'Past ' || number,
               payment_token original
         WHERE original.id = %(token)s
        """,
    ),
    (
        "account_move",
        ("id", "name", "sequence_number", "access_token", "partner_id", "commercial_partner_id",
         "amount_total", "amount_total_signed", "amount_residual", "amount_residual_signed",
         "payment_state", "invoice_date", "invoice_date_due", "date"),
        """
        INSERT INTO account_move ({columns}, name, sequence_number, partner_id,
                                  commercial_partner_id, amount_total, amount_total_signed,
                                  amount_residual, amount_residual_signed,
                                  payment_state, invoice_date, invoice_date_due, date)
        SELECT {listed}, 'PAST/' || past.number, past.number, partner.id, partner.id, amount,
               amount, owed, owed, past.state, due, due, due
          FROM past_invoice past JOIN res_partner partner ON partner.name = 'Past ' || customer,
               account_move original
         WHERE original.id = %(invoice)s
        """,
    ),
    (
        "payment_transaction",
        ("id", "reference", "partner_id", "token_id", "amount", "state", "state_message",
         "last_state_change", "provider_reference"),
        """
        INSERT INTO payment_transaction ({columns}, reference, partner_id, token_id, amount, state,
                                         state_message, last_state_change, provider_reference)
        SELECT {listed}, 'PAST-' || charge.number, partner.id, token.id, invoice.amount,
               charge.state, charge.message, charge.at, 'pi_' || charge.number
          FROM past_charge charge
          JOIN past_invoice invoice ON invoice.number = charge.invoice
          JOIN res_partner partner ON partner.name = 'Past ' || customer
          JOIN payment_token token ON token.provider_ref = 'past_' || customer,
               payment_transaction original
         WHERE original.id = %(transaction)s
        """,
    ),
    (
        None,
        (),
        """
        INSERT INTO account_invoice_transaction_rel (invoice_id, transaction_id)
        SELECT move.id, transaction.id
          FROM past_charge charge
          JOIN account_move move ON move.name = 'PAST/' || charge.invoice
          JOIN payment_transaction transaction ON transaction.reference = 'PAST-' || charge.number
        """,
    ),
    (
        "account_move_line",
        ("id", "move_id"),
        """
        INSERT INTO account_move_line ({columns}, move_id)
        SELECT {listed}, move.id
          FROM past_invoice past JOIN account_move move ON move.name = 'PAST/' || past.number,
               account_move_line original
         WHERE original.id = %(line)s AND past.settled IS NOT NULL
        """,
    ),
    (
        None,
        (),
        """
        INSERT INTO account_partial_reconcile (debit_move_id, credit_move_id, max_date, amount,
                                               debit_amount_currency, credit_amount_currency,
                                               company_id)
        SELECT line.id, %(line)s, past.settled, past.amount, past.amount, past.amount, %(company)s
          FROM past_invoice past JOIN account_move move ON move.name = 'PAST/' || past.number
          JOIN account_move_line line ON line.move_id = move.id
         WHERE past.settled IS NOT NULL
        """,
    ),
)  # fmt: skip
_ANALYZED = "account_move, account_move_line, payment_transaction, payment_token, res_partner"


def fill(env: Any, past: pasts.Past, transactions: int) -> int:
    """Write a past into a database; return how many transactions it has.

    :param transactions: how many there are to be: what is missing are invoices paid at once
    """
    originals = _make_originals(env)
    for table, columns in _TABLES.items():
        env.cr.execute(f"CREATE TEMPORARY TABLE {table} ({columns})")
    count = _copy_past(env.cr, past, transactions)
    env.cr.execute("CREATE INDEX ON past_invoice (number); ANALYZE past_invoice, past_charge")
    for table, left_out, statement in _FILL:
        if table:
            env.cr.execute(_COLUMNS, [table, list(left_out)])
            columns = env.cr.fetchone()[0]
            listed = ", ".join(f"original.{column}" for column in columns.split(", "))
            statement = statement.format(columns=columns, listed=listed)
        env.cr.execute(statement, originals)
        if table == "res_partner":
            env.cr.execute("CREATE INDEX past_name_idx ON res_partner (name)")
        if table == "payment_token":
            env.cr.execute("CREATE INDEX past_ref_idx ON payment_token (provider_ref)")
        if table == "account_move":
            env.cr.execute("ANALYZE account_move, res_partner, payment_token")
    return count


def analyze(env: Any) -> None:
    """Let PostgreSQL know what is in the tables, as it does in a database of two years."""
    env.cr.execute("DROP INDEX past_name_idx; DROP INDEX past_ref_idx")
    env.cr.execute(f"ANALYZE {_ANALYZED}")


def _make_originals(env: Any) -> dict[str, int]:
    the_scene = scene.prepare(env)
    partner = env["res.partner"].create({"name": "Original"})
    provider = env["payment.provider"].browse(the_scene.provider)
    method = provider.payment_method_ids[:1] or env["payment.method"].search([], limit=1)
    token = env["payment.token"].create(
        {
            "provider_id": provider.id,
            "payment_method_id": method.id,
            "partner_id": partner.id,
            "provider_ref": "original",
            "payment_details": "1111",
        }
    )
    invoice = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": partner.id,
            "invoice_line_ids": [(0, 0, {"name": "Service", "price_unit": 100.0})],
        }
    )
    invoice.action_post()
    transaction = env["payment.transaction"].create(
        {
            "provider_id": provider.id,
            "payment_method_id": method.id,
            "reference": "ORIGINAL",
            "amount": 100.0,
            "currency_id": invoice.currency_id.id,
            "partner_id": partner.id,
            "token_id": token.id,
            "operation": "offline",
        }
    )
    transaction.is_post_processed = True
    env.flush_all()
    line = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
    return {
        "partner": partner.id,
        "token": token.id,
        "invoice": invoice.id,
        "transaction": transaction.id,
        "line": line.id,
        "company": env.company.id,
    }


def _copy_past(cursor: Any, past: pasts.Past, transactions: int) -> int:
    cases = past.cases
    customers, invoices, charges = [], [], []
    for case, tried in enumerate(past.charges):
        zone = cases.zones.names[cases.zone[case]]
        country = cases.countries[cases.country[case]]
        customers.append((case, zone, country, cases.brand[case], cases.funding_of(case)))
        amount, settled = pasts.amount_of(past, case), pasts.settled_at(past, case)
        is_paid = tried[-1][1] == PAID or settled
        owed, state = (0, "paid") if is_paid else (amount, "not_paid")
        day = to_datetime(tried[0][0]).date()
        number = len(invoices)
        invoices.append((number, case, amount, owed, state, day, settled and settled.date()))
        for at, code in tried:
            answer = ("done", None) if code == PAID else ("error", pasts.MESSAGES[CODES[code]])
            charges.append((number, _stamp(to_datetime(at)), *answer))
        for at in pasts.earlier(past, case):
            charges.append((len(invoices), _stamp(at), "done", None))
            invoices.append((len(invoices), case, amount, 0, "paid", at.date(), None))
    # What is missing is paid at once, by customers who never fail.
    case, first = len(customers), to_datetime(past.charges[0][0][0])
    customers.append((case, "UTC", "US", "visa", "credit"))
    for number in range(transactions - len(charges)):
        at = first + timedelta(minutes=number)
        charges.append((len(invoices), _stamp(at), "done", None))
        invoices.append((len(invoices), case, 10, 0, "paid", at.date(), None))
    _copy(cursor, "past_customer", customers)
    _copy(cursor, "past_invoice", invoices)
    _copy(cursor, "past_charge (invoice, at, state, message)", charges)
    return len(charges)


def _stamp(at: Any) -> str:
    return at.replace(tzinfo=None).isoformat(sep=" ")


def _copy(cursor: Any, table: str, rows: Iterable[tuple]) -> None:
    lines = io.StringIO()
    for row in rows:
        lines.write("\t".join("\\N" if value is None else str(value) for value in row) + "\n")
    lines.seek(0)
    cursor._obj.copy_expert(f"COPY {table} FROM STDIN", lines)
