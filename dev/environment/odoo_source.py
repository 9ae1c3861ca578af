# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""An Odoo 19: the one named in ODOO_HOME, or Debian's package unpacked into the cache."""

import re
from dataclasses import dataclass
from pathlib import Path

from . import cache
from .apt import Apt
from .errors import SetupError
from .progress import say, step
from .settings import Settings

# Changes here make a new unpacked tree; the key also protects against a half-done one.
_RECIPE = 1
_PACKAGES = (
    "odoo-19",
    # Targets of links in that package.
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-ocr-b",
)
# Later versions of Font Awesome lack the files that the web client links to.
_FONT_AWESOME = "fonts-font-awesome"
_FONT_AWESOME_VERSION = "5.0.10+really4.7"
_FONT_AWESOME_SUITE = "bookworm"
# Listed in an asset bundle but left out by Debian: every page of the web client logs an error.
_MISSING_SCRIPT = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"


@dataclass(frozen=True)
class OdooSource:
    """Where Odoo's code is.

    :param python_path: the folder that holds the package `odoo`.
    :param addons: the folders of its addons.
    :param key: changes when the code does.
    """

    python_path: Path
    addons: tuple[Path, ...]
    key: str


def find(settings: Settings) -> OdooSource:
    """Return the Odoo 19 to use, fetched when none is named."""
    if settings.odoo_home:
        return _named(settings.odoo_home)
    root = cache.piece(
        settings, "odoo", cache.digest(_RECIPE, *_PACKAGES), lambda target: _fetch(settings, target)
    )
    python_path = root / "usr" / "lib" / "python3" / "dist-packages"
    # `dist-packages/addons` is a stray, partial copy.
    return OdooSource(python_path, (python_path / "odoo" / "addons",), root.name)


def _named(home: Path) -> OdooSource:
    for python_path in (home, home.parent, home / "usr/lib/python3/dist-packages"):
        release = python_path / "odoo" / "release.py"
        if release.is_file():
            break
    else:
        raise SetupError(f"ODOO_HOME={home} holds no Odoo (no odoo/release.py).")
    text = release.read_text()
    version = re.search(r"^version_info = \((.+?)\)", text, re.M)
    if not version or not re.match(r"'?(saas~)?19'?,", version[1]):
        found = version[1] if version else "unknown"
        raise SetupError(f"ODOO_HOME={home} holds Odoo ({found}), Odoo 19 is needed.")
    checkout_addons = python_path / "addons"
    addons = [python_path / "odoo" / "addons"]
    if not (addons[0] / "account").is_dir():
        addons.append(checkout_addons)
    if not (addons[-1] / "account_payment").is_dir():
        raise SetupError(f"ODOO_HOME={home} lacks the addon account_payment.")
    say(f"odoo: {home}, as named in ODOO_HOME")
    return OdooSource(python_path, tuple(addons), cache.digest(home, version[1]))


def _fetch(settings: Settings, target: Path) -> None:
    apt = Apt(settings, "odoo", ("sid", _FONT_AWESOME_SUITE))
    with step("odoo", "fetching Odoo 19 (132 MB) from Debian's unstable suite", apt.size):
        apt.update()
        fitting = [
            version
            for version in apt.versions(_FONT_AWESOME)
            if version.startswith(_FONT_AWESOME_VERSION)
        ]
        if not fitting:
            raise SetupError(f"the mirror offers no {_FONT_AWESOME} {_FONT_AWESOME_VERSION}.")
        apt.download([*_PACKAGES, f"{_FONT_AWESOME}={fitting[0]}"], target)
        stub = target / "usr/lib/python3/dist-packages/odoo/addons" / _MISSING_SCRIPT
        if not stub.exists():
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.write_text("// Left out of Debian's package; nothing here needs it.\n")
