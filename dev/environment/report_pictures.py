# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Photograph the reports in Odoo's own web client. Needs the virtual environment."""

import base64
import io
import json
import sys
import time
import urllib.request
from pathlib import Path

from .page_pictures import served
from .screen import Screen

_WIDTH = 1280
# The first page waits for Odoo to put its scripts together.
_SECONDS = 180
_QUALITY = 72
# What is photographed: the path, what has to be there, how high, and what is done before.
_PICTURES = {
    "dashboard": ("/odoo/recovery-dashboard", "[data-card='days'] canvas", 1250, ""),
    "dashboard_charts": (
        "/odoo/recovery-dashboard",
        "[data-card='days'] canvas",
        1500,
        "document.querySelector(\"[data-card='channels']\").scrollIntoView()",
    ),
    "dashboard_schedules": (
        "/odoo/recovery-dashboard",
        "[data-card='replay'] table",
        1300,
        "document.querySelector(\"[data-card='arms']\").scrollIntoView()",
    ),
    "dashboard_revenue": ("/odoo/recovered-revenue", ".o_list_view .o_data_row", 620, ""),
    "dashboard_cases": ("/odoo/recovery-analysis", ".o_pivot td", 620, ""),
    "audit": ("{audit}", ".o_recovery_audit table", 1250, ""),
    "trial": ("{trial}", ".o_recovery_trial table", 1350, ""),
    "dashboard_month": ("{month}", ".page table", 1100, ""),
}
_BEFORE = {
    "dashboard_schedules": "document.querySelector(\"[data-card='replay'] button\")?.click()",
}


def photograph(database: str, folder: Path, login: str, paths: dict[str, str]) -> None:
    """Save a picture of each report, as the user sees it.

    :param login: of the user, and their password
    :param paths: of the printed report (`month`), of an audit and of a trial
    """
    with served(database) as url, ClientScreen() as screen:
        screen.log_in(url, database, login)
        for name, (path, awaited, height, then) in _PICTURES.items():
            screen.show(url + path.format(**paths), height)
            if name in _BEFORE:
                screen.await_element("[data-card='replay'] button")
                screen.evaluate(_BEFORE[name])
            screen.await_element(awaited)
            time.sleep(1.5)  # Charts and fonts.
            screen.evaluate(then)
            time.sleep(0.3)
            screen.save(folder / f"{name}.webp")
            print(f"  {name}", file=sys.stderr, flush=True)


class ClientScreen(Screen):
    """A browser in which somebody is logged in."""

    def log_in(self, url: str, database: str, login: str) -> None:
        call = {"params": {"db": database, "login": login, "password": login}}
        request = urllib.request.Request(
            f"{url}/web/session/authenticate",
            json.dumps({"jsonrpc": "2.0", **call}).encode(),
            {"Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=_SECONDS) as answer:
            cookies = answer.headers.get_all("Set-Cookie")
        session = next(one for one in cookies if one.startswith("session_id="))
        value = session.partition("=")[2].partition(";")[0]
        self._call("Network.setCookie", name="session_id", value=value, url=url)

    def show(self, url: str, height: int, width: int = _WIDTH) -> None:
        self._set_size(width, height)
        self._call("Page.navigate", url=url)
        self._wait_for("Page.loadEventFired")

    def evaluate(self, script: str):
        return self._call("Runtime.evaluate", expression=script)["result"].get("value")

    def await_element(self, selector: str) -> None:
        """Wait until something is shown.

        :raise RuntimeError: when it doesn't come
        """
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            if self.evaluate(f"Boolean(document.querySelector({json.dumps(selector)}))"):
                return
            time.sleep(0.2)
        raise RuntimeError(f"{selector} did not appear")

    def take(self) -> str:
        """Return a picture of what is shown: a PNG in base 64."""
        return self._call("Page.captureScreenshot", format="png")["data"]

    def save(self, target: Path) -> None:
        from PIL import Image, WebPImagePlugin

        picture = Image.open(io.BytesIO(base64.b64decode(self.take()))).convert("RGB")
        Image.register_save("WEBP", WebPImagePlugin._save)
        picture.save(target, "WEBP", quality=_QUALITY, method=6)
