# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Processes that play beside the one that waits for them. Needs no Odoo, and has none.

Python computes on one processor at a time. Processes of Python's own that are forked would
take the threads' locks and the connections of a server with them, and those that are not would
load all of Odoo: these load the packages without Odoo alone. Whoever starts them has their time
of the processor to itself, which Odoo limits; it must end them in time.
"""

import contextlib
import os
import pickle
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from .player import Found, Player, Task

_ROOT = Path(__file__).parents[1]
# The addon's own package, as this process names it: what is sent goes by its names.
_PACKAGE = __name__.rpartition(".trial.")[0]
_CHUNK = 8
# Seconds without news after which whoever waits may do something else.
_PATIENCE = 0.5
_NICE = 5
# The packages above get no code: Odoo is not loaded.
_START = """
import importlib, sys, types
package, root, *sys.path[:] = sys.argv[1:]
above = package.split(".")
for number in range(1, len(above) + 1):
    module = types.ModuleType(".".join(above[:number]))
    module.__path__ = [root] if number == len(above) else []
    sys.modules[module.__name__] = module
importlib.import_module(package + ".trial.processes").serve()
"""


class Lost(Exception):
    """A process could not be started, or has ended by itself."""


class Processes:
    """Processes that do tasks for a player; a context manager, at whose end they are gone.

    :raise Lost: when they can't be started
    """

    def __init__(self, player: Player, size: int) -> None:
        self._children: list[subprocess.Popen] = []
        if os.name != "posix" or not sys.executable:
            raise Lost("There is no Python to start, or no way to wait for several of them.")
        try:
            for _number in range(size):
                self._children.append(_start())
            for child in self._children:
                _send(child, player)
        except OSError as error:
            self._end()
            raise Lost(str(error)) from error

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()

    def work(self, tasks: Sequence[Task]) -> Iterator[list[Found]]:
        """Do all tasks; yield what came of them in their order, and nothing when it takes long.

        :raise Lost: when a process has ended; what was not yielded yet is to be done anew
        """
        chunks = [tasks[start : start + _CHUNK] for start in range(0, len(tasks), _CHUNK)]
        given, told, found, busy = 0, 0, {}, {}
        idle = list(self._children)
        try:
            while told < len(chunks):
                while idle and given < len(chunks):
                    child = idle.pop()
                    _send(child, chunks[given])
                    busy[child.stdout] = given, child
                    given += 1
                ready, _, _ = select.select(list(busy), [], [], _PATIENCE)
                for pipe in ready:
                    number, child = busy.pop(pipe)
                    found[number] = pickle.load(pipe)  # noqa: S301 - we started who wrote it
                    idle.append(child)
                news = []
                while told in found:
                    news += found.pop(told)
                    told += 1
                yield news
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise Lost(f"A process has ended: {error!r}") from error

    def _end(self):
        for child in self._children:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                with contextlib.suppress(OSError):  # What was not sent is not wanted any more.
                    pipe.close()
        self._children.clear()


def _start():
    # As one argument each: neither a shell nor the environment has a part in it.
    return subprocess.Popen(
        [sys.executable, "-c", _START, _PACKAGE, str(_ROOT), *filter(None, sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )


def _send(child, content):
    pickle.dump(content, child.stdin, pickle.HIGHEST_PROTOCOL)
    child.stdin.flush()


def serve() -> None:
    """Do what comes on the standard input until nothing more does, in a process of its own."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # Nothing but results may come there.
    _settle_down()
    player = pickle.load(source)  # noqa: S301 - from who started us
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            tasks = pickle.load(source)  # noqa: S301
            pickle.dump([player.work(task) for task in tasks], sink, pickle.HIGHEST_PROTOCOL)
            sink.flush()
    os._exit(0)  # Nobody reads what may be left.


def _settle_down():
    """Let others go first, and don't end where the time of the process that started us would."""
    import resource

    os.nice(_NICE)
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
