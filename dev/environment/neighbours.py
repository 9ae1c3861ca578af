# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Addons of others that ours works with, and the example of the developers' guide.

They are brought and installed for the tests of `tests/oca` only, beside everything else.
"""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from . import cache, database, python_env
from .progress import step
from .settings import ADDON, EXAMPLES_FOLDER, REPOSITORY, STAND_INS_FOLDER
from .workbench import write_config

if TYPE_CHECKING:
    from .workbench import Workbench

_RECIPE = 2
OWN_FOLDERS = (EXAMPLES_FOLDER, STAND_INS_FOLDER)
_REQUIREMENTS = REPOSITORY / "dev" / "requirements-oca.txt"
# Where a wheel of the OCA has its addon.
_WITHIN = "odoo/addons/"
# Where the packages are unpacked that an addon needs.
_PACKAGES = "packages"


def find(bench: "Workbench") -> Path:
    """Return the folder of the OCA's addons, downloaded when they are not there yet.

    :raise SetupError: the package index can't be reached
    """
    key = cache.digest(_RECIPE, _REQUIREMENTS.read_text())
    folder = cache.piece(bench.settings, "oca", key, lambda target: _bring(bench, target))
    python_env.point_to(bench.python, "oca", folder / _PACKAGES)
    return folder


def prepare(bench: "Workbench") -> str:
    """Bring what is missing; return the name of the template, with its configuration written.

    :raise SetupError: the package index can't be reached
    """
    folder, config = find(bench), bench.settings.oca_config_file
    write_config(bench, config, folder, *OWN_FOLDERS)
    return template(bench, config, folder)


def template(bench: "Workbench", config: Path, folder: Path) -> str:
    """The name of the template with the OCA's addons, ours and the examples."""
    theirs = sorted(path.parent.name for path in folder.glob("*/__manifest__.py"))
    own = [
        path.parent.name
        for parent in OWN_FOLDERS
        for path in sorted(parent.glob("*/__manifest__.py"))
    ]
    base = database.base_template(bench)
    layer = database.template(
        bench,
        f"rr_ocabase_{cache.digest(_RECIPE, base, folder.name)}",
        base,
        theirs,
        "addons of the OCA (half a minute)",
        config,
    )
    modules = (ADDON, *database.dev_addons(), *own)
    key = database.installed_files() + "".join(map(database.fingerprint, OWN_FOLDERS))
    name = f"rr_oca_{cache.digest(layer, *modules, key)}"
    return database.template(bench, name, layer, modules, "this addon beside them", config)


def _bring(bench: "Workbench", target: Path) -> None:
    wheels = target / "wheels"
    with step("oca", "downloading addons of the OCA"):
        python_env.download(bench.settings, bench.python, _REQUIREMENTS, wheels)
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.startswith(_WITHIN)]
            archive.extractall(target / "unpacked", names)
            if not names:  # No addon, but a package that one needs.
                archive.extractall(target / _PACKAGES)
    for addon in (target / "unpacked" / _WITHIN).iterdir():
        addon.rename(target / addon.name)
