# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The pages at three widths: nothing is cut off, and the menu fits."""

from contextlib import nullcontext

from odoo.tests import HttpCase, new_test_user, tagged

from ..common import RecoveryCommon

# Headers that don't show all of their text, numbers whose end is hidden, and the width of the page.
CUT = """
const isCut = (element) => element.offsetParent && element.scrollWidth > element.clientWidth + 1
    && getComputedStyle(element).overflowX !== "visible";
const wrong = [...document.querySelectorAll(
    ".o_list_table th:not(.o_list_actions_header), .o_kanban_header, h2, h3, .badge"
)].filter((element) => [element, ...element.querySelectorAll("span")].some(isCut));
const hidden = [...document.querySelectorAll(".o_recovery_key_tail")].filter((tail) => {
    const inside = tail.closest("td, .o_kanban_record");
    return tail.offsetParent && inside
        && tail.getBoundingClientRect().right > inside.getBoundingClientRect().right + 1;
});
const names = [...wrong, ...hidden].map((element) => element.textContent.trim());
if (names.length) {
    console.error(`Cut off at ${innerWidth}: ${names.join(", ")}`);
} else if (document.documentElement.scrollWidth > innerWidth + 1) {
    console.error(`The page at ${innerWidth} is ${document.documentElement.scrollWidth} wide`);
} else {
    console.log("test successful");
}
"""
# The entries of the menu that stand beside each other, without one for those that find no room.
MENU = """
const shown = [...document.querySelectorAll(".o_menu_sections > *")]
    .filter((entry) => entry.offsetParent).map((entry) => entry.textContent.trim());
const wanted = ["Today", "Cases", "Records", "Flows", "Reporting", "Configuration"];
if (JSON.stringify(shown) === JSON.stringify(wanted)) {
    console.log("test successful");
} else {
    console.error(`The menu at ${innerWidth} shows ${shown.join(", ")}`);
}
"""
PAGES = {
    "recovery-today": "[data-card='needs'] li",
    "recovery-cases": ".o_data_row, .o_kanban_record .o_recovery_key",
    "recovery-attempts": ".o_data_row, .o_kanban_record .o_recovery_key",
    "recovery-notices": ".o_data_row, .o_kanban_record .o_recovery_key",
    "recovery-setup": "[data-line]",
    "recovery-dashboard": "[data-card='months'] canvas",
}


class WidthCommon(RecoveryCommon, HttpCase):
    def _enter_job_mode(self):
        return nullcontext()

    def _make_scene(self):
        new_test_user(
            self.env,
            login="manager",
            groups="account.group_account_manager",
            company_id=self.env.company.id,
            company_ids=[self.env.company.id],
        )
        self.customer.name = "Bartholomew Featherstonehaugh and Daughters, Wholesale"
        template = self.env.ref("revenue_recovery.mail_template_payment_failed")
        self.policy.step_ids = [
            (
                0,
                0,
                {
                    "name": "Payment failed",
                    "trigger": "first_failure",
                    "mail_template_id": template.id,
                },
            )
        ]
        _invoice, case = self._fail_invoice()
        case.sudo()._ask_for_attention("Call them.")

    def _look(self):
        self._make_scene()
        for page, ready in PAGES.items():
            with self.subTest(page=page):
                self.browser_js(
                    f"/odoo/{page}",
                    CUT,
                    ready=f'!!document.querySelector("{ready}")',
                    login="manager",
                )

    def _read_menu(self):
        self.browser_js(
            "/odoo/recovery-today",
            MENU,
            ready="!!document.querySelector(\"[data-card='needs'] li\")",
            login="manager",
        )


@tagged("post_install", "-at_install")
class TestWide(WidthCommon):
    browser_size = "1366x768"

    def test_nothing_is_cut_off(self):
        self._look()
        self._read_menu()


@tagged("post_install", "-at_install")
class TestTablet(WidthCommon):
    browser_size = "768x1024"

    def test_nothing_is_cut_off(self):
        self._look()
        self._read_menu()


@tagged("post_install", "-at_install")
class TestPhone(WidthCommon):
    browser_size = "390x844"
    touch_enabled = True

    def test_nothing_is_cut_off(self):
        self._look()
