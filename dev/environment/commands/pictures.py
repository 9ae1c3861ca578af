# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""`dev/pictures [FOLDER] [--lang CODE] [--only PART]`: what customers and accountants see.

Each e-mail is sent by the addon's own template, on a database made for it, and photographed in
Chromium as its HTML left: at 390 and 1280 pixels, and once more as a dark mail client shows it. The
pages are opened by the links in them, at a server of that database. The reports show two years that
are made up. `--only client` shows the web client of the demo, which `dev/demo` has to have made.
`dev/pictures static/description --only store` takes the eight screens of the store page and of the
README, five of them of the demo, and draws the banner.
"""

import argparse
import os
from pathlib import Path

from .. import chromium, database
from ..errors import SetupError
from ..processes import until_interrupted
from ..progress import say
from ..workbench import Workbench, opened
from .demo import DATABASE as DEMO_DATABASE

# What shows the demo, too.
_DEMO_DRIVERS = {
    "client": "environment.client_pictures",
    "store": "environment.store_pictures",
}


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    with opened() as bench:
        folder = (options.folder or bench.settings.cache / "pictures").resolve()
        driver = _DEMO_DRIVERS.get(options.only)
        if driver and not database.remark(bench, DEMO_DATABASE):
            raise SetupError("there is no demo to show; make it with dev/demo --no-serve.")
        code = 0
        if options.only != "client":
            template = database.addon_template(bench)
            with database.scratch(bench, template, "pictures") as name:
                made_up = "environment.picture_driver"
                code = _drive(bench, made_up, name, str(folder), options.lang, options.only)
        if driver and not code:
            code = _drive(bench, driver, DEMO_DATABASE, str(folder), options.lang)
    if not code:
        say(f"pictures: in {folder}")
    return code


def _drive(bench: Workbench, module: str, *arguments: str) -> int:
    browser = chromium.find(bench.settings)
    path = [*([str(browser)] if browser else []), bench.env["PATH"]]
    return until_interrupted(
        [bench.python.python, "-m", module, *arguments],
        env={**bench.env, "PATH": os.pathsep.join(path)},
        cwd=bench.settings.checkout,
    )


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="dev/pictures", description="What customers and accountants see."
    )
    parser.add_argument("folder", nargs="?", type=Path, help="where to put them (the cache folder)")
    parser.add_argument("--lang", default="en_US", help="language of whoever reads (en_US)")
    parser.add_argument(
        "--only",
        default="all",
        choices=("all", "client", "customers", "reports", "store"),
        help="a part of them; store: the screens of the store page, which all leaves out",
    )
    return parser.parse_args(arguments)
