# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The processes a benchmark starts: a gateway, an Odoo server, and workers that may be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from environment import benchmark
from environment.processes import spawn, stop
from environment.settings import REPOSITORY, read_settings

from . import skew
from .worker import FAILED_JOB

_READY_SECONDS = 180.0
_PREFIX = "gateway ready: "


def child_env(gateway: str | None = None) -> dict[str, str]:
    """Return the environment of a child that imports this package and Odoo."""
    detour = {"RECOVERY_GATEWAY_URL": gateway} if gateway else {}
    return {**os.environ, **detour}


def log_file(name: str) -> Path:
    """Return the log file of a child, in the cache folder."""
    return read_settings().logs / f"{name}.log"


@contextmanager
def gateway_process(name: str) -> Iterator[str]:
    """Run a gateway on a free port of this machine and give its address."""
    with log_file(f"{name}-gateway").open("w") as log:
        child = spawn(
            [sys.executable, "-m", "simulation.gateway", "--port", "0"],
            env=child_env(),
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            line = child.stdout.readline()
            if not line.startswith(_PREFIX):
                raise RuntimeError(f"The gateway did not start; see {log.name}.")
            yield line.removeprefix(_PREFIX).strip()
        finally:
            stop(child)


@contextmanager
def odoo_server(
    name: str,
    database: str,
    gateway: str | None = None,
    jobs: int = 0,
    channels: str | None = None,
    ahead: float = 0.0,
) -> Iterator[str]:
    """Run Odoo's HTTP server on a database and give its address.

    :param jobs: how many threads run the jobs of the database; none by default
    :param channels: with the job runner of the OCA's `queue_job`, and these channels of it; the
        database is one with addons of the OCA then
    :param ahead: by how many seconds its clock is
    """
    options = [f"--max-cron-threads={jobs}"]
    runner = ["--load=base,web,queue_job"] if channels else []
    kind = {"channels": channels, "ahead": ahead}
    with _serving(name, database, gateway, *options, *runner, **kind) as (url, _pid):
        yield url


@contextmanager
def odoo_workers(
    name: str, database: str, gateway: str | None = None, workers: int = 4
) -> Iterator[tuple[str, int]]:
    """Run Odoo's server with several processes, behind a proxy, and give its address and its id.

    The customers' addresses are those that `X-Forwarded-For` tells, as with a proxy.
    """
    options = (
        f"--workers={workers}",
        "--max-cron-threads=0",
        "--proxy-mode",
        f"--gevent-port={_free_port()}",
        # None, as the configuration has it, would end each process at once.
        "--limit-time-real=600",
        "--limit-time-cpu=600",
    )
    with _serving(name, database, gateway, *options) as (url, pid):
        yield url, pid


@contextmanager
def _serving(
    name: str,
    database: str,
    gateway: str | None,
    *options: str,
    channels: str | None = None,
    ahead: float = 0.0,
) -> Iterator[tuple[str, int]]:
    settings = read_settings()
    config = settings.oca_config_file if channels else benchmark.config_file()
    channel_env = {"ODOO_QUEUE_JOB_CHANNELS": channels} if channels else {}
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    with log_file(f"{name}-server").open("w") as log:
        child = spawn(
            [
                sys.executable,
                Path(__file__).with_name("odoo_main.py"),
                "server",
                f"--config={config}",
                f"--database={database}",
                f"--db-filter=^{database}$",
                f"--http-port={port}",
                *options,
                "--log-level=warn",
            ],
            env={**child_env(gateway), **channel_env, **skew.skewed(ahead)},
            cwd=settings.checkout,
            stdout=log,
            stderr=log,
        )
        try:
            _wait_for(url, child, log.name)
            yield url, child.pid
        finally:
            stop(child)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url: str, child: subprocess.Popen, log: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until and child.poll() is None:
        try:
            opener.open(f"{url}/web/health", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"Odoo's server did not start; see {log}.")


class Workers:
    """Worker processes on one database, forked from a parent that has loaded Odoo.

    Forking is what Odoo's own multi-process server does: each worker opens connections of its own,
    and the next one starts in milliseconds when one is killed.

    :param name: of the log file
    :param jobs: names of :data:`benchmarks.bench.worker.JOBS`, done in turn without end
    :param is_warm: whether the parent works a few seconds first, so that a new worker has its full
        speed at once
    :param slice: seconds of a job. Odoo gives one ten; less lets the jobs of a worker meet those of
        the other more often
    :param ahead: by how many seconds their clock is
    """

    def __init__(
        self,
        name: str,
        database: str,
        gateway: str,
        jobs: tuple[str, ...],
        is_warm: bool = False,
        slice: float = 1.0,
        ahead: float = 0.0,
    ) -> None:
        self.log = log_file(f"{name}-workers")
        self.pids: list[int] = []
        self._file = self.log.open("w")
        warm = ("warm",) if is_warm else ()
        self._nursery = spawn(
            [sys.executable, "-m", "benchmarks.bench.worker", database, str(slice), *jobs, *warm],
            env={**child_env(gateway), **skew.skewed(ahead)},
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._file,
            text=True,
        )
        if self._nursery.stdout.readline().strip() != "ready":
            raise RuntimeError(f"The workers did not start; see {self.log}.")

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *exception: object) -> None:
        stop(self._nursery)
        self._file.close()

    def start(self, count: int = 1) -> None:
        """Start further workers."""
        for _number in range(count):
            self.pids.append(int(self._ask("start")))

    def kill(self, pid: int) -> None:
        """Kill a worker as a power failure would, and wait until it is gone."""
        os.kill(pid, signal.SIGKILL)
        self._forget(pid)

    def end(self) -> None:
        """Let every worker finish what it does, and wait for it."""
        for pid in self.pids:
            os.kill(pid, signal.SIGTERM)
        for pid in list(self.pids):
            self._forget(pid)

    def count_failed_jobs(self) -> int:
        """Return how many jobs raised, by the log."""
        return self.log.read_text().count(FAILED_JOB)

    def _forget(self, pid: int) -> None:
        self._ask(f"reap {pid}")
        self.pids.remove(pid)

    def _ask(self, command: str) -> str:
        self._nursery.stdin.write(f"{command}\n")
        self._nursery.stdin.flush()
        answer = self._nursery.stdout.readline().strip()
        if not answer:
            raise RuntimeError(f"The parent of the workers ended; see {self.log}.")
        return answer
