# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The rules of the house, read from its code: who may use whom, and who may open what."""

import ast
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

MODELS = Path(__file__).parents[2] / "models"
ROOMS = ("rules", "policy", "method", "case", "charge", "schedule", "notice", "page", "flow")
ROOMS += ("figures", "standing", "today", "bridge")
# Uses of a later room that are meant, with their reasons; five at most.
MEANT = {("policy/recovery_policy.py", "recovery.case"): "a button counts the cases of a policy"}


@lru_cache
def read_house():
    """Return the classes of all rooms: file, model, whether it is new, and the class."""
    found = []
    for path in [path for room in ROOMS for path in sorted((MODELS / room).glob("*.py"))]:
        for node in ast.parse(path.read_text()).body:
            name, parent = named(node, "_name"), named(node, "_inherit")
            if isinstance(node, ast.ClassDef) and (name or parent):
                found.append((path, name or parent, bool(name), node))
    return found


def named(node, attribute):
    for line in getattr(node, "body", ()):
        if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == attribute:
            return getattr(line.value, "value", "")
    return ""


def doc_of(node):
    return ast.get_docstring(node) or ""


def methods_of(node):
    return [line for line in node.body if isinstance(line, ast.FunctionDef)]


def fields_of(node):
    lines = [line for line in node.body if isinstance(line, ast.Assign)]
    return {line.targets[0].id for line in lines if isinstance(line.value, ast.Call)}


def read_homes():
    """Return the rooms that define each name of ours, and the room that makes each model."""
    homes, makers, common = defaultdict(set), {}, set()
    for path, model, is_new, node in read_house():
        if is_new:
            makers[model] = path.parent.name
            common |= fields_of(node)  # Names such as `state`, which tell no model.
        own = [line.name for line in methods_of(node) if not doc_of(line).startswith("Override")]
        for name in fields_of(node).union(own):
            homes[name].add(path.parent.name)
    return {name: rooms for name, rooms in homes.items() if name not in common}, makers


def later_uses():
    """Yield what a room uses of a later one: the file, and the name it uses."""
    homes, makers = read_homes()
    for path in sorted(MODELS.glob("*/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            rooms, name = set(), ""
            if isinstance(node, ast.ImportFrom) and node.level == 2:
                name = (node.module or node.names[0].name).split(".")[0]
                rooms = {name} & set(ROOMS)
            elif isinstance(node, ast.Attribute):
                name, rooms = node.attr, homes.get(node.attr)
            elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                name = node.slice.value
                rooms = {makers[name]} if name in makers else set()
            if rooms and min(map(ROOMS.index, rooms)) > ROOMS.index(path.parent.name):
                yield f"{path.parent.name}/{path.name}", name


def test_no_room_uses_a_later_one():
    assert set(later_uses()) == set(MEANT)


def test_a_room_opens_a_model_once_in_a_file_of_its_name():
    files = defaultdict(list)
    for path, model, _is_new, _node in read_house():
        files[path.parent.name, model].append(path.name)
    wrong = {at: names for at, names in files.items() if names != [f"{at[1].replace('.', '_')}.py"]}
    assert wrong == {}


def test_methods_of_ours_are_overridden_at_hooks_only():
    chains = defaultdict(list)
    for _path, model, _is_new, node in read_house():
        for line in methods_of(node):
            chains[model, line.name].append(doc_of(line))
    for method, (first, *others) in chains.items():
        # The hooks of cases are declared on a model of their own.
        is_hook = first.startswith(("Hook", "Fill the hook"))
        start = "Fill the hook" if is_hook else "Override of `"
        assert not others or is_hook or first.startswith(start), method
        assert all(doc.startswith(start) for doc in others), method
