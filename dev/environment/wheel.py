# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The addon as a Python package, built as the OCA builds its addons.

What is built is a copy of the files under version control, in a folder of the addon's name wherever
the checkout is: without what only developers need, and with a README that stands on its own.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .errors import SetupError
from .processes import quiet
from .settings import ADDON, REPOSITORY

# What does not ship.
_LEFT_OUT = (
    *(".ci/", ".gitignore", ".pre-commit-config.yaml", ".prettierignore", "CONTRIBUTING.md"),
    *("dev/", "docs/", "eslint.config.cjs", "prettier.config.cjs", "requirements.txt"),
    *("static/tests/", "tests/"),
)
_PROJECT = """\
[build-system]
requires = ["whool"]
build-backend = "whool.buildapi"
"""
_CHECKOUT = re.compile(r"<!-- Of a checkout only: -->.*?<!-- \. -->\n+", re.S)
_PICTURE = re.compile(r"^!\[[^\]]*\]\((?!https?:)[^)]*\)\n+", re.M)
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#|mailto:)[^)]*\)")


def build(python: Path, target: Path, log: Path) -> Path:
    """Build the wheel and return its path.

    :param python: an interpreter that has what dev/requirements.txt names
    :param target: the folder for it; one that is there of the same version is replaced
    :raise SetupError: with the reason
    """
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / ADDON
        _copy(copy)
        out = Path(folder) / "out"
        quiet(
            [
                python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
                "--wheel-dir", out, copy,
            ],
            log=log,
            doing="building the wheel",
        )  # fmt: skip
        (wheel,) = out.glob("*.whl")
        return Path(shutil.move(wheel, target / wheel.name))


def list_shipped() -> list[str]:
    """The paths of the files that ship, below the repository.

    :raise SetupError: where this is no checkout
    """
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True, text=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError("git can't list the files of this folder: is it a checkout?") from error
    names = [name for name in listed.stdout.split("\0") if name]
    return [
        name
        for name in names
        if not name.startswith(_LEFT_OUT) and name != "pyproject.toml" and _exists(name)
    ]


def write_readme(text: str) -> str:
    """The README without what only a checkout has, its pictures, and links into it."""
    return _LINK.sub(r"\1", _PICTURE.sub("", _CHECKOUT.sub("", text)))


def _exists(name: str) -> bool:
    return (REPOSITORY / name).is_file()


def _copy(target: Path) -> None:
    for name in list_shipped():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name, path)
    (target / "pyproject.toml").write_text(_PROJECT)
    readme = target / "README.md"
    readme.write_text(write_readme(readme.read_text()))
