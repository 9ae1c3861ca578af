# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""No test of Odoo knows what day it is, and nothing compares the clocks of two machines.

What is read here is the code: of the Odoo tests that the base sets the clock before the first
record is made, of what ships that it asks one clock only.
"""

import ast
import re
from datetime import date
from pathlib import Path

import pytest

from environment import days
from environment.errors import SetupError

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
# They have no class of Odoo's: no Odoo, or other processes with the clock of the machine.
ELSEWHERE = ("pure", "concurrency")
BASE = "RecoveryCommon"
# Odoo's own bases, with which records could be made at the machine's time.
BARE = {"TransactionCase", "HttpCase", "SingleTransactionCase", "AccountPaymentCommon"}
# What the base begins with, at a clock of its own.
BEFORE_BASE = {"PreparedCase", "_First"}
# What only looks at files or definitions.
READ_ONLY = {"TestFiles", "TestTerms"}
# Where a clock is set for whatever comes next, and how a test says to which day it goes.
CLASS_WIDE = {"startClassPatcher", "enterClassContext", "addClassCleanup"}
GOES_TO = {"freeze_time", "_at", "move_to", "_follow_at"}
DAY = re.compile(r"\d{4}-\d\d-")
PRODUCT = ("models", "controllers", "report", "wizards", "tools", "data", "hooks.py")
OF_POSTGRES = re.compile(
    r"\bcreate_date\b|\bwrite_date\b|\bcr\.now\(|\bcurrent_(timestamp|date)\b"
    r"|(?<![.\w])now\(\)",
    re.I,
)
# A row that is written as it is, to lock it, tells no time.
LOCKING = "write_date = write_date"


class Classes:
    """The test classes of some modules, by name; tests name no two bases alike."""

    def __init__(self, sources):
        self.found = {}
        self.days = set()
        for source in sources:
            module = ast.parse(source)
            self.days |= {
                target.id
                for node in module.body
                if isinstance(node, ast.Assign) and _is_day(node.value)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            for node in module.body:
                if isinstance(node, ast.ClassDef):
                    self.found.setdefault(node.name, []).append(node)

    def complaints(self):
        """Return a sentence for each class that could make records before its clock is set."""
        return sorted(
            f"{name} {complaint}"
            for name, nodes in self.found.items()
            for node in nodes
            for complaint in self._check(node)
        )

    def _check(self, node):
        bases = {each for each in map(_name, node.bases) if each}
        if node.name == BASE or node.name in BEFORE_BASE:
            return
        if bases & BARE and BASE not in self._lineage(node) and node.name not in READ_ONLY:
            yield f"begins without {BASE}, which sets the clock"
        if any(_calls(each, {"freeze_time"}) for each in node.decorator_list):
            yield "sets its clock by a decorator: name the instant in NOW"
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name == "setUpClass":
                yield from self._check_set_up(method)
        if self._goes_to_a_day(node) and not self._names_now(node):
            yield "goes to a certain day, so it begins on one: name it in NOW"

    def _check_set_up(self, method):
        first = next(each for each in method.body if not _is_text(each))
        if not _calls(first, {"setUpClass"}):
            yield "does something before super().setUpClass(), where the clock is set"
        if any(
            _calls(each, {"freeze_time"}) and _calls(each, CLASS_WIDE | {"start"})
            for each in method.body
        ):
            yield "sets the clock again after records were made: name the instant in NOW"

    def _goes_to_a_day(self, node):
        for call in (each for part in node.body for each in ast.walk(part)):
            if isinstance(call, ast.Call) and _name(call.func) in GOES_TO:
                for value in call.args:
                    named = isinstance(value, ast.Name) and value.id in self.days
                    if named or _is_day(value):
                        return True
        return False

    def _names_now(self, node):
        return any(
            isinstance(each, ast.Assign) and any(_name(target) == "NOW" for target in each.targets)
            for ancestor in [node, *self._ancestors(node)]
            if ancestor.name != BASE
            for each in ancestor.body
        )

    def _ancestors(self, node):
        for base in node.bases:
            for ancestor in self.found.get(_name(base), []):
                yield ancestor
                yield from self._ancestors(ancestor)

    def _lineage(self, node):
        named = {_name(base) for base in node.bases}
        return named | {ancestor.name for ancestor in self._ancestors(node)}


def _name(node):
    return getattr(node, "attr", None) or getattr(node, "id", None)


def _is_text(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_day(node):
    texts = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
    return any(isinstance(text, str) and DAY.match(text) for text in texts)


def _calls(node, names):
    return any(isinstance(each, ast.Call) and _name(each.func) in names for each in ast.walk(node))


def _read_tests():
    return [
        path.read_text()
        for path in sorted(TESTS.rglob("*.py"))
        if not set(ELSEWHERE) & set(path.relative_to(TESTS).parts)
    ]


def test_every_class_has_its_clock_before_its_first_record():
    assert Classes(_read_tests()).complaints() == []


@pytest.mark.parametrize(
    ("planted", "complaint"),
    [
        (
            "class Planted(RecoveryCommon):\n"
            "    @classmethod\n"
            "    def setUpClass(cls):\n"
            "        super().setUpClass()\n"
            "        cls.card = cls._create_card()\n"
            "        cls.startClassPatcher(freeze_time(NOW))\n",
            "sets the clock again",
        ),
        (
            "class Planted(RecoveryCommon):\n"
            "    @classmethod\n"
            "    def setUpClass(cls):\n"
            "        cls.make_something()\n"
            "        super().setUpClass()\n",
            "does something before",
        ),
        ("class Planted(TransactionCase):\n    pass\n", "begins without"),
        ("@freeze_time('2026-03-02')\nclass Planted(RecoveryCommon):\n    pass\n", "decorator"),
        (
            "class Planted(RecoveryCommon):\n"
            "    def test_x(self):\n"
            "        with freeze_time('2026-03-02 12:00:00'):\n"
            "            pass\n",
            "goes to a certain day",
        ),
        (
            "START = '2026-03-02'\n"
            "class Planted(RecoveryCommon):\n"
            "    def test_x(self):\n"
            "        with freeze_time(START):\n"
            "            pass\n",
            "goes to a certain day",
        ),
    ],
)
def test_class_that_makes_records_before_it_freezes_is_refused(planted, complaint):
    (found,) = Classes([planted]).complaints()
    assert found.startswith("Planted ")
    assert complaint in found


def test_what_ships_asks_no_clock_but_odoos():
    found = []
    for each in PRODUCT:
        path = ROOT / each
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix not in (".py", ".sql", ".xml"):
                continue
            for number, line in enumerate(file.read_text().splitlines(), 1):
                if OF_POSTGRES.search(line.replace(LOCKING, "")):
                    found.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == [], "PostgreSQL may run on another machine, with another clock"


@pytest.mark.parametrize("arguments", [["--date", "2028-02-29", "-x"], ["-x", "--date=2028-02-29"]])
def test_day_of_a_run_is_taken_out_of_its_arguments(arguments):
    assert days.take(arguments) == (date(2028, 2, 29), ["-x"])


def test_run_without_a_day_has_none():
    assert days.take(["-k", "date"]) == (None, ["-k", "date"])


def test_seed_draws_the_same_day_again():
    drawn, _rest = days.take(["--date", "ahead:7"])
    assert days.take(["--date", "ahead:7"]) == (drawn, [])
    assert drawn > date(2027, 11, 29)
    assert len({days.take(["--date", f"ahead:{seed}"])[0] for seed in range(20)}) > 10


@pytest.mark.parametrize("text", ["", "tomorrow", "2027-02-29"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(SetupError, match="takes a day"):
        days.take(["--date", text])
