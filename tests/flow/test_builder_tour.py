# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from contextlib import nullcontext

from odoo.tests import HttpCase, tagged

from .builder_common import BuilderCommon

# Headers and labels that don't show all of their text, and whether the page is there.
CUT = """
const shown = [...document.querySelectorAll(
    ".o_form_label, .o_list_table th, .o_statusbar_buttons button, .o_horizontal_separator, .badge"
)].filter((element) => element.offsetParent && !element.closest(".o_list_actions_header"));
const cut = shown.filter((element) => {
    const parts = [element, ...element.querySelectorAll("span")];
    return parts.some((part) => part.offsetParent && part.scrollWidth > part.clientWidth + 1
        && getComputedStyle(part).overflowX !== "visible");
}).map((element) => `${element.textContent.trim()}`);
if (cut.length) {
    console.error(`Cut off at ${innerWidth}: ${cut.join(", ")}`);
} else if (document.documentElement.scrollWidth > innerWidth + 1) {
    console.error(`The page at ${innerWidth} is ${document.documentElement.scrollWidth} wide`);
} else {
    console.log("test successful");
}
"""


@tagged("post_install", "-at_install")
class TestBuilderTour(BuilderCommon, HttpCase):
    browser_size = "1366x768"

    def _enter_job_mode(self):
        return nullcontext()

    def test_manager_builds_tries_activates_and_sees_it_run(self):
        self._fail_twice(amount=600.0)
        self.start_tour("/odoo/recovery-flows", "recovery_flow_build", login="flow manager")
        rule = self.env["base.automation"].search([("recovery_author_id", "=", self.manager.id)])
        self.assertTrue(rule.active)
        self.registry.registry_invalidated = False
        case = self._fail_twice(amount=700.0)
        self.assertEqual(
            self._get_done(case), [("Tell the Team", "done"), ("Schedule a To-Do", "planned")]
        )
        self.start_tour("/odoo/recovery-flows", "recovery_flow_runs", login="flow manager")
        self.start_tour("/odoo/recovery-flows", "recovery_flow_change", login="flow manager")
        self.assertIn("500", rule.filter_domain)


class WidthCommon(BuilderCommon, HttpCase):
    """Each page of flows at one width of the window."""

    def _enter_job_mode(self):
        return nullcontext()

    def _look(self):
        later = {"kind": "recovery_activity", "recovery_wait_count": 2, "recovery_days": 1}
        template = self.env.ref("revenue_recovery.mail_template_payment_failed")
        notice = {"kind": "recovery_notice", "recovery_template_id": template.id}
        builder = self._build(
            steps=["recovery_tell", later, notice], otherwise=["recovery_ask_method"]
        )
        self._fail_twice(amount=600.0)
        action = self.env.ref("revenue_recovery.action_recovery_flow_builder")
        pages = {
            "/odoo/recovery-flows": ".o_kanban_record .o_recovery_flow",
            f"/odoo/action-{action.id}/{builder.id}": ".o_form_view .o_data_row, "
            ".o_form_view .o_field_x2many .o_kanban_record",
            "/odoo/recovery-flow-runs": ".o_data_row, .o_kanban_record .badge",
        }
        for url, ready in pages.items():
            with self.subTest(url=url):
                self.browser_js(
                    url,
                    CUT,
                    ready=f'!!document.querySelector("{ready}")',
                    login="flow manager",
                )


@tagged("post_install", "-at_install")
class TestWide(WidthCommon):
    browser_size = "1366x768"

    def test_no_header_is_cut_off(self):
        self._look()


@tagged("post_install", "-at_install")
class TestTablet(WidthCommon):
    browser_size = "768x1024"

    def test_no_header_is_cut_off(self):
        self._look()


@tagged("post_install", "-at_install")
class TestPhone(WidthCommon):
    browser_size = "390x844"
    touch_enabled = True

    def test_no_header_is_cut_off(self):
        self._look()
