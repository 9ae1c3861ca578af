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


def remember_totals(env, totals):
    """Keep the gateway's totals: its memory ends with it, the demo's database stays."""
    env["ir.config_parameter"].set_param(PARAMETER, json.dumps(totals))


def read_totals(env):
    """Return the totals that the gateway had when the demo was run."""
    totals = json.loads(env["ir.config_parameter"].get_param(PARAMETER, "{}"))
    return {currency.upper(): amounts for currency, amounts in totals.items()}


def print_table(env, totals):
    """Print the table and the comparison with the gateway; return whether they agree."""
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
    return _print_comparison(env, totals)


def _print_lines(title, lines):
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(f"\n{title}")
    for line in lines:
        print("  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


def _print_arms(env):
    """Compare the smart schedule with the fixed one, as the dashboard does."""
    arms = env["recovery.dashboard"].get_data("two_years").get("arms")
    lines = [["group", "cases", "recovered", "share", "95 % interval"]]
    for name in ("smart", "control") if arms else ():
        count, recovered = arms[name]["count"], arms[name]["recovered_count"]
        low, high = wilson(recovered / count, count)
        share = f"{recovered / count:.0%}"
        lines.append([name, str(count), str(recovered), share, f"{low:.0%} to {high:.0%}"])
    _print_lines("Smart schedule beside the fixed one", lines)
    if not arms:
        print("  There are no cases of both groups yet.")
        return
    low, high = 100 * arms["low"], 100 * arms["high"]
    print(
        f"  Difference: {100 * arms['difference']:+.1f} points, "
        f"95 % interval {low:+.1f} to {high:+.1f}."
    )


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


def _print_comparison(env, totals):
    """Compare what Odoo booked from the provider with what moved at the gateway."""
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
    agrees = set(booked) == set(totals)
    print()
    for name in sorted(set(booked) | set(totals)):
        currency, amount, count = booked.get(name, (env.company.currency_id, 0.0, 0))
        moved = totals.get(name, {}).get("net", 0) / 10**currency.decimal_places
        is_equal = not currency.compare_amounts(amount, moved)
        agrees &= is_equal
        verdict = "equal to the cent" if is_equal else "THEY DIFFER"
        print(
            f"Payments booked in Odoo: {amount:,.2f} {name} ({count} payments); money moved at the "
            f"gateway: {moved:,.2f} {name}: {verdict}."
        )
    sys.stdout.flush()
    return agrees
