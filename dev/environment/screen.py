# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Photograph pages in Chromium, through its debugging protocol. Needs the virtual environment."""

import base64
import io
import itertools
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

# The names under which Odoo looks for a browser.
_NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
# On a busy machine the first page of a server takes its time.
_SECONDS = 180
_COLOURS = 128


class Screen:
    """A browser without a window.

    :raise RuntimeError: when there is no browser, or it does not answer
    """

    def __enter__(self) -> "Screen":
        import websocket

        program = next(filter(None, map(shutil.which, _NAMES)), None)
        if not program:
            raise RuntimeError("no Chromium was found on the PATH")
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._browser = subprocess.Popen(
            [
                program,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--remote-debugging-port=0",
                "--remote-allow-origins=*",
                f"--user-data-dir={self._profile.name}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._ids = itertools.count(1)
        self._socket = websocket.create_connection(self._find_page(), timeout=_SECONDS)
        self._call("Page.enable")
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()
        self._browser.terminate()
        self._browser.wait()
        self._profile.cleanup()

    def photograph(
        self, url: str, target: Path, width: int, *, height: int = 0, dark: bool = False
    ) -> None:
        """Save a picture of a page, as wide as given, in a small PNG.

        :param height: of what is shown; none for the whole page
        """
        self._set_size(width, 800)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._call("Emulation.setEmulatedMedia", features=features)
        self._call("Page.navigate", url=url)
        self._wait_for("Page.loadEventFired")
        size = self._call("Page.getLayoutMetrics")["cssContentSize"]
        self._set_size(width, height or max(1, int(size["height"])))
        shot = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=not height)
        _save(base64.b64decode(shot["data"]), target)

    def open(self, url: str) -> None:
        """Go to a page."""
        self._call("Page.navigate", url=url)

    def ask(self, expression: str) -> object:
        """Return the value of a JavaScript expression on the page that is shown now.

        :return: a plain value; None also while another page is being loaded
        """
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def _set_size(self, width: int, height: int) -> None:
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def _find_page(self) -> str:
        """Return the address at which the browser's only page is told what to do."""
        port_file = Path(self._profile.name) / "DevToolsActivePort"
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            if port_file.exists() and (text := port_file.read_text()):
                url = f"http://127.0.0.1:{text.splitlines()[0]}/json"
                opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                for page in json.load(opener.open(url, timeout=_SECONDS)):
                    if page["type"] == "page":
                        return page["webSocketDebuggerUrl"]
            time.sleep(0.1)
        raise RuntimeError("Chromium did not start")

    def _call(self, method: str, **params: object) -> dict:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._events.append(answer.get("method"))

    @property
    def _events(self) -> list:
        return self.__dict__.setdefault("_seen", [])

    def _wait_for(self, event: str) -> None:
        while event not in self._events:
            self._events.append(json.loads(self._socket.recv()).get("method"))
        self._events.clear()


def _save(content: bytes, target: Path) -> None:
    from PIL import Image

    picture = Image.open(io.BytesIO(content)).convert("RGB")
    picture.quantize(_COLOURS).save(target, optimize=True)
