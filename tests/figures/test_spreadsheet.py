# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import json
from unittest import SkipTest

from odoo.tests import tagged

from odoo.addons.spreadsheet.utils.validate_data import fields_in_spreadsheet

from .test_dashboard import DashboardCommon


@tagged("post_install", "-at_install")
class TestSpreadsheet(DashboardCommon):
    """The dashboard in Odoo's Dashboards app: a document that asks for what its reader may see."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "spreadsheet.dashboard" not in cls.env:
            raise SkipTest("The Dashboards app is not installed.")
        cls.document = cls.env["recovery.spreadsheet"]._make_spreadsheet()

    def _get_dashboard(self, user):
        dashboards = self.env["spreadsheet.dashboard"].with_user(user)
        dashboards = dashboards.with_context(allowed_company_ids=user.company_ids.ids)
        return dashboards.search([("name", "=", "Payment Recovery")])

    def _read(self, user):
        """Return what the browser of a user reads for the document: by pivot, and for the list."""
        env = self._get_dashboard(user).env
        answers = {}
        for name, pivot in self.document["pivots"].items():
            rows = [
                f"{row['fieldName']}:{row['granularity']}"
                if "granularity" in row
                else row["fieldName"]
                for row in pivot["rows"]
            ]
            measures = [measure["id"] for measure in pivot["measures"]]
            groups = env[pivot["model"]].formatted_read_group(pivot["domain"], rows, measures)
            answers[name] = sum(group[measures[0]] or 0 for group in groups)
        (found,) = self.document["lists"].values()
        order = ", ".join(f"{one['name']} desc" for one in found["orderBy"])
        lines = env[found["model"]].search(found["domain"], order=order)
        answers["list"] = [line["in_recovery_amount"] for line in lines.read(found["columns"])]
        (figure,) = self.document["sheets"][0]["figures"]
        told = figure["data"]["metaData"]
        groups = env[told["resModel"]].formatted_read_group(
            figure["data"]["searchParams"]["domain"], told["groupBy"], [f"{told['measure']}:sum"]
        )
        answers["chart"] = sum(group[f"{told['measure']}:sum"] for group in groups)
        return answers

    def test_its_numbers_are_those_of_the_companies_one_may_see(self):
        card = self._create_card()
        _invoice, case = self._fail_invoice(token=card)
        card.demo_simulated_state = "done"
        self._charge_next(case)
        self._run_cron("follow")
        self._fail_invoice(amount=40.0)
        seen = self._read(self.accountant)
        self.assertEqual(
            seen, {"1": 140.0, "2": 140.0, "3": 140.0, "4": 100.0, "list": [40.0], "chart": 140.0}
        )
        nothing = {"1": 0, "2": 0, "3": 0, "4": 0, "list": [], "chart": 0}
        self.assertEqual(self._read(self.stranger), nothing)

    def test_dashboard_is_shown_to_those_who_may_see_cases(self):
        clerk = self._create_user("clerk", "base.group_user", self.env.company)
        dashboard = self._get_dashboard(self.accountant)
        self.assertEqual(len(dashboard), 1)
        self.assertFalse(self._get_dashboard(clerk))
        self.env["recovery.spreadsheet"]._create_dashboard()
        self.assertEqual(self._get_dashboard(self.accountant), dashboard, msg="It is made once.")

    def test_every_field_of_the_document_is_there(self):
        found = fields_in_spreadsheet(self.document)
        self.assertIn("recovery.case.report", found)
        for model, names in found.items():
            for name in names:
                self.assertIn(name, self.env[model]._fields)
        json.dumps(self.document)
