# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The virtual environment: Odoo's requirements, the test tools, and a pointer to Odoo itself."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import cache
from .apt import Apt
from .odoo_source import OdooSource
from .processes import quiet
from .progress import step
from .settings import Settings

_RECIPE = 1
_REQUIREMENTS = ("requirements.txt", "dev/requirements.txt")


@dataclass(frozen=True)
class PythonEnv:
    """A virtual environment."""

    root: Path

    @property
    def python(self) -> Path:
        return self.root / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        return self.root / "lib" / version / "site-packages"


def find(settings: Settings) -> PythonEnv:
    """Return the environment, created when the requirements or this Python are new."""
    files = [settings.repository / name for name in _REQUIREMENTS]
    key = cache.digest(_RECIPE, sys.version, sys.base_prefix, *map(_required, files))
    return PythonEnv(
        cache.piece(settings, "python", key, lambda target: _create(settings, target, files))
    )


def point_to_odoo(env: PythonEnv, odoo: OdooSource) -> None:
    """Make `import odoo` find Odoo."""
    point_to(env, "odoo", odoo.python_path)


def point_to(env: PythonEnv, name: str, folder: Path) -> None:
    """Make imports look into a further folder.

    :param name: of what is there; another folder of the same name is forgotten
    """
    pointer = env.site_packages / f"{name}.pth"
    text = f"{folder}\n"
    if not pointer.exists() or pointer.read_text() != text:
        temporary = pointer.with_suffix(f".{os.getpid()}")
        temporary.write_text(text)
        temporary.replace(pointer)


def download(settings: Settings, env: PythonEnv, requirements: Path, target: Path) -> None:
    """Bring the wheels that a requirements file names, without what they need themselves."""
    quiet(
        [
            *_pip(settings, env),
            "download",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary=:all:",
            "--dest",
            target,
            "-r",
            requirements,
        ],
        log=settings.logs / "download.log",
        doing=f"bringing the packages of dev/{requirements.name} from the Python package index",
        env=_clean_environment(),
    )


def _create(settings: Settings, target: Path, requirements: list[Path]) -> None:
    env = PythonEnv(target)
    log = settings.logs / "python.log"
    with step("python", "creating the virtual environment"):
        quiet(
            [sys.executable, "-m", "venv", "--without-pip", target],
            log=log,
            doing="creating the virtual environment",
        )
    options = [part for file in requirements for part in ("-r", file)]
    with step("python", "installing the requirements", lambda: cache.size_of(target)):
        quiet(
            [
                *_pip(settings, env),
                "install",
                "--disable-pip-version-check",
                "--no-warn-script-location",
                "--prefer-binary",
                *options,
            ],
            log=log,
            doing="installing the Python requirements",
            env=_clean_environment(),
        )


def _required(file: Path) -> list[str]:
    """The lines of a requirements file that count."""
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    return [line for line in lines if line]


def _clean_environment() -> dict[str, str]:
    return {
        key: value
        for key, value in os.environ.items()
        if key not in ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER")
    }


def _pip(settings: Settings, env: PythonEnv) -> list[str | Path]:
    """The command that runs pip inside the environment.

    A plain Debian has Python without `ensurepip`; its own package holds pip as a wheel, and a
    wheel can be run where it lies.
    """
    log = settings.logs / "pip.log"
    has_ensurepip = (
        subprocess.call(
            [env.python, "-c", "import ensurepip"],
            stderr=subprocess.DEVNULL,
        )
        == 0
    )
    if has_ensurepip:
        quiet([env.python, "-m", "ensurepip"], log=log, doing="installing pip")
        return [env.python, "-m", "pip"]
    apt = Apt(settings, "pip")
    apt.update()
    apt.download(["python3-pip-whl"], env.root / "pip")
    wheel = next((env.root / "pip/usr/share/python-wheels").glob("pip-*.whl"))
    return [env.python, wheel / "pip"]
