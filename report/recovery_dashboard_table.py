# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The tables of the dashboard as plain rows, to be downloaded."""

from odoo import api, fields, models
from odoo.exceptions import UserError

# Which values of `get_data` make a table, and how its columns are read: the heading's key, the
# type that the export formats by, and the key of the value.
_OUTCOMES = (
    ("failed", "monetary", "failed"),
    ("recovered", "monetary", "recovered"),
    ("in_recovery", "monetary", "in_recovery"),
    ("lost", "monetary", "lost"),
    ("rate", "share", "rate"),
    ("payments", "integer", "count"),
    ("recovered_payments", "integer", "recovered_count"),
    ("open_payments", "integer", "open_count"),
    ("lost_payments", "integer", "lost_count"),
)
_TABLES = {
    "months": (("month", "date", "month"), *_OUTCOMES, ("final", "boolean", "is_final")),
    "channels": (
        ("channel", "char", "name"),
        ("recovered", "monetary", "amount"),
        ("payments", "integer", "count"),
    ),
    "reasons": (("reason", "char", "name"), *_OUTCOMES),
    "retries": (
        ("retry", "integer", "number"),
        ("charges", "integer", "charges"),
        ("paid", "integer", "paid"),
        ("share", "share", "share"),
        ("amount_paid", "monetary", "amount"),
    ),
    "days": (
        ("days", "integer", "day"),
        ("recovered_by_then", "monetary", "amount"),
        ("share", "share", "share"),
        ("payments", "integer", "count"),
    ),
    "arms": (("group", "char", "name"), *_OUTCOMES, ("rate_count", "share", "rate_count")),
    "customers": (
        ("customer", "char", "name"),
        ("in_recovery", "monetary", "amount"),
        ("payments", "integer", "count"),
        ("since", "date", "since"),
        ("customer_since", "date", "customer_since"),
        ("phone", "char", "phone"),
    ),
    "recent": (
        ("invoice", "char", "name"),
        ("customer", "char", "customer"),
        ("since", "date", "failed_on"),
        ("reason", "char", "reason"),
        ("failed", "monetary", "amount"),
        ("currency", "char", "currency"),
    ),
}


class RecoveryDashboard(models.AbstractModel):
    _inherit = "recovery.dashboard"

    # === GETTERS === #

    @api.model
    def _get_table(self, name, data):
        """Return a table of the dashboard: its headings, the types of its columns, and its rows.

        Shares are in percent. Amounts are in the currency of the dashboard, which the headings
        name; those of what failed last are in that of their company.

        :param str name: as the dashboard names the card
        :param dict data: as :meth:`get_data` returns it
        :raise UserError: for a table that there isn't
        """
        if name not in _TABLES:
            raise UserError(self.env._("The dashboard has no table “%(name)s”.", name=name))
        rows = self._get_table_rows(name, data)
        columns = _TABLES[name]
        headings = self._get_headings()
        currency = "" if name == "recent" else f" ({data['currency']['name']})"
        suffixes = {"monetary": currency, "share": " (%)"}
        return (
            [headings[key] + suffixes.get(kind, "") for key, kind, _value in columns],
            ["float" if kind == "share" else kind for _key, kind, _value in columns],
            [[self._get_cell(row[value], kind) for _key, kind, value in columns] for row in rows],
        )

    @api.model
    def _get_table_rows(self, name, data):
        if data["is_empty"]:
            return []
        if name == "days":
            return data["days"]["points"]
        if name == "arms":
            names = {"smart": self.env._("Smart"), "control": self.env._("Control")}
            arms = data["arms"] or {}
            return [{**arms[arm], "name": names[arm]} for arm in names if arm in arms]
        if name == "recent":
            currencies = self.env["res.currency"]
            return [
                {**row, "currency": currencies.browse(row["currency_id"]).name}
                for row in data["recent"]
            ]
        return data[name]

    @api.model
    def _get_cell(self, value, kind):
        """Return a value as an export writes it; nothing where there is none."""
        if kind == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        if value is None or value is False:
            return ""
        if kind == "share":
            return round(100.0 * value, 2)
        if kind == "date":
            return fields.Date.to_date(value)
        return float(value) if kind == "monetary" else value

    @api.model
    def _get_headings(self):
        return {
            "amount_paid": self.env._("Amount paid"),
            "charges": self.env._("Charges"),
            "currency": self.env._("Currency"),
            "customer": self.env._("Customer"),
            "customer_since": self.env._("Customer since"),
            "days": self.env._("Days after the failure"),
            "failed": self.env._("Failed"),
            "final": self.env._("Final"),
            "group": self.env._("Group"),
            "in_recovery": self.env._("In recovery"),
            "invoice": self.env._("Invoice"),
            "lost": self.env._("Lost"),
            "lost_payments": self.env._("Lost payments"),
            "month": self.env._("Month of the failure"),
            "open_payments": self.env._("Payments in recovery"),
            "paid": self.env._("Paid"),
            "payments": self.env._("Payments"),
            "phone": self.env._("Phone"),
            "rate": self.env._("Recovery rate"),
            "rate_count": self.env._("Recovery rate by count"),
            "reason": self.env._("Reason"),
            "recovered": self.env._("Recovered"),
            "recovered_by_then": self.env._("Recovered by then"),
            "recovered_payments": self.env._("Recovered payments"),
            "retry": self.env._("Retry"),
            "share": self.env._("Share"),
            "since": self.env._("Failed since"),
            "channel": self.env._("Channel"),
        }
