"""The checks that only read: ruff, and pylint with Odoo's rules on the code that Odoo loads.

They run beside the first tests; their output is shown when they are done.
"""

import subprocess
from pathlib import Path
from typing import IO

from .settings import REPOSITORY
from .workbench import Workbench


class Lint:
    """Three checks, started at once."""

    def __init__(self, bench: Workbench):
        bin_folder = bench.python.root / "bin"
        config = REPOSITORY / "pyproject.toml"
        addons = sorted(bench.settings.addons.iterdir())
        self._running: list[tuple[str, subprocess.Popen, IO[str]]] = []
        for name, command in (
            ("ruff check", [bin_folder / "ruff", "check", "--output-format=concise", REPOSITORY]),
            ("ruff format", [bin_folder / "ruff", "format", "--check", "--quiet", REPOSITORY]),
            ("pylint-odoo", [bin_folder / "pylint", f"--rcfile={config}", *addons]),
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
            if code:
                failed.append(name)
                print(f"{name}:\n{text}\n", flush=True)
        return failed
