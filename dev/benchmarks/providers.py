#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What works with which provider: the matrix of scenarios, through Odoo's unmodified addons.

Each provider that Community ships is played by a gateway over HTTP, with Odoo's real routes for its
webhooks and real signatures. A cell is one scenario with one provider; what an addon can't do is
impossible, not passed. The money that all gateways moved is in one ledger.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plain"))

from bench.output import Bars

REPOSITORY = Path(__file__).resolve().parents[2]
NAMES = {
    "stripe": "Stripe",
    "adyen": "Adyen",
    "authorize": "Authorize.Net",
    "flutterwave": "Flutterwave",
    "mercado_pago": "Mercado Pago",
    "razorpay": "Razorpay",
    "worldline": "Worldline",
    "xendit": "Xendit",
}
SIGNS = {"ok": "yes", "impossible": "–", "failed": "**no**", "": ""}


@dataclass(frozen=True)
class Cell:
    """One scenario with one provider.

    :ivar row: its place in the table
    :ivar result: `ok`, `failed` or `impossible`
    :ivar why: it failed or is impossible
    :ivar double: charges in the ledger beyond what was owed
    """

    provider: str
    row: int
    scenario: str
    sentence: str
    result: str
    why: str
    double: int


def main() -> int:
    """Play the matrix, print the tables and the bars, and return the exit code."""
    arguments = _parse()
    cells = _play(arguments)
    if not cells:
        print("No scenario was played.", file=sys.stderr)
        return 1
    _print_table(cells)
    _print_reasons(cells, "impossible", "What can't be done, and why")
    _print_reasons(cells, "failed", "What failed")
    return _judge(cells, arguments.providers)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="what dev/test plays, in two minutes")
    parser.add_argument(
        "--providers",
        nargs="+",
        choices=tuple(NAMES),
        default=tuple(NAMES),
        metavar="CODE",
        help=f"only these: {', '.join(NAMES)}",
    )
    parser.add_argument("--scenarios", default="", help="only those whose names match (pytest -k)")
    return parser.parse_args()


def _play(arguments: argparse.Namespace) -> list[Cell]:
    classes = ["".join(part.title() for part in code.split("_")) for code in arguments.providers]
    wanted = " or ".join(f"Test{name}" for name in classes)
    if arguments.scenarios:
        wanted = f"({wanted}) and ({arguments.scenarios})"
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "matrix.jsonl"
        command = [REPOSITORY / "dev" / "test", "--no-lint", "tests/providers/test_matrix.py"]
        command += ["-k", wanted, "-q", "-n", str(min(os.cpu_count() or 1, 4))]
        subprocess.run(
            [sys.executable, *command, "--dist=loadscope", "--tb=no"],
            cwd=REPOSITORY,
            env={
                **os.environ,
                "RECOVERY_MATRIX": str(report),
                "RECOVERY_MATRIX_QUICK": "1" if arguments.quick else "",
            },
            stdout=sys.stderr,
            check=False,
        )
        lines = report.read_text().splitlines() if report.exists() else []
    return sorted((Cell(**json.loads(line)) for line in lines), key=lambda cell: cell.row)


def _print_table(cells: Sequence[Cell]) -> None:
    """Print the table that docs/providers.md quotes, as Markdown."""
    results = {(cell.sentence, cell.provider): cell.result for cell in cells}
    providers = [code for code in NAMES if any(cell.provider == code for cell in cells)]
    print(f"\n| | {' | '.join(NAMES[code] for code in providers)} |")
    print(f"| --- |{' --- |' * len(providers)}")
    for sentence in dict.fromkeys(cell.sentence for cell in cells):
        signs = [SIGNS[results.get((sentence, code), "")] for code in providers]
        print(f"| {sentence} | {' | '.join(signs)} |")
    print(flush=True)


def _print_reasons(cells: Sequence[Cell], result: str, title: str) -> None:
    found = [cell for cell in cells if cell.result == result]
    if found:
        print(f"{title}:")
    reasons = {}
    for cell in found:
        reasons.setdefault((cell.provider, cell.why), []).append(cell.scenario)
    for (provider, why), scenarios in sorted(reasons.items()):
        print(f"  {NAMES[provider]}: {', '.join(scenarios)}: {result}: {why}")
    if found:
        print(flush=True)


def _judge(cells: Sequence[Cell], providers: Sequence[str]) -> int:
    bars = Bars()
    for code in providers:
        possible = [c for c in cells if c.provider == code and c.result != "impossible"]
        passed = sum(cell.result == "ok" for cell in possible)
        bars.add_share(NAMES[code], passed, len(possible))
    bars.add("double charges", sum(cell.double for cell in cells), "at most", 0)
    return bars.finish()


if __name__ == "__main__":
    sys.exit(main())
