# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the programs in `dev/benchmarks/` start with.

A benchmark is started directly, as `python3 dev/benchmarks/faults.py`, and begins like this::

    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from environment import benchmark

    if __name__ == "__main__":
        benchmark.enter()
        main()

`enter()` prepares what is missing and starts the same program again inside the virtual environment,
with PostgreSQL running and `PYTHON_PATH` set (so `simulation` and the packages without Odoo,
`revenue_recovery.timing` and its like, can be imported); inside, it returns at once. Import
third-party packages after it. Then::

    with benchmark.scratch_database() as name:            # with this addon; dropped at the end
        with benchmark.odoo_env(name) as env:             # in this process
            ...
        benchmark.config_file()                           # for processes of your own

`scratch_database("base")` gives a database without this addon, `private_database()` one in a
cluster that the benchmark may restart.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from . import database, main, neighbours, odoo_source, postgres, python_env, workbench
from .odoo_session import odoo_env
from .postgres import Cluster, Server
from .processes import foreground
from .settings import REPOSITORY, read_settings

__all__ = ["config_file", "enter", "odoo_env", "private_database", "scratch_database"]

_INSIDE = "RECOVERY_INSIDE"


def enter() -> None:
    """Return if this is the environment, else start this program again inside it and exit."""
    if os.environ.get(_INSIDE) == str(REPOSITORY):
        return
    if sys.version_info < (3, 10):  # noqa: UP036 - this is the message for those who are older
        sys.exit("Python 3.10 or newer is needed.")
    sys.exit(main.run(Path(sys.argv[0]).name, _again))


def _again(arguments: list[str]) -> int:
    with workbench.opened() as bench:
        return foreground(
            [bench.python.python, sys.argv[0], *arguments],
            env={**bench.env, _INSIDE: str(REPOSITORY)},
        )


def config_file() -> Path:
    """The configuration file for Odoo processes a benchmark starts itself."""
    return Path(os.environ["RECOVERY_CONFIG"])


@contextmanager
def scratch_database(template: str = "addon", label: str = "bench") -> Iterator[str]:
    """A database of its own for this process, dropped at the end.

    :param template: "addon" (with this addon and the simulation's), "base" (without) or "oca"
        (with addons of the OCA, too: this process then uses the configuration that knows them).
    :param label: tells several databases of one process apart.
    """
    bench = _inside()
    makers = {
        "addon": database.addon_template,
        "base": database.base_template,
        "oca": neighbours.prepare,
    }
    make = makers[template]
    if template == "oca":
        os.environ["RECOVERY_CONFIG"] = str(bench.settings.oca_config_file)
    with database.scratch(bench, make(bench), label) as name:
        yield name


@contextmanager
def private_database(label: str) -> Iterator[tuple[str, Cluster]]:
    """A database with this addon in a PostgreSQL of this process's own, and that cluster.

    From here on this process and its children use that cluster, whose name stands in their
    environment, and the configuration that names it.
    """
    bench = _inside()
    template = database.addon_template(bench)
    with postgres.private(bench.settings, bench.python) as cluster:
        config = cluster.folder / "odoo.conf"
        workbench.write_config(replace(bench, server=cluster.server), config)
        with database.transplanted(bench, template, cluster.server, label) as name:
            variables = {**cluster.server.variables, "RECOVERY_CONFIG": str(config)}
            before = {key: os.environ.get(key) for key in variables}
            os.environ.update(variables)
            try:
                yield name, cluster
            finally:
                for key, value in before.items():
                    os.environ.pop(key) if value is None else os.environ.update({key: value})


@contextmanager
def copied_database(original: str, name: str) -> Iterator[str]:
    """Give a copy of a database that nobody is connected to; it is dropped at the end.

    :raise subprocess.CalledProcessError: when it can't be copied
    """
    _drop(name)
    # The sessions of others may take a moment to end.
    for pause in (0, 1, 3, 10):
        time.sleep(pause)
        done = subprocess.run(["createdb", "-T", original, name], check=False)
        if not done.returncode:
            break
    done.check_returncode()
    try:
        yield name
    finally:
        _drop(name)


def _inside() -> workbench.Workbench:
    settings = read_settings()
    python = python_env.find(settings)
    variables = {
        key: os.environ[key]
        for key in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD")
        if key in os.environ
    }
    server = Server(postgres.programs(python), variables, f"PGHOST={variables['PGHOST']}")
    return workbench.Workbench(settings, odoo_source.find(settings), python, server)


def _drop(name: str) -> None:
    subprocess.run(["dropdb", "--if-exists", "--force", name], check=True)
