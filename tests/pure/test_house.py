"""The rules of the house, read from its code: who may use whom, and who may open what."""

import ast
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

import pytest

MODELS = Path(__file__).parents[2] / "models"
ROOMS = [
    "rules",
    "policy",
    "method",
    "case",
    "charge",
    "schedule",
    "notice",
    "page",
    "flow",
    "figures",
    "bridge",
]
# Uses of a later room that are meant, with their reasons.
MEANT = {
    ("policy/recovery_policy.py", "recovery.case"): "the button that counts the cases of a policy",
}


@lru_cache
def read_house():
    """Return the classes of all rooms: file, room, model, whether it is new, and the class."""
    found = []
    for room in ROOMS:
        for path in sorted((MODELS / room).glob("*.py")):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef):
                    name, parents = named(node, "_name"), named(node, "_inherit")
                    if model := name or parents:
                        found.append((path, room, model, bool(name), node))
    return found


def named(node, attribute):
    for line in node.body:
        if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == attribute:
            return line.value.value if isinstance(line.value, ast.Constant) else ""
    return ""


def names_of(node, kind):
    """Return the names of the methods, or of the fields, of a class; not Odoo's own methods."""
    if kind is ast.FunctionDef:
        own = [n for n in node.body if isinstance(n, kind) and not doc_of(n).startswith("Override")]
        return {n.name for n in own}
    lines = [n for n in node.body if isinstance(n, ast.Assign) and isinstance(n.value, ast.Call)]
    return {n.targets[0].id for n in lines}


def doc_of(node):
    return ast.get_docstring(node) or ""


def read_homes():
    """Return the rooms that define each name of ours, and the room that makes each model."""
    homes, makers, common = defaultdict(set), {}, set()
    for _path, room, model, is_new, node in read_house():
        if is_new:
            makers[model] = room
            common |= names_of(node, ast.Assign)  # Names such as `state`, which tell no model.
        for name in names_of(node, ast.FunctionDef) | names_of(node, ast.Assign):
            homes[name].add(room)
    return {name: rooms for name, rooms in homes.items() if name not in common}, makers


def later_uses():
    """Yield what a room uses of a later one: the file, and the name it uses."""
    homes, makers = read_homes()
    for path in sorted(MODELS.glob("*/*.py")):
        room, tree = path.parent.name, ast.parse(path.read_text())
        for node in ast.walk(tree):
            rooms, name = set(), ""
            if isinstance(node, ast.ImportFrom) and node.level == 2:
                name = (node.module or node.names[0].name).split(".")[0]
                rooms = {name} & set(ROOMS)
            elif isinstance(node, ast.Attribute):
                name, rooms = node.attr, homes.get(node.attr)
            elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                name = node.slice.value
                rooms = {makers[name]} if name in makers else set()
            if rooms and min(map(ROOMS.index, rooms)) > ROOMS.index(room):
                yield f"{room}/{path.name}", name


def test_no_room_uses_a_later_one():
    assert sorted(set(later_uses()) - set(MEANT)) == []


def test_what_is_meant_is_still_there():
    assert set(MEANT) <= set(later_uses())
    assert len(MEANT) <= 5


def test_a_room_opens_a_model_once_in_a_file_of_its_name():
    files = defaultdict(list)
    for path, room, model, _is_new, _node in read_house():
        files[room, model].append(path.name)
    wrong = {at: names for at, names in files.items() if names != [f"{at[1].replace('.', '_')}.py"]}
    assert wrong == {}


def test_methods_of_ours_are_overridden_at_hooks_only():
    chains = defaultdict(list)
    for path, _room, model, _is_new, node in read_house():
        for line in node.body:
            if isinstance(line, ast.FunctionDef) and not line.name.startswith("__"):
                chains[model, line.name].append((doc_of(line), f"{path.parent.name}/{path.name}"))
    wrong = []
    for (model, name), chain in chains.items():
        is_stock = all(doc.startswith("Override of `") for doc, _file in chain)
        # The hooks of cases are declared on a model of their own.
        is_hook = chain[0][0].startswith(("Hook", "Fill the hook")) and all(
            doc.startswith("Fill the hook") for doc, _file in chain[1:]
        )
        if len(chain) > 1 and not (is_stock or is_hook):
            wrong.append((model, name, [file for _doc, file in chain]))
    assert wrong == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_in_a_few_lines_what_it_is_for(room):
    doc = ast.get_docstring(ast.parse((MODELS / room / "__init__.py").read_text()))
    assert doc and len(doc.splitlines()) <= 10
