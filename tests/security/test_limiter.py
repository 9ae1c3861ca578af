# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import tracemalloc
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import config, mute_logger

from ...controllers import recovery_page_limit
from ...controllers.recovery_page_limit import LIMITS, Limiter, limiter
from ..page.page_common import PageCommon


@tagged("post_install", "-at_install")
class TestLimiter(PageCommon):
    """Nobody makes the page forget who it is, or keep what they like."""

    def _keep(self):
        return len(limiter._seen)

    def test_made_up_links_are_counted_by_their_address_only(self):
        for number in range(20):
            self._get(f"/recovery/pay/{'x' * 500}{number}")
            self._open_by_script(f"/recovery/pay/{'y' * 500}{number}")
        kinds_of_one_address = 3  # View, opened and wrong.
        self.assertLessEqual(self._keep(), kinds_of_one_address)
        self.assertTrue(all(len(key) == 16 for key in limiter._seen))

    def test_memory_has_a_bound_whatever_is_counted(self):
        tracemalloc.start()
        try:
            counting = Limiter()
            with patch.object(recovery_page_limit, "_MOST_KEYS", 1000):
                for number in range(3000):
                    counting.allows("view", address=f"{number}", link=f"{number}{'z' * 8000}")
            self.assertEqual(len(counting._seen), 1000)
            self.assertLess(tracemalloc.get_traced_memory()[0], 2**20)
        finally:
            tracemalloc.stop()

    def test_long_lists_of_requests_are_not_kept(self):
        counting = Limiter()
        for _turn in range(LIMITS["view"]["link"][0]):
            self.assertTrue(counting.allows("view", link="one"))
        self.assertFalse(counting.allows("view", link="one"))
        self.assertTrue(counting.allows("view", link="another"))
        self.assertEqual({len(entry) for entry in counting._seen.values()}, {2})

    def test_limit_ends_with_its_window(self):
        now = [0.0]
        counting = Limiter({"view": {"link": (2, 60)}}, clock=lambda: now[0])
        for at, allowed in (
            (0, True),
            (30, True),
            (59, False),
            (60, True),
            (61, True),
            (62, False),
        ):
            now[0] = at
            self.assertIs(counting.allows("view", link="one"), allowed, msg=at)

    def test_opening_the_page_uses_up_no_acts(self):
        for _turn in range(LIMITS["act"]["link"][0] + 1):
            self._open_by_script()
        page = self._post("question", question="When?")
        self.assertEqual(page.status_code, 200)
        self.assertIn("When?", str(self.case.message_ids.mapped("body")))

    def _open_by_script(self, path=None):
        return self.make_jsonrpc_request(f"{path or self.path}/opened", {})


@tagged("post_install", "-at_install")
class TestProxy(PageCommon):
    def _warn(self, **headers):
        """Return what the settings say to an administrator whose request has these headers."""
        self.env.user.group_ids += self.env.ref("base.group_system")
        self.authenticate("admin", "admin")
        response = self.url_open(
            "/web/dataset/call_kw/res.config.settings/onchange",
            json={
                "params": {
                    "model": "res.config.settings",
                    "method": "onchange",
                    "args": [[], {}, [], {"recovery_proxy_warning": {}}],
                    "kwargs": {},
                }
            },
            headers=headers,
        )
        return response.json()["result"]["value"]["recovery_proxy_warning"]

    def test_settings_say_when_a_proxy_is_not_believed(self):
        own = {"X-Forwarded-For": "203.0.113.5"}
        with patch.dict(config.options, {"proxy_mode": False}):
            self.assertFalse(self._warn())
            self.assertIn("with proxy_mode", self._warn(**own))
            self.assertIn("with proxy_mode", self._warn(**{"X-Real-IP": "203.0.113.5"}))

    @mute_logger("odoo.http")
    def test_settings_say_when_the_proxy_sends_too_little(self):
        own = {"X-Forwarded-For": "203.0.113.5"}
        with patch.dict(config.options, {"proxy_mode": True}):
            self.assertFalse(self._warn())
            self.assertIn("X-Forwarded-Host", self._warn(**own))
            self.assertFalse(self._warn(**own, **{"X-Forwarded-Host": "127.0.0.1"}))
