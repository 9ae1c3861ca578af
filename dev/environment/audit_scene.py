# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A provider's export of two made-up years, audited, for the picture of the audit. Needs Odoo."""

import base64
import csv
import io
from datetime import timedelta

_HEADING = (
    "id,Created date (UTC),Amount,Currency,Decline Reason,Status,Customer ID,Card Brand,"
    "Card Funding,Card Issue Country,Invoice ID"
)
# How often each is why a payment fails, and how often a further charge is paid.
_REASONS = {
    "insufficient_funds": (50, 0.24),
    "do_not_honor": (20, 0.2),
    "generic_decline": (12, 0.18),
    "expired_card": (9, 0.0),
    "stolen_card": (5, 0.0),
    "authentication_required": (4, 0.0),
}
_DEBTS, _PAID, _DAYS = 420, 3200, 700


def make_audit(report_scene) -> int:
    """Return the id of an audit of a file."""
    env, chance = report_scene.env, report_scene.random
    now = report_scene.scene.now
    currency = report_scene.company.currency_id.name.lower()
    content = io.StringIO()
    rows = csv.writer(content)
    rows.writerow(_HEADING.split(","))

    def add(debt, age, reason, amount):
        at = (now - timedelta(days=age)).strftime("%Y-%m-%d %H:%M:%S")
        status = "Failed" if reason else "Paid"
        names = ("cus_", "Visa", "debit", "US")
        values = [f"ch_{content.tell()}", at, amount, currency, reason, status]
        rows.writerow([*values, f"{names[0]}{debt % 300}", *names[1:], f"in_{debt}"])

    for debt in range(_DEBTS):
        reason = chance.choices(list(_REASONS), [share for share, _paid in _REASONS.values()])[0]
        amount, age = round(15 + 420 * chance.random() ** 3, 2), chance.uniform(20, _DAYS)
        add(debt, age, reason, amount)
        for number in range(chance.randrange(4)):
            paid = chance.random() < _REASONS[reason][1]
            add(debt, age - 3 * (number + 1), "" if paid else reason, amount)
            if paid:
                break
    for debt in range(_DEBTS, _DEBTS + _PAID):
        add(debt, chance.uniform(0, _DAYS), "", 49.0)
    audit = env["recovery.audit"].create(
        {
            "company_id": report_scene.company.id,
            "source": "file",
            "file_name": "unified_payments.csv",
            "file": base64.b64encode(content.getvalue().encode()),
        }
    )
    audit._run()
    return audit.id
