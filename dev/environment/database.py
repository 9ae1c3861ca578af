# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Databases: two layers of templates that are copied in seconds, and copies thrown away after use.

The first layer is Odoo with the modules we build on; it changes with Odoo only. The second adds
this addon; it changes with the files that an installation reads.
"""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from . import cache
from .errors import SetupError
from .postgres import Server
from .processes import is_alive, quiet
from .progress import step
from .settings import ADDON, DEV_ADDONS_FOLDER, REPOSITORY

if TYPE_CHECKING:
    from .workbench import Workbench

_RECIPE = 1
# With every provider of Community that charges saved methods.
_BASE_MODULES = (
    "account_payment",
    "base_automation",
    "payment_adyen",
    "payment_authorize",
    "payment_demo",
    "payment_flutterwave",
    "payment_mercado_pago",
    "payment_razorpay",
    "payment_stripe",
    "payment_worldline",
    "payment_xendit",
)
# What an installation reads. Everything else may change without a new template.
_INSTALLED_SUFFIXES = {".py", ".xml", ".csv", ".sql", ".po", ".pot", ".json", ".html"}
_NOT_INSTALLED = {"tests", "dev", "docs", "static"}
_TEMPLATES_KEPT = 12
# 2026-01-31 10:00:00,000 123 WARNING database odoo.logger: text
_COMPLAINT = re.compile(r"[\d-]+ [\d:,]+ \d+ ((?:WARNING|ERROR|CRITICAL) \S+ odoo\..*)")
# Databases of one machine's processes; a shared server may hold those of others.
_SCRATCH = f"rr_scratch_{hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]}"


def base_template(bench: "Workbench") -> str:
    """The name of the template without this addon."""
    name = f"rr_base_{cache.digest(_RECIPE, bench.odoo.key, *_BASE_MODULES)}"
    return template(bench, name, "template0", _BASE_MODULES, "Odoo's modules (about a minute)")


def addon_template(bench: "Workbench") -> str:
    """The name of the template with this addon, and the addons of the simulation."""
    base = base_template(bench)
    while True:
        modules = (ADDON, *dev_addons())
        key = installed_files()
        name = f"rr_addon_{cache.digest(base, *modules, key)}"
        existed = bench.server.exists(name)
        template(bench, name, base, modules, "this addon")
        if existed or installed_files() == key:
            return name
        # A file was saved meanwhile: what was installed is neither the old nor the new state.
        drop(bench, name)


def complaints(bench: "Workbench", template: str) -> list[str]:
    """The warnings and errors Odoo logged while it built a template."""
    lines = _log(bench, template).read_text(errors="replace").splitlines()
    return [match[1] for match in map(_COMPLAINT.match, lines) if match]


def _log(bench: "Workbench", template: str) -> Path:
    return bench.settings.cache / "templates" / f"{template}.log"


@contextmanager
def scratch(bench: "Workbench", template: str, label: str = "db") -> Iterator[str]:
    """A copy of a template, dropped at the end."""
    name = f"{_SCRATCH}_{os.getpid()}_{label}"
    _drop_abandoned(bench)
    copy(bench, template, name)
    try:
        yield name
    finally:
        drop(bench, name)


def copy(bench: "Workbench", template: str, name: str) -> None:
    """Copy a database with its file store."""
    drop(bench, name)
    source, target = _filestore(bench, template), _filestore(bench, name)
    if source.is_dir():
        # Odoo never changes a stored file, so the copies may share them.
        shutil.copytree(source, target, copy_function=os.link)
    bench.server.create(name, template)


@contextmanager
def transplanted(bench: "Workbench", template: str, target: Server, label: str) -> Iterator[str]:
    """A copy of a template in another cluster, which goes with its cluster; its files go here."""
    name = f"{_SCRATCH}_{os.getpid()}_{label}"
    source, files = _filestore(bench, template), _filestore(bench, name)
    for path in files.parent.glob(f"{_SCRATCH}_*_{label}"):
        if not is_alive(_owner(path.name)) or path == files:
            shutil.rmtree(path, ignore_errors=True)  # Of a process that was killed.
    if source.is_dir():
        shutil.copytree(source, files, copy_function=os.link)
    try:
        with step("database", "copying it into a cluster of its own"):
            target.sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
            with tempfile.NamedTemporaryFile() as dump:
                _must(bench.server.run("pg_dump", "-Fc", "-Z0", "-f", dump.name, template))
                _must(target.run("pg_restore", "-j2", "-d", name, dump.name))
        yield name
    finally:
        shutil.rmtree(files, ignore_errors=True)


def _must(done: subprocess.CompletedProcess) -> None:
    if done.returncode:
        raise SetupError(f"{Path(done.args[0]).name} failed: {done.stderr.strip()}")


def drop(bench: "Workbench", name: str) -> None:
    """Drop a database with its file store."""
    bench.server.drop(name)
    shutil.rmtree(_filestore(bench, name), ignore_errors=True)


def dev_addons() -> tuple[str, ...]:
    """The addons of the simulation."""
    return tuple(sorted(path.parent.name for path in DEV_ADDONS_FOLDER.glob("*/__manifest__.py")))


def template(
    bench: "Workbench",
    name: str,
    origin: str,
    modules: Sequence[str],
    what: str,
    config: Path | None = None,
) -> str:
    """Return the name of a template, made of another one and further modules if need be.

    :param config: the configuration of Odoo that knows the modules; the usual one by default
    """
    log = _log(bench, name)
    with cache.lock(bench.settings, f"template-{name[:8]}"):
        if not bench.server.exists(name):
            cache.require_space(bench.settings.cache, 1.0)
            log.parent.mkdir(exist_ok=True)
            building = f"rr_build_{os.getpid()}"
            with step("database", f"installing {what}"):
                _install(bench, building, origin, modules, log, config)
            # The database gets its name last: whoever sees the name finds it complete.
            shutil.rmtree(_filestore(bench, name), ignore_errors=True)
            if _filestore(bench, building).is_dir():
                _filestore(bench, building).rename(_filestore(bench, name))
            bench.server.sql(f'ALTER DATABASE "{building}" RENAME TO "{name}"')
    log.touch()
    _drop_old_templates(bench, name)
    return name


def _install(
    bench: "Workbench",
    name: str,
    origin: str,
    modules: Sequence[str],
    log: Path,
    config: Path | None,
) -> None:
    try:
        if origin == "template0":
            drop(bench, name)  # Odoo creates it.
        else:
            copy(bench, origin, name)
        quiet(
            [
                *bench.odoo_command,
                "server",
                "--config",
                config or bench.settings.config_file,
                "--database",
                name,
                "--init",
                ",".join(modules),
                "--stop-after-init",
                "--no-http",
            ],
            log=log,
            doing=f"installing {', '.join(modules)}",
            env=bench.env,
            cwd=bench.settings.checkout,
        )
    except BaseException:
        drop(bench, name)
        raise


def fingerprint(root: Path, skipped: Iterable[str] = ()) -> str:
    """A key of the content of every file below a folder that an installation reads."""
    key = hashlib.sha256()
    for path in sorted(_walk(root, skipped)):
        key.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return key.hexdigest()[:16]


def installed_files() -> str:
    """A key of what an installation of this addon, and those of the simulation, reads."""
    return fingerprint(REPOSITORY, _NOT_INSTALLED) + fingerprint(DEV_ADDONS_FOLDER, ["tests"])


def remark(bench: "Workbench", name: str) -> str:
    """The comment on a database; empty if there is none, or no such database."""
    return "".join(
        bench.server.sql(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
            f"WHERE datname = '{name}'"
        )
    )


def set_remark(bench: "Workbench", name: str, text: str) -> None:
    """Comment a database."""
    bench.server.sql(f"COMMENT ON DATABASE \"{name}\" IS '{text}'")


def _walk(root: Path, skipped: Iterable[str]) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [
            name
            for name in folders
            if not name.startswith((".", "__")) and not (folder == str(root) and name in skipped)
        ]
        for file in files:
            if Path(file).suffix in _INSTALLED_SUFFIXES:
                yield Path(folder, file)


def _filestore(bench: "Workbench", name: str) -> Path:
    return bench.settings.data_dir / "filestore" / name


def _drop_abandoned(bench: "Workbench") -> None:
    """Drop the copies of processes that were killed."""
    for name in bench.server.sql("SELECT datname FROM pg_database"):
        if name.startswith(_SCRATCH) and not is_alive(_owner(name)):
            drop(bench, name)


def _owner(name: str) -> int:
    """The process that a copy was made by."""
    return int(name[len(_SCRATCH) + 1 :].split("_")[0])


def _drop_old_templates(bench: "Workbench", current: str) -> None:
    layer = current.rsplit("_", 1)[0]
    logs = sorted(
        (bench.settings.cache / "templates").glob(f"{layer}_*.log"),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    for log in logs[_TEMPLATES_KEPT:]:
        drop(bench, log.stem)
        log.unlink(missing_ok=True)
