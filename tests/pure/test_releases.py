# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The version rises with each change of data, and the tags of releases say which is which."""

import ast
import re

import pytest

from environment import releases
from environment.settings import REPOSITORY

MANIFEST = ast.literal_eval((REPOSITORY / "__manifest__.py").read_text())
# What Odoo reads into a database when it installs or updates, beside the fields of models.
_DATA = re.compile(
    r"(data|report|security|views|wizards)/.*\.(xml|csv)|i18n/.*\.pot?|(declines|timing)/.*\.csv"
)
_MODELS = re.compile(r"(models|report|wizards)/.*\.py")


def list_tags():
    """Return the tags, or skip the test where there are none, as in a clone without tags."""
    try:
        tags = releases.list_tags()
    except releases.NoReleaseError as error:
        pytest.skip(str(error))
    if not tags:
        pytest.skip("no release is tagged below HEAD")
    return tags


def read_shapes(text):
    """Return the fields and database objects of the models in a file, as far as they are stored."""
    found = set()
    for node in ast.parse(text).body:
        lines = node.body if isinstance(node, ast.ClassDef) else ()
        name = ""
        for line in lines:
            if not isinstance(line, ast.Assign) or not isinstance(line.targets[0], ast.Name):
                continue
            target, value = line.targets[0].id, line.value
            if target in ("_name", "_inherit") and isinstance(value, ast.Constant):
                name = value.value
            elif isinstance(value, ast.Call) and ast.unparse(value.func).startswith(
                ("fields.", "models.")
            ):
                found.add((name, target, ast.unparse(value)))
    return found


def list_changed(commit):
    """Return what an update would bring to a database of that commit: files and fields."""
    then = releases.read_files(commit)
    now = {path: (REPOSITORY / path).read_bytes() for path in releases.list_now()}
    now = {path: content.decode(errors="replace") for path, content in now.items()}
    data = {path for path in then.keys() | now if _DATA.fullmatch(path)}
    changed = {path for path in data if then.get(path) != now.get(path)}
    shapes = read_all_shapes(then) ^ read_all_shapes(now)
    return changed | {f"{model}.{name}" for model, name, _ in shapes}


def read_all_shapes(files):
    texts = (text for path, text in files.items() if _MODELS.fullmatch(path))
    return set().union(*map(read_shapes, texts))


def test_version_is_of_this_series():
    assert re.fullmatch(r"19\.0\.\d+\.\d+\.\d+", MANIFEST["version"])


def test_a_change_of_data_raises_the_version():
    latest = list_tags()[-1]
    changed = list_changed(latest)
    if changed:
        message = f"raise the version: since {latest}, {len(changed)} changed: {sorted(changed)}"
        assert releases.version_of(MANIFEST["version"]) > releases.version_of(latest), message


def test_each_tag_names_the_version_of_its_manifest():
    for tag in list_tags():
        assert releases.read_manifest(tag)["version"] == tag.removeprefix("v")


def test_versions_are_compared_as_numbers():
    assert releases.version_of("v19.0.1.10.0") > releases.version_of("19.0.1.9.9")


def test_a_new_field_is_seen_and_a_new_method_is_not():
    before = "class A(models.Model):\n    _name = 'a'\n    b = fields.Char()\n"
    assert read_shapes(before) == {("a", "b", "fields.Char()")}
    assert read_shapes(before) == read_shapes(before + "    def c(self):\n        return 1\n")
    assert read_shapes(before) != read_shapes(before + "    d = fields.Char()\n")


def test_changelog_begins_with_the_version_of_the_manifest():
    headings = re.findall(r"^## (\S+)", (REPOSITORY / "CHANGELOG.md").read_text(), re.M)
    assert headings[0] in (MANIFEST["version"], "Unreleased")


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("data/ir_cron_data.xml", True),
        ("security/ir.model.access.csv", True),
        ("wizards/recovery_plan_wizard_views.xml", True),
        ("declines/data/decline_reasons.csv", True),
        ("i18n/fr.po", True),
        ("models/case/recovery_case.py", False),
        ("tests/pure/glossary.csv", False),
    ],
)
def test_what_is_data(path, data):
    assert bool(_DATA.fullmatch(path)) == data
