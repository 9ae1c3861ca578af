# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The OCA's checks run in one set of versions, whoever starts them; texts end with a line break."""

import json
import re

import pytest

from environment import habits, releases
from environment.settings import REPOSITORY

CONFIG = (REPOSITORY / ".pre-commit-config.yaml").read_text()
REQUIREMENTS = (REPOSITORY / "dev" / "requirements.txt").read_text()
# Names of packages in the package index, by the repository that `pre-commit` takes them from.
SAME = {
    "OCA/odoo-pre-commit-hooks": "oca-odoo-pre-commit-hooks",
    "astral-sh/ruff-pre-commit": "ruff",
    "OCA/pylint-odoo": "pylint-odoo",
}
TEXTS = {".py", ".xml", ".csv", ".js", ".cjs", ".scss", ".md", ".toml", ".yaml", ".txt", ".sql"}


@pytest.mark.parametrize("repository", SAME)
def test_python_tools_have_one_version(repository):
    revision = re.search(rf"{re.escape(repository)}\n +rev: v(\S+)", CONFIG)[1]
    assert f"\n{SAME[repository]}=={revision}\n" in REQUIREMENTS


def test_node_tools_have_one_version():
    packages = json.loads((REPOSITORY / "dev" / "node" / "package.json").read_text())
    named = dict(re.findall(r'- "(@?[\w/-]+)@([\d.]+)"', CONFIG))
    assert named == packages["dependencies"]


def test_what_is_disabled_is_disabled_everywhere():
    disabled = set(re.findall(r"--disable=[\w-]+", CONFIG))
    assert disabled == {habits._NO_README, habits._NO_LAYOUT}


def test_text_files_have_no_trailing_blanks_and_end_with_one_line_break():
    wrong = []
    for name in releases.list_now():
        path = REPOSITORY / name
        if path.suffix not in TEXTS:
            continue
        text = path.read_bytes().decode()
        is_mended = not text or (text.endswith("\n") and not text.endswith("\n\n"))
        if not is_mended or "\r" in text or re.search(r"[ \t]$", text, re.M):
            wrong.append(name)
    assert wrong == []


def test_what_can_be_started_says_by_what():
    wrong = []
    for name in releases.list_now():
        path = REPOSITORY / name
        if path.stat().st_mode & 0o100 and not path.read_bytes().startswith(b"#!"):
            wrong.append(name)
    assert wrong == []


def test_python_files_begin_with_their_licence():
    header = "# Copyright 2026 Revenue Recovery\n# SPDX-License-Identifier: LGPL-3.0-only\n"
    wrong = []
    for name in releases.list_now():
        text = (REPOSITORY / name).read_text() if name.endswith(".py") else ""
        begun = text.partition("\n")[2] if text.startswith("#!") else text
        if text.strip() and not begun.startswith(header):
            wrong.append(name)
    assert wrong == []
