# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import csv
import io

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.http import request

from odoo.addons.web.controllers.export import ExportXlsxWriter

from ..tools.guards import check_may_export
from .decisions import _defuse, _read_companies

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class RecoveryDashboardExport(http.Controller):
    @http.route(
        "/recovery/dashboard/<string:table>.<string:extension>",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def download_table(
        self, table, extension, period="year", until=None, company_ids="", **_options
    ):
        """Download a table of the dashboard, with its period and companies, as XLSX or CSV.

        Whoever may export may; what they see is what the dashboard shows them.

        :param str table: as :meth:`recovery.dashboard._get_table` names it
        :param str company_ids: separated by commas; those switched on when empty
        """
        if extension not in TYPES:
            raise request.not_found()
        env = request.env
        dashboards = env["recovery.dashboard"].with_context(
            allowed_company_ids=_read_companies(env)
        )
        try:
            check_may_export(env)
            ids = [int(number) for number in company_ids.split(",") if number]
            data = dashboards.get_data(period, ids, until or None)
            headings, types, rows = dashboards._get_table(table, data)
        except ValueError as error:
            raise request.not_found() from error
        except UserError as error:  # An AccessError is one, too.
            status = 403 if isinstance(error, AccessError) else 400
            return request.make_response(
                str(error), [("Content-Type", "text/plain; charset=utf-8")], status=status
            )
        content = (_make_csv if extension == "csv" else _make_xlsx)(headings, types, rows)
        name = f"recovery_{table}_{data['from']}_{data['to']}.{extension}"
        headers = [
            ("Content-Type", TYPES[extension]),
            ("Content-Disposition", http.content_disposition(name)),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return request.make_response(content, headers)


def _make_csv(headings, _types, rows):
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in [headings, *rows]:
        writer.writerow(_defuse(value) for value in row)
    return buffer.getvalue().encode("utf-8-sig")  # Else Excel takes it for another encoding.


def _make_xlsx(headings, types, rows):
    columns = [{"type": kind} for kind in types]
    with ExportXlsxWriter(columns, headings, len(rows)) as writer:
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                writer.write_cell(number, column, _defuse(value))
    return writer.value
