# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Where the time of a charge goes: seconds and statements by phase."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

PHASES = ("_claim", "_lock_due", "_start", "_get_block", "_carry_out", "_settle", "_react")
BARE_PHASES = ("create", "_charge_with_token", "_post_process")
COMMIT = "(commit)"


@dataclass
class Profile:
    """Time and statements by phase; a phase counts what happens inside it, too."""

    calls: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    queries: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    statements: dict[tuple[str, str], list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _stack: list[str] = field(default_factory=lambda: [""])

    @contextmanager
    def measure(self, phase: str, cr: Any) -> Iterator[None]:
        """Count what is done inside under a phase."""
        begun, queries = time.perf_counter(), cr.sql_log_count
        self._stack.append(phase)
        try:
            yield
        finally:
            self._stack.pop()
            self.calls[phase] += 1
            self.seconds[phase] += time.perf_counter() - begun
            self.queries[phase] += cr.sql_log_count - queries

    def record(self, statement: str, seconds: float) -> None:
        """Count a statement under the innermost phase that is going on."""
        self.statements[self._stack[-1], statement].append(seconds)

    def phase_rows(self, attempts: int) -> list[list[str]]:
        """Return milliseconds and statements per attempt of each phase."""
        return [
            [
                phase,
                f"{self.seconds[phase] * 1000 / attempts:.1f}",
                f"{self.queries[phase] / attempts:.1f}",
                f"{self.calls[phase] / attempts:.1f}",
            ]
            for phase in self.calls
        ]

    def statement_rows(self, attempts: int, count: int = 30) -> list[list[str]]:
        """Return the statements that take longest."""
        slowest = sorted(self.statements.items(), key=lambda item: -sum(item[1]))
        return [
            [
                f"{phase:18} {text}",
                f"{sum(times) * 1000 / attempts:.2f}",
                f"{len(times) / attempts:.1f}",
            ]
            for (phase, text), times in slowest[:count]
        ]


@contextmanager
def profiled(env: Any, phases: dict[str, tuple[str, ...]]) -> Iterator[Profile]:
    """Count time and statements of these methods of models, and of commits."""
    profile = Profile()
    cursor = type(env.cr)
    with ExitStack() as stack:
        for model, names in phases.items():
            owner = type(env[model])
            for name in names:
                phase = name if len(phases) == 1 else f"{model}.{name}"
                method = _measured(profile, phase, getattr(owner, name))
                stack.enter_context(patch.object(owner, name, method))
        stack.enter_context(patch.object(cursor, "execute", _recorded(profile, cursor.execute)))
        stack.enter_context(patch.object(cursor, "commit", _committed(profile, cursor.commit)))
        yield profile


def _measured(profile: Profile, phase: str, method: Callable) -> Callable:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        with profile.measure(phase, self.env.cr):
            return method(self, *args, **kwargs)

    # Odoo reads how a method wants to be called from its attributes.
    call.__dict__.update(method.__dict__)
    return call


def _committed(profile: Profile, commit: Callable) -> Callable:
    def call(self: Any) -> Any:
        with profile.measure(COMMIT, self):
            return commit(self)

    return call


def _recorded(profile: Profile, execute: Callable) -> Callable:
    def call(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(self, query, *args, **kwargs)
        finally:
            text = " ".join(str(getattr(query, "code", query)).split())[:100]
            profile.record(text, time.perf_counter() - begun)

    return call
