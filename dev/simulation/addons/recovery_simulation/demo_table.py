# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What became of the money of the demo, from the ledger of Odoo and that of the gateway."""

import json
import sys
from collections import defaultdict

from odoo.addons.revenue_recovery.timing.stats.intervals import wilson

PARAMETER = "recovery_simulation.totals"
COLUMNS = (
    ("month", "month"),
    ("billed", "billed"),
    ("cases", "cases"),
    ("attempts", "attempts"),
    ("failed", "failed"),
    ("recovered", "recovered"),
    ("in_recovery", "in recovery"),
    ("lost", "lost"),
)


def remember_comparison(env, totals, instant):
    """Keep how the books and the gateway's ledger compared when the demo was run.

    The gateway's memory ends with it, while the demo goes on in its database: a later comparison
    would say nothing.

    :param dict totals: of the gateway, by currency
    :return: whether they agreed
    """
    rows = _compare(env, {currency.upper(): amounts for currency, amounts in totals.items()})
    env["ir.config_parameter"].set_param(
        PARAMETER, json.dumps({"at": instant.isoformat(), "rows": rows})
    )
    return all(row["is_equal"] for row in rows)


def print_table(env):
    """Print what the database tells now, and how books and gateway compared after the run."""
    rows = _read_months(env)
    currency = env.company.currency_id
    lines = [[title for _name, title in COLUMNS]]
    for month in sorted(rows):
        lines.append([month, *(_format(currency, rows[month], name) for name, _t in COLUMNS[1:])])
    total = {name: sum(row[name] for row in rows.values()) for name, _title in COLUMNS[1:]}
    lines.append(["total", *(_format(currency, total, name) for name, _title in COLUMNS[1:])])
    _print_lines(f"Recovery by month of the first failure, in {currency.name}", lines)
    _print_arms(env)
    _print_flows(env)
    _print_comparison(env)


def _print_lines(title, lines):
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(f"\n{title}")
    for line in lines:
        print("  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


def _print_arms(env):
    """Compare the smart schedule with the fixed one: what the dashboard shows when it opens."""
    arms = env["recovery.dashboard"].get_data().get("arms")
    lines = [["group", "cases", "recovered", "share", "95 % interval"]]
    for name in ("smart", "control") if arms else ():
        count, recovered = arms[name]["count"], arms[name]["recovered_count"]
        low, high = wilson(recovered / count, count)
        share = f"{recovered / count:.0%}"
        lines.append([name, str(count), str(recovered), share, f"{low:.0%} to {high:.0%}"])
    _print_lines("Smart schedule beside the fixed one", lines)
    print(f"  {arms['sentence'] if arms else 'There are no cases of both groups yet.'}")


def _print_flows(env):
    """Tell what the active flows did: how often each was set off, and what became of its acts."""
    states = ("done", "planned", "skipped", "cancelled", "failed")
    lines = [["flow", "set off", *states]]
    for rule in env["base.automation"].search([("recovery_recipe", "!=", False)], order="id"):
        planned = env["recovery.planned.action"].search([("automation_id", "=", rule.id)])
        counts = [
            str(len(planned.filtered(lambda action, s=state: action.state == s)))
            for state in states
        ]
        lines.append([rule.name, str(len(set(planned.mapped("flow")))), *counts])
    _print_lines("Flows at work, and their actions", lines)


def _format(currency, row, name):
    if name in ("cases", "attempts"):
        return str(int(row[name]))
    return f"{row[name]:,.{currency.decimal_places}f}"


def _read_months(env):
    rows = defaultdict(lambda: dict.fromkeys((name for name, _title in COLUMNS[1:]), 0.0))
    invoices = env["account.move"].search(
        [("move_type", "=", "out_invoice"), ("state", "=", "posted")]
    )
    for invoice in invoices:
        rows[f"{invoice.invoice_date:%Y-%m}"]["billed"] += invoice.amount_total
    for report in env["recovery.case.report"].search([]):
        row = rows[f"{report.failed_on:%Y-%m}"]
        row["cases"] += 1
        row["attempts"] += report.case_id.attempt_count
        for name in ("failed", "recovered", "in_recovery", "lost"):
            row[name] += report[f"{name}_amount"]
    return rows


def _compare(env, totals):
    """Return by currency what Odoo booked from the provider, and what moved at the gateway."""
    providers = env["payment.provider"].search([("code", "=", "stripe")])
    groups = env["account.payment"]._read_group(
        [
            ("payment_transaction_id.provider_id", "in", providers.ids),
            ("state", "in", ("in_process", "paid")),
        ],
        ["currency_id"],
        ["amount:sum", "__count"],
    )
    booked = {currency.name: (currency, amount, count) for currency, amount, count in groups}
    rows = []
    for name in sorted(set(booked) | set(totals)):
        currency, amount, count = booked.get(name, (env.company.currency_id, 0.0, 0))
        moved = totals.get(name, {}).get("net", 0) / 10**currency.decimal_places
        is_equal = name in booked and name in totals
        is_equal &= not currency.compare_amounts(amount, moved)
        rows.append(
            {
                "currency": name,
                "booked": amount,
                "count": count,
                "moved": moved,
                "is_equal": is_equal,
            }
        )
    return rows


def _print_comparison(env):
    remembered = json.loads(env["ir.config_parameter"].get_param(PARAMETER, "{}"))
    print()
    for row in remembered.get("rows", ()):
        verdict = "equal to the cent" if row["is_equal"] else "THEY DIFFER"
        print(
            f"When the run ended ({remembered['at'][:16].replace('T', ' ')} UTC): booked in Odoo "
            f"{row['booked']:,.2f} {row['currency']} ({row['count']} payments), moved at the "
            f"gateway {row['moved']:,.2f} {row['currency']}: {verdict}."
        )
    sys.stdout.flush()
