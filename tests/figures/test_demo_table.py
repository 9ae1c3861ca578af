# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The demo's table says what the dashboard shows, and claims nothing that it can't know."""

import io
from contextlib import nullcontext, redirect_stdout

from odoo.tests import HttpCase, tagged

from odoo.addons.recovery_simulation import demo, demo_table

from .test_dashboard import DashboardCommon


class DemoTableCommon(DashboardCommon):
    NOW = "2026-03-10 12:00:00"

    def _make_groups(self):
        """Create six cases of each group, of which five and two are recovered."""
        for arm, recovered in (("smart", 5), ("control", 2)):
            for number in range(6):
                invoice, case = self._fail_invoice()
                case.sudo().arm = arm
                if number < recovered:
                    self._register_payment(invoice, 100.0)
        self._run_cron("follow")

    def _print(self):
        with redirect_stdout(io.StringIO()) as printed:
            demo_table.print_table(self.env)
        return printed.getvalue()


@tagged("post_install", "-at_install")
class TestDemoTable(DemoTableCommon):
    def test_terminal_and_dashboard_compare_the_groups_alike(self):
        self._make_groups()
        arms = self._call(self.accountant)["arms"]
        self.assertEqual(arms["smart"]["recovered_count"], 5)
        self.assertIn("50.0 points", arms["sentence"])
        self.assertIn(f"  {arms['sentence']}\n", self._print())

    def test_demo_opens_on_today(self):
        demo.open_on_today(self.env)
        action = self.env.ref("base.user_admin").action_id
        self.assertEqual(action.id, self.env.ref("revenue_recovery.action_recovery_today").id)

    def test_books_and_gateway_are_compared_once(self):
        instant = self.env.cr.now()
        self.assertTrue(demo_table.remember_comparison(self.env, {}, instant))
        totals = {"eur": {"net": 500}}
        self.assertFalse(demo_table.remember_comparison(self.env, totals, instant))
        said = self._print()
        self.assertIn("When the run ended (2026-03-10 12:00 UTC)", said)
        self.assertIn("moved at the gateway 5.00 EUR: THEY DIFFER", said)


@tagged("post_install", "-at_install")
class TestDashboardGroups(DemoTableCommon, HttpCase):
    def _enter_job_mode(self):
        return nullcontext()

    def test_screen_shows_the_sentence_of_the_server(self):
        self._make_groups()
        sentence = self._call(self.accountant)["arms"]["sentence"]
        self.browser_js(
            "/odoo/recovery-dashboard",
            f"""
            const shown = document.querySelector("[data-card='arms'] p.fw-bold").textContent;
            if (shown === {sentence!r}) {{
                console.log("test successful");
            }} else {{
                console.error(`It says ${{shown}}`);
            }}
            """,
            ready="!!document.querySelector(\"[data-card='arms'] p.fw-bold\")",
            login="accountant",
        )
