# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Everything together: an Odoo, a Python, a PostgreSQL, and the variables that join them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import database, odoo_source, postgres, python_env
from .odoo_source import OdooSource
from .postgres import Server
from .python_env import PythonEnv
from .settings import ADDON, DEV_ADDONS_FOLDER, PYTHON_PATH, Settings, read_settings

# Left by the caller's shell, they would change what runs here.
_FOREIGN = ("PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "ODOO_RC", "PGDATABASE")


@dataclass(frozen=True)
class Workbench:
    """What a command needs to run Odoo."""

    settings: Settings
    odoo: OdooSource
    python: PythonEnv
    server: Server

    @property
    def odoo_command(self) -> list[str]:
        return [str(self.python.python), "-m", "odoo"]

    @property
    def env(self) -> dict[str, str]:
        """The environment of every child process."""
        cache = self.settings.cache
        variables = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
        path = [str(self.python.root / "bin"), str(self.server.programs)]
        return {
            **variables,
            **self.server.variables,
            "PATH": os.pathsep.join([*path, os.environ.get("PATH", os.defpath)]),
            "PYTHONPATH": PYTHON_PATH,
            "VIRTUAL_ENV": str(self.python.root),
            # Nothing is written into the repository.
            "PYTHONPYCACHEPREFIX": str(cache / "bytecode"),
            "RUFF_CACHE_DIR": str(cache / "ruff"),
            "PYLINTHOME": str(cache / "pylint"),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(cache / "hypothesis"),
            "RECOVERY_CONFIG": str(self.settings.config_file),
        }


@contextmanager
def opened() -> Iterator[Workbench]:
    """Prepare what is missing, and keep PostgreSQL running meanwhile."""
    settings = read_settings()
    odoo = odoo_source.find(settings)
    python = python_env.find(settings)
    python_env.point_to_odoo(python, odoo)
    with postgres.running(settings, python) as server:
        bench = Workbench(settings, odoo, python, server)
        _link_addons(settings)
        write_config(bench, settings.config_file)
        yield bench


def _link_addons(settings: Settings) -> None:
    """Odoo and pytest-odoo want an addon in a folder of its own name."""
    settings.addons.mkdir(parents=True, exist_ok=True)
    wanted = {ADDON: settings.repository}
    wanted.update({name: DEV_ADDONS_FOLDER / name for name in database.dev_addons()})
    for link in settings.addons.iterdir():
        if link.name not in wanted:
            link.unlink()
    for name, target in wanted.items():
        link = settings.addons / name
        if not link.is_symlink() or Path(os.readlink(link)) != target:
            link.unlink(missing_ok=True)
            link.symlink_to(target)


def write_config(bench: Workbench, target: Path, *addons: Path) -> None:
    """Write a configuration of Odoo, with further folders of addons."""
    settings = bench.settings
    options = {
        "addons_path": ",".join(map(str, [*bench.odoo.addons, settings.addons, *addons])),
        "data_dir": settings.data_dir,
        "db_host": bench.server.variables["PGHOST"],
        "db_port": bench.server.variables["PGPORT"],
        "db_user": bench.server.variables["PGUSER"],
        "http_interface": "127.0.0.1",
        "max_cron_threads": 1,
        "screenshots": settings.logs / "browser",
        # A test machine's memory is not a server's.
        "limit_time_real": 0,
        "limit_time_cpu": 0,
    }
    lines = [f"{key} = {value}\n" for key, value in options.items()]
    text = "[options]\n" + "".join(lines)
    if not target.exists() or target.read_text() != text:
        temporary = target.with_suffix(f".{os.getpid()}")
        temporary.write_text(text)
        temporary.replace(target)
