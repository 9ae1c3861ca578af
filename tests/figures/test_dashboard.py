# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import csv
import io
import zipfile
from contextlib import nullcontext
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import HttpCase, new_test_user, tagged

from ..common import RecoveryCommon

ACCOUNTANT = "account.group_account_invoice"
REPORTS = ("recovery.attempt.report", "recovery.case.report")


class DashboardCommon(RecoveryCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls._create_company(name="Other")
        cls.accountant = cls._create_user("accountant", ACCOUNTANT, cls.env.company)
        cls.stranger = cls._create_user("stranger", ACCOUNTANT, cls.other_company)

    @classmethod
    def _create_user(cls, login, groups, companies):
        return new_test_user(
            cls.env,
            login,
            groups,
            company_id=companies[0].id,
            company_ids=[Command.set(companies.ids)],
        )

    def _call(self, user, *args, companies=None):
        """Ask as a browser of the user does."""
        dashboards = self.env["recovery.dashboard"].with_user(user)
        companies = companies or user.company_ids
        context = {"allowed_company_ids": companies.ids}
        return call_kw(dashboards, "get_data", list(args), {"context": context})


@tagged("post_install", "-at_install")
class TestDashboard(DashboardCommon):
    NOW = "2026-03-10 12:00:00"

    def test_numbers_lead_to_the_records_behind_them(self):
        card = self._create_card(recovery_expiry="2090-01-01")
        _invoice, case = self._fail_invoice(token=card)
        card.demo_simulated_state = "done"
        self._charge_next(case)
        self._run_cron("follow")
        self._fail_invoice(amount=40.0)
        data = self._call(self.accountant, "month")
        self.assertEqual(
            [data["total"][name] for name in ("failed", "recovered", "in_recovery", "lost")],
            [140.0, 100.0, 40.0, 0.0],
        )
        reports = self.env["recovery.case.report"].with_user(self.accountant)
        rows = [data["months"][0], *data["channels"], *data["reasons"], *data["customers"]]
        self.assertEqual(len(rows), 4)
        for row in rows:
            found = reports.search(row["domain"])
            with self.subTest(row=row.get("name") or row["month"]):
                self.assertEqual(len(found), row["count"])
                if "failed" in row:
                    self.assertEqual(sum(found.mapped("failed_amount")), row["failed"])
        charges = self.env["recovery.attempt.report"].with_user(self.accountant)
        first = data["first_charges"]
        self.assertEqual((first["charges"], first["failure_rate"]), (2, 1.0))
        self.assertEqual(len(charges.search(first["failed_domain"])), 2)
        (retry,) = data["retries"]
        self.assertEqual(
            charges.search(retry["domain"]).attempt_id, case.attempt_ids.sorted("id")[-1]
        )
        self.assertEqual((retry["number"], retry["share"]), (1, 1.0))

    def test_cards_that_stop_working_soon_are_counted_with_what_hangs_on_them(self):
        self._fail_invoice()
        for days in (30, 90, -1):
            expiry = fields.Date.today() + timedelta(days=days)
            token = self._create_card(recovery_expiry=expiry)
            self._create_invoice(amount=25.0, token=token)
        cards = self._call(self.accountant, "month")["cards"]
        self.assertEqual((cards["count"], cards["amount"]), (1, 25.0))
        tokens = self.env["payment.token"].with_user(self.accountant).search(cards["domain"])
        self.assertEqual(len(tokens), 1)

    def test_before_anything_was_charged_it_says_so(self):
        data = self._call(self.accountant, "year")
        self.assertTrue(data["is_empty"])

    def test_bad_input_is_refused_with_a_sentence(self):
        for arguments in (["decade"], [None], ["year", ["x"]], ["year", None, "soon"]):
            with self.subTest(arguments=arguments), self.assertRaises(UserError):
                self._call(self.accountant, *arguments)

    def test_period_ends_with_the_month_that_was_asked_for(self):
        self._fail_invoice()
        data = self._call(self.accountant, "quarter", None, "2024-02-11")
        self.assertEqual((data["from"], data["to"]), ("2023-12-01", "2024-02-29"))
        self.assertEqual((data["previous_from"], data["previous_to"]), ("2023-09-01", "2023-11-30"))
        self.assertEqual((data["total"]["count"], data["total"]["rate"]), (0, None))

    def test_nobody_sees_the_numbers_of_a_company_he_may_not_see(self):
        self._fail_invoice()
        self.stranger.group_ids += self.env.ref("base.group_allow_export")
        self.assertEqual(self._call(self.accountant, "month")["total"]["count"], 1)
        self.assertTrue(self._call(self.stranger, "month")["is_empty"])
        for company_ids in (self.env.company.ids, (self.env.company + self.other_company).ids):
            with self.assertRaises(AccessError):
                self._call(self.stranger, "month", company_ids)
        for model in REPORTS:
            records = self.env[model].with_user(self.stranger)
            with self.subTest(model=model):
                self.assertFalse(call_kw(records, "search", [[]], {}))
                groups = call_kw(records, "formatted_read_group", [[], [], ["__count"]], {})
                self.assertEqual(groups[0]["__count"], 0)
                lines = self.env[model].search([])
                self.assertTrue(lines)
                with self.assertRaises(AccessError):
                    call_kw(records, "read", [lines.ids, ["display_name"]], {})
                with self.assertRaises(AccessError):
                    call_kw(records, "export_data", [lines.ids, ["display_name"]], {})

    def test_company_that_is_switched_off_is_not_counted(self):
        self._fail_invoice()
        both = self._create_user("both", ACCOUNTANT, self.other_company + self.env.company)
        self.assertTrue(self._call(both, "month", companies=self.other_company)["is_empty"])
        with self.assertRaises(AccessError):
            self._call(both, "month", self.env.company.ids, companies=self.other_company)
        self.assertEqual(self._call(both, "month")["total"]["count"], 1)

    def test_nobody_without_rights_to_cases_sees_anything(self):
        self._fail_invoice()
        portal = new_test_user(self.env, "portal", "base.group_portal")
        clerk = self._create_user("clerk", "base.group_user", self.env.company)
        reader = self._create_user("reader", "account.group_account_readonly", self.env.company)
        for user in (portal, clerk, reader, self.env.ref("base.public_user")):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self._call(user, "month", companies=self.env.company)

    def test_companies_with_other_currencies_are_converted_and_say_so(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        company = self._create_company(name="Euro", currency_id=euro.id)
        both = self._create_user("both", ACCOUNTANT, self.env.company + company)
        self._fail_invoice()
        data = self._call(both, "month")
        self.assertTrue(data["is_converted"])
        self.assertEqual(data["total"]["failed"], 100.0)
        self.assertFalse(self._call(both, "month", self.env.company.ids)["is_converted"])

    def test_report_of_the_month_is_printed(self):
        with freeze_time("2026-03-10 12:00:00"):
            _invoice, case = self._fail_invoice(amount=123.45)
        with freeze_time("2026-04-02 12:00:00"):
            html = self._print(self.accountant, self.env.company)
        self.assertIn("March 2026", html)
        self.assertIn("123.45", html)
        self.assertIn("not final", html)
        self.assertTrue(case)

    def test_report_of_the_month_is_for_who_may_see_the_company(self):
        for company in (self.env.company, self.env.company + self.other_company):
            with self.assertRaises(AccessError):
                self._print(self.stranger, company)
        with self.assertRaises(UserError):
            self._print(self.accountant, self.env.company, {"until": "soon"})

    def _print(self, user, companies, data=None):
        reports = self.env["ir.actions.report"].with_user(user)
        reports = reports.with_context(allowed_company_ids=user.company_ids.ids)
        name = "revenue_recovery.report_recovery_month"
        return reports._render_qweb_html(name, companies.ids, data)[0].decode()


@tagged("post_install", "-at_install")
class TestDashboardDownload(DashboardCommon, HttpCase):
    """Each table of the dashboard, as a file."""

    TABLES = ("months", "channels", "reasons", "retries", "days", "arms", "customers", "recent")

    def _enter_job_mode(self):
        return nullcontext()

    def _download(self, table, extension="csv", **query):
        query = "&".join(f"{name}={value}" for name, value in query.items())
        return self.url_open(f"/recovery/dashboard/{table}.{extension}?{query}")

    def test_each_table_is_downloaded_with_its_numbers(self):
        self.accountant.group_ids += self.env.ref("base.group_allow_export")
        self.customer.name = "=Customer"
        self._fail_invoice(amount=123.45)
        self.authenticate("accountant", "accountant")
        for table in self.TABLES:
            with self.subTest(table=table):
                response = self._download(table, period="month")
                self.assertEqual(response.status_code, 200)
                lines = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
                filled = table in ("months", "reasons", "customers", "recent")
                self.assertEqual(len(lines), int(filled))
                sheet = self._download(table, "xlsx", period="month").content
                self.assertEqual(sheet[:2], b"PK")
        lines = self._download("customers", period="month").content.decode("utf-8-sig")
        (customer,) = csv.DictReader(io.StringIO(lines))
        self.assertEqual(customer["In recovery (USD)"], "123.45")
        self.assertEqual(customer["Customer"], "'=Customer", msg="No spreadsheet runs a name.")
        with zipfile.ZipFile(io.BytesIO(self._download("customers", "xlsx").content)) as book:
            self.assertIn(b"123.45", book.read("xl/worksheets/sheet1.xml"))
            self.assertNotIn(b"<f>", book.read("xl/worksheets/sheet1.xml"))

    def test_download_is_for_who_may_see_the_company_and_export(self):
        self._fail_invoice()
        self.authenticate("accountant", "accountant")
        self.assertEqual(self._download("months").status_code, 403)
        self.stranger.group_ids += self.env.ref("base.group_allow_export")
        self.authenticate("stranger", "stranger")
        own = self._download("months", company_ids=self.env.company.id)
        self.assertEqual(own.status_code, 403)
        self.assertEqual(len(self._download("months").content.splitlines()), 1)

    def test_download_of_what_there_is_not_is_refused(self):
        self.accountant.group_ids += self.env.ref("base.group_allow_export")
        self.authenticate("accountant", "accountant")
        for table, extension, query, status in (
            ("nothing", "csv", {}, 400),
            ("months", "exe", {}, 404),
            ("months", "csv", {"period": "decade"}, 400),
            ("months", "csv", {"until": "soon"}, 400),
            ("months", "csv", {"company_ids": "x"}, 404),
        ):
            with self.subTest(table=table, extension=extension, query=query):
                response = self._download(table, extension, **query)
                self.assertEqual(response.status_code, status)


@tagged("post_install", "-at_install")
class TestDashboardTour(DashboardCommon, HttpCase):
    def _enter_job_mode(self):
        return nullcontext()

    def test_accountant_reads_the_dashboard_and_exports_what_is_behind_a_number(self):
        self.accountant.group_ids += self.env.ref("base.group_allow_export")
        self._fail_invoice()
        self.start_tour("/odoo/recovery-today", "recovery_dashboard", login="accountant")

    def test_dashboard_says_what_will_be_there_before_anything_failed(self):
        self.start_tour("/odoo/recovery-dashboard", "recovery_dashboard_empty", login="accountant")
