# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How the tests of a parallel run are shared out."""

import pytest

pytest.importorskip("xdist")

from environment.sharing import find_scope, sort_by_length

TESTS = [
    "case/test_a.py::TestShort::test_one",
    "case/test_a.py::TestLong::test_one",
    "case/test_a.py::TestShort::test_two",
    "case/test_a.py::TestLong::test_two",
    "case/test_b.py::TestNew::test_one",
]


def sort(nodeids, seconds):
    return [nodeids[index] for index in sort_by_length(nodeids, seconds)]


def test_class_and_file_stay_together():
    assert find_scope("case/test_a.py::TestLong::test_one[a::b]") == "case/test_a.py::TestLong"
    assert find_scope("test_wheel.py::test_one") == "test_wheel.py"


def test_benchmarks_are_shared_out_one_by_one_but_those_of_the_same_logs():
    scopes = [
        find_scope(f"test_benchmarks.py::test_{name}")
        for name in ("fault_campaign_finds_none", "fault_campaign_finds_all", "page_is_quick")
    ]
    assert scopes[0] == scopes[1] != scopes[2]


def test_longest_scope_comes_first_and_stays_whole():
    seconds = dict(zip(TESTS, (1.0, 9.0, 1.0, 2.0), strict=False))
    order = sort(TESTS, seconds)
    assert order == [TESTS[1], TESTS[3], TESTS[4], TESTS[0], TESTS[2]], "a new one counts as usual"


def test_where_nothing_was_tested_yet_the_largest_scope_comes_first():
    order = sort(TESTS, {})
    assert order[-1] == TESTS[4]
    assert sorted(order) == sorted(TESTS)


def test_every_process_finds_the_same_order():
    assert sort(TESTS, {}) == sort(TESTS, {}) != TESTS
