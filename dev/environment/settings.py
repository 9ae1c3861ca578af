# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Where things are: the repository, the cache folder, and what the user named instead."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from .errors import SetupError

REPOSITORY = Path(__file__).resolve().parents[2]
ADDON = "revenue_recovery"
# What programs of ours have on their path: the tools, and the packages that need no Odoo.
PYTHON_PATH = os.pathsep.join(str(REPOSITORY / "dev" / each) for each in (".", "plain"))
# Addons that only the demo and the tests install.
DEV_ADDONS_FOLDER = REPOSITORY / "dev" / "simulation" / "addons"
# Addons that the developers' guide explains; a test installs them.
EXAMPLES_FOLDER = REPOSITORY / "docs" / "examples"
# Addons that stand in for those that can't be brought.
STAND_INS_FOLDER = REPOSITORY / "tests" / "oca" / "addons"


@dataclass(frozen=True)
class Settings:
    """The folders of one run. Everything under `cache` may be deleted at any time."""

    cache: Path
    odoo_home: Path | None
    repository: Path = field(default=REPOSITORY)

    @property
    def checkout(self) -> Path:
        """What belongs to this copy of the repository only; two copies may share one cache."""
        key = hashlib.sha256(str(self.repository).encode()).hexdigest()[:8]
        return self.cache / "checkouts" / key

    @property
    def addons(self) -> Path:
        return self.checkout / "addons"

    @property
    def addon_link(self) -> Path:
        return self.addons / ADDON

    @property
    def config_file(self) -> Path:
        return self.checkout / "odoo.conf"

    @property
    def oca_config_file(self) -> Path:
        """The same, with the addons of the OCA and the examples."""
        return self.checkout / "odoo-oca.conf"

    @property
    def data_dir(self) -> Path:
        """Odoo's own folder: file store and sessions."""
        return self.cache / "data"

    @property
    def logs(self) -> Path:
        return self.cache / "logs"


def read_settings() -> Settings:
    """Read the environment variables `RR_CACHE` and `ODOO_HOME`."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / ADDON
    cache = Path(os.environ.get("RR_CACHE") or default).expanduser().absolute()
    if cache == REPOSITORY or REPOSITORY in cache.parents:
        raise SetupError(f"the cache folder {cache} must lie outside the repository.")
    odoo_home = os.environ.get("ODOO_HOME")
    try:
        for folder in ("locks", "logs", "data"):
            (cache / folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(
            f"the cache folder {cache} cannot be written ({error.strerror}); "
            "name another one with RR_CACHE."
        ) from error
    return Settings(
        cache=cache, odoo_home=Path(odoo_home).expanduser().absolute() if odoo_home else None
    )
