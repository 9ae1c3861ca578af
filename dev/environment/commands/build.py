# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""`dev/build [FOLDER]`: build the addon as a wheel, by default into the folder where you are."""

import zipfile
from pathlib import Path

from .. import wheel
from ..errors import SetupError
from ..workbench import opened


def main(arguments: list[str]) -> int:
    if len(arguments) > 1 or any(each.startswith("-") for each in arguments):
        raise SetupError("name the folder for the wheel, or none: dev/build [FOLDER]")
    target = Path(arguments[0] if arguments else ".").resolve()
    with opened() as bench:
        path = wheel.build(bench.python.python, target, bench.settings.logs / "wheel.log")
    with zipfile.ZipFile(path) as archive:
        count = len(archive.namelist())
    print(f"{path}: {count} files, {path.stat().st_size / 1024:,.0f} KB")
    return 0
