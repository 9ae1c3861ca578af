# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The releases of this repository, as git knows them: their tags, and the addon as it was then."""

import ast
import io
import re
import subprocess
import zipfile
from pathlib import Path

from .settings import REPOSITORY

# Where updates begin in a clone that has no tag of a release below it: the first commit that was
# given to others.
FIRST = "a36c4b060b4f6e1d55892d173489f4093494c7cc"
_TAG = re.compile(r"v\d+(\.\d+)+")


class NoReleaseError(Exception):
    """There is no earlier addon in this clone; says why."""


def version_of(tag: str) -> tuple[int, ...]:
    """The numbers of a tag or of the manifest's version, to be compared."""
    return tuple(int(part) for part in tag.removeprefix("v").split("."))


def list_tags() -> list[str]:
    """The tags of releases that HEAD contains, oldest version first.

    :raise NoReleaseError: where this is no clone
    """
    tags = _git("tag", "--list", "v*", "--merged", "HEAD").split()
    return sorted(filter(_TAG.fullmatch, tags), key=version_of)


def find_first() -> str:
    """The commit from which updates are tried: the oldest release, or, without any, `FIRST`.

    Where the oldest release is HEAD itself, `FIRST` has more to update; if that is not there, an
    update of HEAD to HEAD still tells whether it leaves alone what people have edited.

    :raise NoReleaseError: where neither is in the history of HEAD
    """
    head = _git("rev-parse", "HEAD").strip()
    names = [*list_tags(), FIRST]
    commits = [each for each in map(_commit_of, names) if each and _contains(head, each)]
    if commits:
        return next((each for each in commits if each != head), head)
    raise NoReleaseError(
        "this clone has no tag of a release below HEAD, and not the commit of the first one "
        "either, as clones of a limited depth: `git fetch --unshallow --tags` brings them"
    )


def unpack(commit: str, target: Path) -> None:
    """Write the addon as it was at a commit into a folder."""
    with _open(commit) as archive:
        archive.extractall(target)


def read_manifest(commit: str) -> dict:
    """The manifest as it was at a commit."""
    return ast.literal_eval(_git("show", f"{commit}:__manifest__.py"))


def read_files(commit: str) -> dict[str, str]:
    """The texts as they were at a commit, by path."""
    with _open(commit) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        return {name: archive.read(name).decode(errors="replace") for name in names}


def list_now() -> list[str]:
    """The paths of the files under version control now, changed and new ones included."""
    listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return [name for name in listed if name and (REPOSITORY / name).is_file()]


def _commit_of(name: str) -> str:
    try:
        return _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").strip()
    except NoReleaseError:
        return ""


def _contains(head: str, commit: str) -> bool:
    try:
        _git("merge-base", "--is-ancestor", commit, head)
    except NoReleaseError:
        return False
    return True


def _open(commit: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(_run("archive", "--format=zip", commit)))


def _git(*arguments: str) -> str:
    return _run(*arguments).decode()


def _run(*arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoReleaseError("git can't tell the releases: is this folder a clone?") from error
    return done.stdout
