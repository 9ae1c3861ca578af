# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Run other programs: quietly into a log file, or in the foreground until they end."""

import ctypes
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .errors import SetupError

# Found before any fork: the child may not import.
_LIBC = ctypes.CDLL(None) if os.uname().sysname == "Linux" else None
_PR_SET_PDEATHSIG = 1
_NO_SPACE = re.compile(r"No space left on device", re.I)
_NO_NETWORK = re.compile(
    r"Could not resolve|Temporary failure|Network is unreachable|Could not connect|"
    r"Connection (?:refused|timed out|failed)|Unable to connect|NewConnectionError|ProxyError|"
    r"Failed to fetch|ConnectTimeout|Max retries exceeded|No matching distribution found",
    re.I,
)


def quiet(
    command: Sequence[str | Path],
    *,
    log: Path,
    doing: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run a command with its output in `log`; a failure becomes one sentence.

    :param doing: what the command does, as in "fetching Odoo".
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        code = subprocess.call(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
        )
    if code:
        raise SetupError(explain(doing, code, log))


def explain(doing: str, code: int, log: Path) -> str:
    """One sentence for a failed command, from what it printed."""
    text = log.read_text(errors="replace")
    if _NO_SPACE.search(text):
        return f"no space was left on the disk while {doing}; see {log}."
    if _NO_NETWORK.search(text):
        return f"the network could not be reached while {doing}; see {log}."
    return f"{doing} failed with code {code} (see {log}){_reason(text)}"


def _reason(text: str) -> str:
    """The line that most likely says why: the last one that names an error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"([\w.]*(Error|Exception)|E|ERROR): ", line)]
    found = named or lines
    return f": {found[-1]}" if found else ""


def foreground(
    command: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path | None = None
) -> int:
    """Run a command on this terminal and return its exit code.

    Ctrl-C reaches the child directly; the parent waits until it has ended. What Ctrl-C means is the
    child's business.
    """
    code, _interrupted = wait(spawn(command, env=env, cwd=cwd))
    return code


def until_interrupted(
    command: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path | None = None
) -> int:
    """Like `foreground`, but Ctrl-C ends this program too."""
    code, interrupted = wait(spawn(command, env=env, cwd=cwd))
    if interrupted:
        raise KeyboardInterrupt
    return code


def spawn(command: Sequence[str | Path], **options: Any) -> subprocess.Popen:
    """Start a child that is told to end when this process dies, even if it is killed."""
    return subprocess.Popen([str(part) for part in command], preexec_fn=_end_with_parent, **options)


def _end_with_parent() -> None:
    if _LIBC:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def wait(child: subprocess.Popen) -> tuple[int, bool]:
    """Wait for a child; return its exit code, and whether Ctrl-C was pressed meanwhile.

    When this process is told to end, the child is ended first.
    """
    interrupts = 0
    while True:
        try:
            code = child.wait()
            return 128 - code if code < 0 else code, bool(interrupts)
        except KeyboardInterrupt:
            interrupts += 1
            if interrupts > 2:
                child.kill()
        except SystemExit:
            stop(child)
            raise


def stop(child: subprocess.Popen, seconds: float = 10.0) -> None:
    """End a child, gently first."""
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def end_on_sigterm() -> None:
    """Let `kill` run the same clean-up as the end of the program does."""

    def raise_exit(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, raise_exit)


def is_alive(pid: int) -> bool:
    """Whether a process with this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
