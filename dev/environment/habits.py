# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The OCA's checks of addons, translations and scripts, on what is under version control.

`dev/run python -m environment.habits [--fix]` runs them, and mends what they can mend. They are
what `.pre-commit-config.yaml` names, run without `pre-commit`, which would fetch each from the net.
The checks of scripts need Node and npm; where those are missing, that is said, and nothing fails.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import cache, releases
from .errors import SetupError
from .processes import quiet
from .settings import ADDON, REPOSITORY, Settings, read_settings

# The exit code of a check that can't be run here, and says why.
NOT_RUN = 77
# With their reasons: the README is Markdown, as the forge of this repository shows it; what lays
# out translations anew is off at the OCA, too.
_NO_README = "--disable=prefer-readme-rst"
_NO_LAYOUT = "--disable=po-pretty-format"
_NOT_THE_ADDON = (".ci/", "dev/", "docs/")
_SCRIPTS = (".js", ".cjs")
_FORMATTED = (".js", ".cjs", ".scss", ".yaml")
_PACKAGES = REPOSITORY / "dev" / "node" / "package.json"


def main(arguments: list[str]) -> int:
    """Run all checks; return the worst of their exit codes."""
    fix = arguments == ["--fix"]
    if arguments and not fix:
        raise SetupError("python -m environment.habits takes --fix, or nothing")
    codes = [check_addon(fix), check_terms(), check_scripts(read_settings(), fix)]
    return max((code for code in codes if code != NOT_RUN), default=0)


def check_addon(fix: bool = False) -> int:
    """Run `oca-checks-odoo-module` on a copy: it looks for addons below a repository's root."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / ".git").mkdir()
        names = [name for name in releases.list_now() if not name.startswith(_NOT_THE_ADDON)]
        for name in names:
            target = root / ADDON / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, target)
        options = [_NO_README, *(["--fix"] if fix else [])]
        code = _run([_beside("oca-checks-odoo-module"), *options, root / ADDON])
        for name in names if fix else ():
            content = (root / ADDON / name).read_bytes()
            if content != (REPOSITORY / name).read_bytes():
                (REPOSITORY / name).write_bytes(content)
    return code


def check_terms() -> int:
    """Run `oca-checks-po` on all languages."""
    files = sorted((REPOSITORY / "i18n").glob("*.po*"))
    return _run([_beside("oca-checks-po"), _NO_LAYOUT, *files])


def check_scripts(settings: Settings, fix: bool = False) -> int:
    """Run prettier and eslint, which npm brings into the cache folder."""
    if not (shutil.which("node") and shutil.which("npm")):
        print("prettier and eslint were not run: there is no Node, or no npm, on this machine")
        return NOT_RUN
    try:
        tools = cache.piece(settings, "node", cache.digest(_PACKAGES.read_text()), _install)
    except SetupError as error:
        print(f"prettier and eslint were not run: {error}")
        return NOT_RUN
    bin_folder = tools / "node_modules" / ".bin"
    env = {**os.environ, "NODE_PATH": str(tools / "node_modules")}
    names = [REPOSITORY / name for name in releases.list_now()]
    formatted = [name for name in names if name.suffix in _FORMATTED]
    scripts = [name for name in names if name.suffix in _SCRIPTS]
    how = "--write" if fix else "--check"
    codes = [
        _run([bin_folder / "prettier", "--log-level=warn", how, *formatted], env),
        _run([bin_folder / "eslint", *(["--fix"] if fix else []), *scripts], env),
    ]
    return max(codes)


def _install(target: Path) -> None:
    shutil.copyfile(_PACKAGES, target / _PACKAGES.name)
    quiet(
        ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"],
        log=target / "npm.log",
        doing="bringing prettier and eslint",
        cwd=target,
    )


def _beside(name: str) -> Path:
    """A program of this Python's environment."""
    return Path(sys.executable).parent / name


def _run(command: list[str | Path], env: dict[str, str] | None = None) -> int:
    return subprocess.call([str(part) for part in command], cwd=REPOSITORY, env=env)


if __name__ == "__main__":
    # A check alone, as `dev/test` starts it, or all.
    names = {
        "addon": check_addon,
        "terms": check_terms,
        "scripts": lambda: check_scripts(read_settings()),
    }
    alone = names.get(" ".join(sys.argv[1:]))
    sys.exit(alone() if alone else main(sys.argv[1:]))
