# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Photograph the customer's page as Odoo's own server sends it. Needs the virtual environment."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from .screen import Screen

_SECONDS = 120
# Odoo's payment form unfolds after the page was loaded.
_UNFOLDING = 2.0


def photograph(
    database: str, pages: Mapping[str, str], folder: Path, widths: Sequence[int]
) -> None:
    """Save a picture of each page in each width.

    :param pages: the path of each page, by the name of its picture
    """
    with served(database) as url, _PageScreen() as screen:
        # The first visitor waits for Odoo to put its scripts together.
        screen.photograph(url + next(iter(pages.values())), folder / "page.390.png", 390)
        for name, path in pages.items():
            for width in widths:
                screen.photograph(url + path, folder / f"{name}.{width}.png", width)
            print(f"  {name}", file=sys.stderr, flush=True)


class _PageScreen(Screen):
    def _wait_for(self, event: str) -> None:
        super()._wait_for(event)
        time.sleep(_UNFOLDING)


@contextmanager
def served(database: str) -> Iterator[str]:
    """Give the address of an Odoo server on a database that runs no scheduled jobs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "odoo", "server"),
            f"--config={os.environ['RECOVERY_CONFIG']}",
            f"--database={database}",
            f"--db-filter=^{database}$",
            f"--http-port={port}",
            "--http-interface=127.0.0.1",
            "--max-cron-threads=0",
            "--log-level=error",
        ]
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_it_answers(f"{url}/web/health")
        yield url
    finally:
        server.terminate()
        server.wait()


def _wait_until_it_answers(url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        try:
            opener.open(url, timeout=_SECONDS)
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.3)
    raise RuntimeError("Odoo did not start")
