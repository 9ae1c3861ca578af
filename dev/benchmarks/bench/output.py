# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Tables and bars."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

_COMPARISONS = {
    "at most": lambda figure, limit: figure <= limit,
    "at least": lambda figure, limit: figure >= limit,
}


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows under headers; the first column to the left, the others to the right."""
    lines = [list(map(str, headers)), *(list(map(str, row)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    print()
    for number, line in enumerate(lines):
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        print("  ".join(cells).rstrip())
        if not number:
            print("  ".join("-" * width for width in widths))
    print(flush=True)


def spread(values: Sequence[float], unit: str = "", digits: int = 1) -> str:
    """Return a median with the lowest and the highest value beside it."""
    low, middle, high = min(values), median(values), max(values)
    return f"{middle:.{digits}f}{unit} ({low:.{digits}f}–{high:.{digits}f})"


@dataclass
class Bars:
    """The goals of a benchmark, and whether they were reached."""

    _lines: list[tuple[str, bool]] = field(default_factory=list)

    def add(self, name: str, figure: float, how: str, limit: float, digits: int = 0) -> None:
        """Record a figure and its goal.

        :param how: `at most` or `at least`
        """
        reached = _COMPARISONS[how](figure, limit)
        goal = f"{how} {limit:.{digits}f}"
        verdict = "ok" if reached else "missed"
        self._lines.append((f"bar {name}: {figure:.{digits}f} (goal {goal}) {verdict}", reached))

    def add_share(self, name: str, reached: int, possible: int) -> None:
        """Record how much was reached of what was possible; the goal is all, and not nothing."""
        is_all = 0 < possible == reached
        verdict = "ok" if is_all else "missed"
        self._lines.append((f"bar {name}: {reached}/{possible} (goal all) {verdict}", is_all))

    def finish(self) -> int:
        """Print one line for each goal; return the exit code."""
        for line, _reached in self._lines:
            print(line)
        sys.stdout.flush()
        return int(not all(reached for _line, reached in self._lines))
