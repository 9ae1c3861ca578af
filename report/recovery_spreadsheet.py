# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A spreadsheet in Odoo's *Dashboards* app, where that app is installed."""

import json
from base64 import b64encode

from odoo import api, models

# The format of the documents that Odoo 19 ships; newer ones are brought up to date when opened.
_VERSION = "18.5.10"
_PERIOD = "recovery-period"
# As if it were the app's, so that the app takes it along when it is uninstalled; this addon does so
# in its own hook.
_XMLID = "spreadsheet_dashboard.revenue_recovery"
_CASES = "recovery.case.report"
_OF_FAILURES = [["began_by", "=", "failure"]]
_TITLE, _HEADER = 1, 2
_STYLES = {
    "1": {"textColor": "#01666b", "bold": True, "fontSize": 16},
    "2": {"textColor": "#434343", "bold": True, "fontSize": 11},
}
_MONTHS, _REASONS, _CHANNELS, _CUSTOMERS = 24, 15, 8, 10


class RecoverySpreadsheet(models.AbstractModel):
    """Makes the dashboard: the addon does not depend on the app, so its data can't."""

    _name = "recovery.spreadsheet"
    _description = "Recovery in a Spreadsheet Dashboard"

    def _register_hook(self):
        """Override of `base` to add the dashboard when this addon, or the app, was installed."""
        super()._register_hook()
        if {"revenue_recovery", "spreadsheet_dashboard"} & set(self.pool.updated_modules):
            self._create_dashboard()

    # === BUSINESS METHODS === #

    @api.model
    def _create_dashboard(self):
        """Create the dashboard, once; what somebody has made of it since stays as it is."""
        if "spreadsheet.dashboard" not in self.env or self.env.ref(_XMLID, False):
            return
        group = self.env.ref("spreadsheet_dashboard.spreadsheet_dashboard_group_finance", False)
        if not group:
            return
        dashboard = self.env["spreadsheet.dashboard"].create(
            {
                "name": "Payment Recovery",
                "dashboard_group_id": group.id,
                "group_ids": [(6, 0, self.env.ref("revenue_recovery.group_recovery_user").ids)],
                "spreadsheet_binary_data": b64encode(json.dumps(self._make_spreadsheet()).encode()),
                "sequence": 25,
                "is_published": True,
            }
        )
        # Not to be updated, and so not taken away, when the app is upgraded.
        self.env["ir.model.data"]._update_xmlids(
            [{"xml_id": _XMLID, "record": dashboard, "noupdate": True}]
        )

    @api.model
    def _remove_dashboard(self):
        """Take the dashboard away with this addon, whose models it reads."""
        if dashboard := self.env.ref(_XMLID, False):
            dashboard.unlink()

    # === GETTERS === #

    @api.model
    def _make_spreadsheet(self):
        """Return the document: amounts by month, reason and channel, and who has most in recovery.

        It holds no numbers: the browser reads them by the user's own rights.
        """
        return {
            "version": _VERSION,
            "sheets": [self._make_sheet()],
            "styles": _STYLES,
            "formats": {},
            "borders": {},
            "revisionId": "START_REVISION",
            "uniqueFigureIds": True,
            "settings": {},
            "pivots": {
                "1": _make_pivot("1", "Total", _CASES, [], _MEASURES),
                "2": _make_pivot("2", "By month", _CASES, [_BY_MONTH], _MEASURES),
                "3": _make_pivot("3", "By reason", _CASES, [{"fieldName": "reason_id"}], _MEASURES),
                "4": _make_pivot(
                    "4",
                    "By channel",
                    "recovery.settlement",
                    [{"fieldName": "channel"}],
                    _OF_CHANNELS,
                ),
            },
            "pivotNextId": 5,
            "customTableStyles": {},
            "globalFilters": [
                {
                    "id": _PERIOD,
                    "type": "date",
                    "label": "Failed on",
                    "defaultValue": "last_12_months",
                }
            ],
            "lists": {
                "1": {
                    "id": "1",
                    "name": "In recovery",
                    "model": _CASES,
                    "columns": list(_LIST),
                    "domain": [*_OF_FAILURES, ["outcome", "=", "in_recovery"]],
                    "context": {},
                    "orderBy": [{"name": "in_recovery_amount", "asc": False}],
                    "fieldMatching": _MATCHING,
                }
            },
            "listNextId": 2,
            "chartOdooMenusReferences": {},
        }

    @api.model
    def _make_sheet(self):
        cells, styles = {}, {}
        row = 1
        for title, formula, height in (
            ("Payments that failed, and what became of them", "=PIVOT(1,,TRUE,TRUE)", 2),
            ("By month of the failure", f"=PIVOT(2,{_MONTHS},TRUE,TRUE)", _MONTHS + 2),
            ("Why they failed", f"=PIVOT(3,{_REASONS},TRUE,TRUE)", _REASONS + 2),
            ("How the money came back", f"=PIVOT(4,{_CHANNELS},TRUE,TRUE)", _CHANNELS + 2),
        ):
            cells[f"A{row}"], cells[f"A{row + 1}"] = title, formula
            styles[f"A{row}"] = _TITLE
            row += height + 2
        cells[f"A{row}"] = "Most in recovery"
        styles[f"A{row}"] = _TITLE
        for column, name in zip("ABCDE", _LIST, strict=True):
            cells[f"{column}{row + 1}"] = f'=ODOO.LIST.HEADER(1,"{name}")'
            styles[f"{column}{row + 1}"] = _HEADER
            for number in range(1, _CUSTOMERS + 1):
                cells[f"{column}{row + 1 + number}"] = f'=ODOO.LIST(1,{number},"{name}")'
        return {
            "id": "recovery-sheet",
            "name": "Recovery",
            "colNumber": 16,
            "rowNumber": row + _CUSTOMERS + 4,
            "rows": {},
            "cols": {"0": {"size": 240}, **{str(number): {"size": 130} for number in range(1, 7)}},
            "merges": [],
            "cells": cells,
            "styles": styles,
            "formats": {},
            "borders": {},
            "conditionalFormats": [],
            "dataValidationRules": [],
            "figures": [_make_chart()],
            "tables": [],
            "areGridLinesVisible": False,
            "isVisible": True,
            "headerGroups": {"ROW": [], "COL": []},
            "comments": {},
        }


_MATCHING = {_PERIOD: {"chain": "failed_on", "type": "date", "offset": 0}}
_BY_MONTH = {"fieldName": "failed_on", "granularity": "month", "order": "desc"}
_LIST = ("move_id", "partner_id", "failed_on", "reason_id", "in_recovery_amount")


def _sum(name):
    return {"id": f"{name}:sum", "fieldName": name, "aggregator": "sum"}


_MEASURES = [
    *map(_sum, ("failed_amount", "recovered_amount", "in_recovery_amount", "lost_amount")),
    {
        "id": "recovery_rate:avg",
        "fieldName": "recovery_rate",
        "aggregator": "avg",
        "format": "0.0%",
    },
    _sum("failed_count"),
]
_OF_CHANNELS = [_sum("company_amount"), {"id": "__count", "fieldName": "__count"}]


def _make_pivot(number, name, model, rows, measures):
    return {
        "id": number,
        "formulaId": number,
        "type": "ODOO",
        "name": name,
        "model": model,
        "domain": _OF_FAILURES,
        "context": {},
        "columns": [],
        "rows": rows,
        "measures": measures,
        "fieldMatching": _MATCHING,
    }


def _make_chart():
    """Return the chart of the months: one bar each, in parts by what became of it."""
    return {
        "id": "recovery-chart",
        "width": 720,
        "height": 380,
        "tag": "chart",
        "col": 8,
        "row": 0,
        "offset": {"x": 0, "y": 10},
        "data": {
            "chartId": "recovery-chart",
            "type": "odoo_bar",
            "title": {"text": "Failed, by what became of it"},
            "background": "#FFFFFF",
            "legendPosition": "top",
            "verticalAxisPosition": "left",
            "stacked": True,
            "dataSets": [{}],
            "metaData": {
                "resModel": _CASES,
                "mode": "bar",
                "measure": "failed_amount",
                "groupBy": ["failed_on:month", "outcome"],
                "order": None,
            },
            "searchParams": {
                "comparison": None,
                "context": {},
                "domain": _OF_FAILURES,
                "groupBy": ["failed_on:month", "outcome"],
                "orderBy": [],
            },
            "fieldMatching": _MATCHING,
        },
    }
