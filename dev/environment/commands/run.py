# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""`dev/run COMMAND …`: run a command inside the environment, with PostgreSQL running."""

from ..errors import SetupError
from ..processes import foreground
from ..workbench import opened


def main(arguments: list[str]) -> int:
    if not arguments:
        raise SetupError("name the command to run, as in: dev/run python dev/benchmarks/faults.py")
    with opened() as bench:
        return foreground(arguments, env=bench.env)
