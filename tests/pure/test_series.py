# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What changes between Odoo's series is called in one file, and states are asked for by meaning."""

import ast
import re

from environment import releases
from environment.settings import REPOSITORY

ONE_FILE = "tools/series.py"
SHIPPED = re.compile(r"(controllers|models|report|tools|wizards)/.*\.py")
CALLS = {
    "_charge_with_token",
    "_post_process",
    "_process",
    "_set_authorized",
    "_set_canceled",
    "_set_done",
    "_set_error",
    "_set_pending",
}
# Odoo's job, by the name that it has in this series.
JOB = "payment.cron_post_process_payment_tx"
# States of an `account.payment` that no other model of Odoo's or ours has.
STATES = {"in_process", "rejected"}
DOCUMENT = (REPOSITORY / "docs" / "odoo20.md").read_text()


def read_trees():
    for path in filter(SHIPPED.fullmatch, releases.list_now()):
        if path != ONE_FILE:
            yield path, ast.parse((REPOSITORY / path).read_text())


def is_super(node):
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "super"


def test_odoos_payments_are_called_in_one_file():
    found = [
        (path, node.func.attr)
        for path, tree in read_trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        # An override hands on what it was called with.
        if node.func.attr in CALLS and not is_super(node.func.value)
    ]
    assert found == []


def test_states_of_payments_and_the_job_are_named_in_one_file():
    found = [
        (path, node.value)
        for path, tree in read_trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in STATES | {JOB}
    ]
    assert found == []


def list_overrides():
    """Return the methods of `payment`, `account` and `account_payment` that are overridden."""
    found = set()
    for path, tree in read_trees():
        for node in ast.walk(tree):
            doc = isinstance(node, ast.FunctionDef) and ast.get_docstring(node)
            if doc and re.match(r"Override of `(payment|account_payment)(_\w+)?`", doc):
                found.add((path, node.name))
    return found


def test_each_override_of_payments_has_its_line_in_the_plan_for_the_next_series():
    overrides = list_overrides()
    assert len(overrides) > 10
    told = {name for _path, name in overrides if f"`{name}`" in DOCUMENT}
    assert {name for _path, name in overrides} == told


def test_each_function_says_what_the_next_series_does():
    tree = ast.parse((REPOSITORY / ONE_FILE).read_text())
    calls = ("charge", "process", "set_state", "post_process", "book_soon", "restore")
    docs = {
        node.name: ast.get_docstring(node)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name in calls
    }
    assert set(docs) == set(calls)
    assert all("20.0:" in doc for doc in docs.values())
