# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The checks that only read: ruff, pylint with Odoo's rules on the code that Odoo loads, the OCA's.

They run beside the first tests; their output is shown when they are done.
"""

import subprocess
from pathlib import Path
from typing import IO

from . import habits
from .settings import REPOSITORY
from .workbench import Workbench


class Lint:
    """The checks, started at once."""

    def __init__(self, bench: Workbench):
        bin_folder = bench.python.root / "bin"
        config = REPOSITORY / "pyproject.toml"
        addons = sorted(bench.settings.addons.iterdir())
        self._running: list[tuple[str, subprocess.Popen, IO[str]]] = []
        for name, command in (
            ("ruff check", [bin_folder / "ruff", "check", "--output-format=concise", REPOSITORY]),
            ("ruff format", [bin_folder / "ruff", "format", "--check", "--quiet", REPOSITORY]),
            ("pylint-odoo", [bin_folder / "pylint", f"--rcfile={config}", *addons]),
            *(
                (f"oca {what}", [bench.python.python, "-m", "environment.habits", what])
                for what in ("addon", "terms", "scripts")
            ),
        ):
            self._start(bench, name, command)

    def _start(self, bench: Workbench, name: str, command: list[str | Path]) -> None:
        path = bench.settings.logs / f"{name.replace(' ', '-')}.log"
        output = path.open("w+")
        child = subprocess.Popen(
            [str(part) for part in command],
            env=bench.env,
            cwd=bench.settings.checkout,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        self._running.append((name, child, output))

    def finish(self) -> list[str]:
        """Wait, print what was found, return the names of the checks that failed."""
        failed = []
        for name, child, output in self._running:
            code = child.wait()
            output.seek(0)
            text = output.read().strip()
            output.close()
            if code and code != habits.NOT_RUN:
                failed.append(name)
            if code:
                print(f"{name}:\n{text}\n", flush=True)
        return failed
