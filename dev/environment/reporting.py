# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A pytest plugin: count the outcomes for the closing summary, and let no warning pass in silence.

What Odoo logs as WARNING or worse while tests run makes the run fail, unless the test expects it
(`mute_logger`, `assertLogs`). How long each test took is told by a clock that no test moves.
"""

import json
import logging
import os
from collections import Counter
from pathlib import Path

import pytest

REPORT_VARIABLE = "RECOVERY_TEST_REPORT"
# How long each test took the last time, in pytest's cache.
SECONDS_KEY = "recovery/seconds"

# What a browser of a finished test says while it is closed.
_HARMLESS = ("Error received after termination",)


class _Collector(logging.Handler):
    """Keep what Odoo complains about, with the test that was running."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.running = "before the first test"
        self.complaints = []

    def emit(self, record):
        if record.name.startswith("odoo.") and not record.getMessage().startswith(_HARMLESS):
            text = f"{record.levelname} {record.name}: {record.getMessage()}"
            self.complaints.append((self.running, text))


class Listener:
    """Listen to Odoo's log while tests run in this process, and look at the clock."""

    def __init__(self, config):
        self.config = config
        self.collector = _Collector()
        self.seconds = {}
        self._begun = 0.0

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self):
        logging.getLogger().addHandler(self.collector)

    def pytest_runtest_logstart(self, nodeid):
        self.collector.running = nodeid
        self._begun = _now()

    def pytest_runtest_logfinish(self, nodeid):
        self.collector.running = f"after {nodeid}"
        self.seconds[nodeid] = _now() - self._begun

    def pytest_sessionfinish(self):
        # Only a worker of a parallel run has it.
        output = getattr(self.config, "workeroutput", None)
        if output is not None:
            output["complaints"] = self.collector.complaints
            output["seconds"] = self.seconds


class Report:
    """The outcomes of one pytest session, written as JSON at its end."""

    def __init__(self, path, listener):
        self.path = path
        self.complaints = listener.collector.complaints
        self.seconds = listener.seconds
        self.counts = Counter()
        self.failed = []

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.append(report.nodeid)
        if hasattr(report, "context"):
            return  # A subtest: its test is counted.
        if report.failed and report.when != "call":
            self.counts["errors"] += 1
        elif report.nodeid in self.failed and report.when == "call":
            self.counts["failed"] += 1  # The test passes even if one of its subtests fails.
        elif report.skipped or report.when == "call":
            self.counts[report.outcome] += 1

    def pytest_collectreport(self, report):
        if report.failed:
            self.counts["errors"] += 1
            self.failed.append(report.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        """A worker of a parallel run ended."""
        output = getattr(node, "workeroutput", {})
        self.complaints += output.get("complaints", [])
        self.seconds |= output.get("seconds", {})

    def pytest_sessionfinish(self, session):
        if self.complaints and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        outcome = {
            "counts": self.counts,
            "failed": list(dict.fromkeys(self.failed)),
            "complaints": self.complaints,
            "seconds": self.seconds,
        }
        Path(self.path).write_text(json.dumps(outcome))
        cache = session.config.cache
        cache.set(SECONDS_KEY, cache.get(SECONDS_KEY, {}) | self.seconds)


def _now():
    """Return seconds by a clock that stays as it is where a test moves Python's."""
    return os.times().elapsed


def pytest_configure(config):
    config.addinivalue_line("markers", "alone: judges seconds, so nothing else may run beside it")
    path = os.environ.get(REPORT_VARIABLE)
    if not path:
        return
    listener = Listener(config)
    config.pluginmanager.register(listener, "recovery-listener")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Report(path, listener), "recovery-report")
