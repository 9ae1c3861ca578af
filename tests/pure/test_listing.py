# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Odoo runs the tests that `tests/__init__.py` names, and no others."""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]
APART = {"pure", "concurrency", "oca"}


def test_every_test_of_odoo_is_named():
    tree = ast.parse((TESTS / "__init__.py").read_text())
    named = {
        (node.module, alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    there = {
        (None if path.parent == TESTS else path.parent.name, path.stem)
        for path in TESTS.rglob("test_*.py")
        if not APART & set(path.relative_to(TESTS).parts)
    }
    assert named == there
