"""`dev/pictures [FOLDER] [--lang CODE]`: how customers see every e-mail and page.

Each e-mail is sent by the addon's own template, on a database made for it, and photographed in
Chromium as its HTML left: at 390 and 1280 pixels, and once more as a dark mail client shows it. The
pages are opened by the links in them, at a server of that database.
"""

import argparse
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import chromium, database
from ..errors import SetupError
from ..processes import spawn, stop, until_interrupted
from ..progress import say
from ..settings import REPOSITORY
from ..workbench import Workbench, opened

_SERVER_SECONDS = 60


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    with opened() as bench:
        folder = (options.folder or bench.settings.cache / "pictures").resolve()
        template = database.addon_template(bench)
        with database.scratch(bench, template, "pictures") as name:
            port = _find_free_port()
            url = f"http://127.0.0.1:{port}"
            code = _drive(bench, "write", name, folder, options.lang, url)
            if not code:
                with _server(bench, name, port):
                    code = _drive(bench, "photograph", name, folder, options.lang, url)
    if not code:
        say(f"pictures: in {folder}")
    return code


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="dev/pictures", description="How customers see every e-mail and page."
    )
    parser.add_argument("folder", nargs="?", type=Path, help="where to put them (the cache folder)")
    parser.add_argument("--lang", default="en_US", help="language of the customer (en_US)")
    return parser.parse_args(arguments)


def _drive(bench: Workbench, *arguments: str | Path) -> int:
    browser = chromium.find(bench.settings)
    path = [*([str(browser)] if browser else []), bench.env["PATH"]]
    return until_interrupted(
        [bench.python.python, "-m", "environment.picture_driver", *arguments],
        env={
            **bench.env,
            "PATH": os.pathsep.join(path),
            "PYTHONPATH": str(REPOSITORY / "dev"),
        },
        cwd=bench.settings.checkout,
    )


@contextmanager
def _server(bench: Workbench, name: str, port: int) -> Iterator[None]:
    """Odoo on the database of the pictures, as long as they are taken."""
    log = bench.settings.logs / "pictures.log"
    with log.open("w") as output:
        child = spawn(
            [
                *bench.odoo_command,
                "server",
                f"--config={bench.settings.config_file}",
                f"--database={name}",
                f"--db-filter=^{name}$",
                f"--http-port={port}",
                "--max-cron-threads=0",
                "--log-level=warn",
            ],
            env=bench.env,
            cwd=bench.settings.checkout,
            stdout=output,
            stderr=output,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/web/health", log)
            yield
        finally:
            stop(child)


def _wait_for(url: str, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _SERVER_SECONDS
    while time.monotonic() < deadline:
        try:
            opener.open(url, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
        else:
            return
    raise SetupError(f"the server of the pictures did not start; see {log}.")


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
