# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A Chromium for the browser tests: the machine's own, or Debian's package in the cache.

The package is unpacked together with the libraries the machine lacks. A wrapper tells it where
they are, so nothing is installed and root is not needed.
"""

import os
import shutil
import subprocess
from pathlib import Path

from . import cache
from .apt import Apt
from .errors import SetupError
from .progress import step
from .settings import Settings

_RECIPE = 3
# The names under which Odoo looks for a browser.
_NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
# Without any font a page has no text, and a click finds nothing.
_PACKAGES = ("chromium", "fonts-dejavu-core")
_WRAPPER = """\
#!/bin/sh
# {note}
here="$(dirname "$(dirname "$(readlink -f "$0")")")"
export LD_LIBRARY_PATH="{libraries}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
export FONTCONFIG_FILE="$here/fonts.conf"
export HOME="$here/home"
unset XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME
mkdir -p "$HOME"
exec "$here/usr/lib/chromium/chromium" "$@"
"""
_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{root}/usr/share/fonts</dir>
  <cachedir>{root}/fontcache</cachedir>
</fontconfig>
"""


def find(settings: Settings) -> Path | None:
    """The folder to put first on the PATH so that Odoo finds a browser; none if it already does."""
    for name in _NAMES:
        program = shutil.which(name)
        if program and _works(program):
            return None
    root = cache.piece(
        settings,
        "chromium",
        cache.digest(_RECIPE, *_PACKAGES, *_system()),
        lambda target: _fetch(settings, target),
    )
    return root / "bin"


def _system() -> tuple[str, ...]:
    """The libraries that were missing depend on the release of the system."""
    release = Path("/etc/os-release")
    return (os.uname().machine, release.read_text() if release.exists() else "")


def _works(program: str | Path) -> bool:
    try:
        done = subprocess.run(
            [program, "--version", "--no-sandbox"], capture_output=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _fetch(settings: Settings, target: Path) -> None:
    apt = Apt(settings, "chromium")
    with step("chromium", "fetching Chromium and the libraries it lacks here", apt.size):
        apt.update()
        apt.download(apt.missing_for(*_PACKAGES), target)
        _write_wrapper(target)
    wrapper = target / "bin" / "chromium"
    if not _works(wrapper):
        done = subprocess.run(
            [wrapper, "--version", "--no-sandbox"], capture_output=True, text=True, check=False
        )
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SetupError(f"the fetched Chromium does not run here: {last}")


def _write_wrapper(root: Path) -> None:
    folders = sorted(
        {
            str(library.parent)
            for pattern in ("usr/lib/**/*.so*", "lib/**/*.so*")
            for library in root.glob(pattern)
        }
    )
    libraries = ":".join("$here" + folder[len(str(root)) :] for folder in folders)
    wrapper = root / "bin" / "chromium"
    wrapper.parent.mkdir(exist_ok=True)
    wrapper.write_text(
        _WRAPPER.format(note="Chromium with the libraries unpacked beside it.", libraries=libraries)
    )
    wrapper.chmod(0o755)
    (root / "fonts.conf").write_text(_FONTS.format(root=root))
