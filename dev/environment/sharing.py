# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A pytest plugin: share the tests out between the processes of a parallel run, longest first.

What is set up once stays together: a class, or a file of functions. How long each took the last
time is in pytest's cache; where nothing was tested yet, each counts alike. A process gets its next
work when it comes to its last test: xdist by itself hands out more, and some would wait at the end
for one that has it.
"""

from collections import defaultdict

import pytest
from xdist.scheduler import LoadScopeScheduling

from .reporting import SECONDS_KEY

# Each starts what it needs, and shares nothing but its logs with others of the same benchmark,
# which is the first word of their names.
_BENCHMARKS = "test_benchmarks.py"


class LongestFirst(LoadScopeScheduling):
    """Scheduling by what is set up together, without work in stock."""

    def _split_scope(self, nodeid):
        return find_scope(nodeid)

    def _reschedule(self, node):
        # A process begins a test only when it knows the next one.
        if self._pending_of(self.assigned_work[node]) <= 1:
            super()._reschedule(node)


def find_scope(nodeid):
    """Return what a test is set up together with."""
    scope, _separator, test = nodeid.partition("[")[0].rpartition("::")
    return f"{scope}::{test.split('_')[1]}" if scope.endswith(_BENCHMARKS) else scope


def sort_by_length(nodeids, seconds):
    """Return the order, as indexes, that has the longest scopes first."""
    usual = sum(seconds.values()) / len(seconds) if seconds else 1.0
    of_scope = defaultdict(float)
    for nodeid in nodeids:
        of_scope[find_scope(nodeid)] += seconds.get(nodeid, usual)
    scopes = [find_scope(nodeid) for nodeid in nodeids]
    return sorted(range(len(nodeids)), key=lambda index: (-of_scope[scopes[index]], scopes[index]))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    config.option.loadscopereorder = False
    return LongestFirst(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    # Each process of a parallel run finds the same order by itself.
    if hasattr(config, "workerinput"):
        order = sort_by_length([item.nodeid for item in items], config.cache.get(SECONDS_KEY, {}))
        items[:] = [items[index] for index in order]
