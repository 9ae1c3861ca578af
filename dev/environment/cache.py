# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The cache folder: built once, piece by piece, safely when two commands start at once."""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .errors import SetupError
from .progress import say
from .settings import Settings

_COMPLETE = ".complete"
# A piece that no command used for so long belongs to an older version of the repository.
_UNUSED_AFTER = 14 * 24 * 3600


def digest(*parts: object) -> str:
    """A short key of everything a piece of the cache depends on."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:10]


@contextmanager
def lock(settings: Settings, name: str) -> Iterator[None]:
    """Hold an exclusive lock between processes; the kernel frees it when its holder dies."""
    path = settings.cache / "locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        if not lock_now(file, fcntl.LOCK_EX):
            say(f"{name}: waiting for another command that prepares it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def try_lock(settings: Settings, name: str) -> Iterator[bool]:
    """Hold the lock if nobody does; say whether it was got."""
    with (settings.cache / "locks" / name).open("w") as file:
        yield lock_now(file, fcntl.LOCK_EX)


def lock_now(file: IO[str], kind: int) -> bool:
    """Lock an open file if that is possible without waiting."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def piece(settings: Settings, name: str, key: str, build: Callable[[Path], None]) -> Path:
    """Return the folder `<cache>/<name>-<key>`, built when it is not there yet.

    A folder counts only once its last file is written, so an interrupted build starts again. It is
    built in its final place, because a virtual environment cannot be moved.
    """
    target = settings.cache / f"{name}-{key}"
    marker = target / _COMPLETE
    if not marker.exists():
        with lock(settings, name):
            if not marker.exists():
                require_space(settings.cache)
                shutil.rmtree(target, ignore_errors=True)
                target.mkdir(parents=True)
                build(target)
                marker.touch()
                _forget_unused(settings, name, target)
    os.utime(marker)
    return target


def _forget_unused(settings: Settings, name: str, current: Path) -> None:
    for folder in settings.cache.glob(f"{name}-*"):
        marker = folder / _COMPLETE
        last_used = marker.stat().st_mtime if marker.exists() else 0
        if folder != current and time.time() - last_used > _UNUSED_AFTER:
            shutil.rmtree(folder, ignore_errors=True)


def require_space(folder: Path, gigabytes: float = 3.0) -> None:
    """Refuse early instead of failing half-way through a download."""
    free = shutil.disk_usage(folder).free / 1e9
    if free < gigabytes:
        raise SetupError(
            f"only {free:.1f} GB are free in {folder}, {gigabytes:.0f} GB are needed; "
            "make room or name another folder with RR_CACHE."
        )


def size_of(folder: Path) -> str:
    """Megabytes in a folder, to show that a download goes on."""
    total = 0
    for parent, _folders, files in os.walk(folder):
        for file in files:
            try:
                total += os.lstat(os.path.join(parent, file)).st_size
            except OSError:
                continue  # Renamed by the downloader meanwhile.
    return f"{total / 1e6:.0f} MB so far"
