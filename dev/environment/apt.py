# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Fetch Debian packages with this machine's apt, without touching the system.

apt gets its own lists and cache below the cache folder, so neither root nor an earlier
`apt-get update` is needed. The mirror is the one the machine's own sources name.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import cache
from .errors import SetupError
from .processes import explain, quiet
from .settings import Settings


class Apt:
    """One private apt. With `suites` it sees only those, else what the machine's sources name."""

    def __init__(self, settings: Settings, name: str, suites: Sequence[str] = ()):
        if not shutil.which("apt-get") or not shutil.which("dpkg"):
            raise SetupError(
                "this is not a Debian machine (no apt-get), so name an Odoo 19 in ODOO_HOME "
                "and have Chromium on the PATH."
            )
        self.settings = settings
        self.folder = settings.cache / "apt" / name
        for sub in ("lists/partial", "archives/partial", "etc"):
            (self.folder / sub).mkdir(parents=True, exist_ok=True)
        self.private_sources = bool(suites)
        if suites:
            self._write_sources(suites)
        self.options = self._options()

    def _options(self) -> list[str]:
        values = {
            "Dir::State::Lists": self.folder / "lists",
            "Dir::Cache": self.folder,
            "Acquire::Languages": "none",
            "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
            "Acquire::Retries": "3",
            "Debug::NoLocking": "true",
        }
        if os.geteuid() == 0:
            # The account `_apt` cannot enter root's cache folder.
            values["APT::Sandbox::User"] = "root"
        if self.private_sources:
            values["Dir::Etc::SourceList"] = self.folder / "etc" / "sources.list"
            values["Dir::Etc::SourceParts"] = "/dev/null"
        return [part for key, value in values.items() for part in ("-o", f"{key}={value}")]

    def _write_sources(self, suites: Sequence[str]) -> None:
        mirror = _machine_mirror(self.folder / "lists")
        lines = [f"deb {_signed_by()}{mirror} {suite} main\n" for suite in suites]
        (self.folder / "etc" / "sources.list").write_text("".join(lines))

    def update(self) -> None:
        """Fetch the package lists."""
        log = self.settings.logs / f"apt-update-{self.folder.name}.log"
        doing = "fetching the package lists"
        # The machine may have sources of other vendors that are broken: no concern of ours.
        strict = ["--error-on=any"] if self.private_sources else []
        quiet(["apt-get", *self.options, *strict, "update"], log=log, doing=doing)
        if not any((self.folder / "lists").glob("*Packages*")):
            raise SetupError(explain(doing, 100, log))

    def download(self, packages: Sequence[str], target: Path) -> None:
        """Fetch packages (`name` or `name=version`) and unpack them into `target`."""
        archives = self.folder / "archives"
        shutil.rmtree(archives, ignore_errors=True)
        archives.mkdir(parents=True)
        log = self.settings.logs / f"apt-download-{self.folder.name}.log"
        quiet(
            ["apt-get", *self.options, "download", *packages],
            log=log,
            doing=f"fetching {packages[0]}",
            cwd=archives,
        )
        for archive in sorted(archives.glob("*.deb")):
            quiet(
                ["dpkg", "-x", archive, target],
                log=self.settings.logs / "dpkg.log",
                doing=f"unpacking {archive.name}",
            )
            archive.unlink()

    def versions(self, package: str) -> list[str]:
        """The versions the lists offer, newest first."""
        output = self._output("apt-cache", "madison", package)
        return [line.split("|")[1].strip() for line in output.splitlines() if "|" in line]

    def missing_for(self, *packages: str) -> list[str]:
        """`name=version` of the packages and of each dependency the system lacks."""
        output = self._output(
            "apt-get", "-s", "-y", "--no-install-recommends", "install", *packages
        )
        # Inst libfoo [old] (1.2-3 Debian:12/stable [amd64])
        found = []
        for line in output.splitlines():
            if line.startswith("Inst "):
                name = line.split()[1]
                version = line.split("(", 1)[1].split()[0]
                found.append(f"{name}={version}")
        return found

    def size(self) -> str:
        """How much was fetched, for the heartbeat."""
        return cache.size_of(self.folder)

    def _output(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [program, *self.options, *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise SetupError(f"apt cannot resolve {arguments[-1]}: {last}")
        return done.stdout


def _machine_mirror(lists: Path) -> str:
    """The Debian mirror this machine's apt uses.

    :param lists: a folder for package lists that exists; a plain machine has none yet.
    """
    done = subprocess.run(
        [
            *["apt-get", "indextargets", "--no-release-info", "--format", "$(REPO_URI)"],
            *["-o", f"Dir::State::Lists={lists}"],
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    mirrors = [
        mirror
        for mirror in done.stdout.splitlines()
        if "debian" in mirror and "security" not in mirror
    ]
    if not mirrors:
        raise SetupError(
            "this machine's apt names no Debian mirror, so name an Odoo 19 in ODOO_HOME."
        )
    # Other vendors have "debian" somewhere in their address; a mirror ends with it.
    return max(mirrors, key=lambda mirror: mirror.rstrip("/").endswith(("debian", "debian.list")))


def _signed_by() -> str:
    # Recent Debian trusts its own keys only where a source names them.
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    return f"[signed-by={keyring}] " if keyring.exists() else ""
