# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import importlib.util
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch
from urllib.error import HTTPError
from urllib.request import urlopen

from odoo import fields
from odoo.tests import tagged
from odoo.tools import file_path

from odoo.addons.revenue_recovery.models.standing.memory import ANSWERS

from .standing_common import StandingCommon

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "standing" / "product.py"
SIZE = 5000

# What the tests in the browser have in common.
TOOLS = """
    const wall = () => document.querySelector("recovery-wall")?.shadowRoot.firstElementChild;
    const until = async (what, condition) => {
        for (let turn = 0; turn < 100; turn++) {
            const found = condition();
            if (found) return found;
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        throw new Error(`It never came to it: ${what}`);
    };
    const assert = (what, condition) => {
        if (!condition) throw new Error(what);
    };
    const press = (element, key) => {
        element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    };
"""


def load_example():
    spec = importlib.util.spec_from_file_location("standing_product", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@tagged("post_install", "-at_install")
class TestWall(StandingCommon):
    """The wall in the example product, in a browser, from another origin than Odoo's."""

    def setUp(self):
        super().setUp()
        self.invoice, self.case = self._fail_invoice()
        self.case = self.case.sudo()
        self.product = load_example()

    @contextmanager
    def _serve(self):
        """Run the example product; yield its address, which the key lists."""
        server = self.product.make_server(self.base_url(), self.secret, "C-1", port=0)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        self.key.origins = address
        self.env.flush_all()
        try:
            # A page of another origin sends no cookies, by which Odoo knows requests of a test.
            with patch.object(self, "http_request_allow_all", True):
                yield address
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _browse(self, code, **kwargs):
        with self._serve() as address:
            code = f"(async () => {{ {TOOLS} {code} console.log('test successful'); }})()"
            self.browser_js(f"{address}/", code, "!!window.RecoveryWall", **kwargs)

    def test_script_is_small(self):
        size = Path(file_path("revenue_recovery/static/standing/wall.js")).stat().st_size
        self.assertLess(size, SIZE)

    def test_banner_is_soft(self):
        self._browse(
            """
            const banner = await until("banner", wall);
            assert("a region with a name", banner.matches("section[aria-label]"));
            assert("said aloud", banner.querySelector("[role=status]").textContent.includes("100"));
            const link = banner.querySelector("a");
            assert("the page in a new tab", link.target === "_blank" && link.rel === "noopener");
            assert("the signed link", new URL(link.href).pathname.startsWith("/recovery/pay/"));
            assert("the page works on", document.activeElement === document.body);
            press(banner, "Escape");
            assert("dismissed", !wall());
            RecoveryWall.check();
            await new Promise((resolve) => setTimeout(resolve, 1500));
            assert("it stays away", !wall());
            """
        )

    def test_wall_is_hard_and_goes_when_it_is_paid(self):
        self.case._close("lost", "Test")
        invoice = self.invoice

        product = self.product
        sign, times = product.sign_token, []

        def sign_and_pay(*args):
            """Pay while the browser waits, when it asks for its second token."""
            times.append(None)
            if len(times) == 2:
                with self.registry.cursor() as cr:
                    self._register_payment(invoice.with_env(self.env(cr=cr)), 100.0)
            return sign(*args)

        product.sign_token = sign_and_pay
        self._browse(
            """
            const dialog = await until("dialog", wall);
            assert("a dialog", dialog.matches("dialog[open][aria-label]"));
            assert("own words", dialog.textContent.includes("Your workspace is closed"));
            const link = dialog.querySelector("a");
            assert("focus", dialog.getRootNode().activeElement === link);
            dialog.dispatchEvent(new Event("cancel", { cancelable: true }));
            dialog.close();
            await until("it opens again", () => wall()?.open);
            let thanks = 0;
            document.addEventListener("recovery:paid", () => thanks++);
            await fetch("/token");
            await new Promise((resolve) => setTimeout(resolve, FORGOTTEN));
            RecoveryWall.check();
            await until("it goes", () => !wall());
            await until("the product is told", () => thanks === 1);
            assert("thanks", document.getElementById("result").textContent === "Thank you!");
            """.replace("FORGOTTEN", f"{1000 * ANSWERS.seconds + 200:.0f}")
        )

    def test_grace_that_has_passed_is_a_wall(self):
        self.case._begin_grace("Test")
        self.case.grace_until = fields.Datetime.now() - timedelta(minutes=1)
        self._browse("await until('dialog', () => wall()?.matches('dialog[open]'));")

    def test_server_of_the_product_asks_by_itself(self):
        with self._serve() as address:
            with self.allow_requests(all_requests=True):
                self.assertEqual(urlopen(f"{address}/work", timeout=30).read(), b"done")
            self.case._close("lost", "Test")
            self.env.flush_all()
            self._forget()
            with self.allow_requests(all_requests=True), self.assertRaises(HTTPError) as refused:
                urlopen(f"{address}/work", timeout=30)
            self.assertEqual(refused.exception.code, 402)
