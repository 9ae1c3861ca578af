# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""`dev/demo [--no-serve] [--port N] [--fresh]`: three months of recovery, then the server."""

import argparse
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .. import cache, database
from ..demo_driver import CANNOT_RESUME
from ..errors import SetupError
from ..processes import spawn, stop, until_interrupted
from ..progress import say
from ..settings import REPOSITORY
from ..workbench import Workbench, opened

DATABASE = "recovery_demo"
_GATEWAY_READY = re.compile(r"gateway ready: (http://\S+)")
_GATEWAY_SECONDS = 30


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    if not options.no_serve:
        _require_free(options.port)
    with opened() as bench, _only_demo(bench), _gateway(bench) as gateway_url:
        code = _demo(bench, gateway_url, _base_url(options.port), options.fresh)
        if code or options.no_serve:
            return code
        with suppress(KeyboardInterrupt):  # The way it ends.
            return _serve(bench, gateway_url, options.port)
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="dev/demo",
        description="Failed payments recovered by the real engine, first as a table, then in Odoo.",
    )
    parser.add_argument("--no-serve", action="store_true", help="end after the table")
    parser.add_argument("--port", type=int, default=8069, help="port of the server (8069)")
    parser.add_argument(
        "--fresh", action="store_true", help="run the three months again although nothing changed"
    )
    return parser.parse_args(arguments)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise SetupError(
                f"port {port} cannot be used ({getattr(error, 'strerror', error)}); "
                "choose another one with --port."
            ) from error


@contextmanager
def _only_demo(bench: Workbench) -> Iterator[None]:
    """There is one demo database; a second demo would pull it away under the first."""
    with cache.try_lock(bench.settings, "demo") as got:
        if not got:
            raise SetupError("another dev/demo is running with this cache folder; end it first.")
        yield


@contextmanager
def _gateway(bench: Workbench) -> Iterator[str]:
    """The simulated payment gateway, as long as the demo or its server runs."""
    log = (bench.settings.logs / "gateway.log").open("w")
    child = spawn(
        [bench.python.python, "-m", "simulation.gateway", "--port", "0", "--clock", "manual"],
        env=bench.env,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        # Ctrl-C ends the server first; the gateway has to answer until then.
        start_new_session=True,
    )
    try:
        yield _gateway_url(child, log.name)
    finally:
        stop(child)
        log.close()


def _gateway_url(child: subprocess.Popen, log: str) -> str:
    found: list[str] = []
    ready = threading.Event()

    def read() -> None:
        for line in child.stdout:
            match = _GATEWAY_READY.search(line)
            if match:
                found.append(match[1])
                ready.set()
        ready.set()  # It ended.

    threading.Thread(target=read, daemon=True).start()
    ready.wait(_GATEWAY_SECONDS)
    if not found:
        raise SetupError(f"the simulated gateway did not start; see {log}.")
    return found[0]


def _demo(bench: Workbench, gateway_url: str, base_url: str, fresh: bool) -> int:
    """Resume the demo of an earlier start if it is of today's code, else run it."""
    template = database.addon_template(bench)
    key = f"{template} {database.fingerprint(REPOSITORY / 'dev' / 'simulation')}"
    if not fresh and database.remark(bench, DATABASE) == key:
        say("demo: the one of an earlier start is current (--fresh runs it again)")
        code = _drive(bench, "resume", gateway_url, base_url)
        if code != CANNOT_RESUME:
            return code
    say("demo: three months of failing payments, in virtual time")
    database.copy(bench, template, DATABASE)
    code = _drive(bench, "run", gateway_url, base_url)
    if not code:
        database.set_remark(bench, DATABASE, key)
    return code


def _drive(bench: Workbench, what: str, gateway_url: str, base_url: str) -> int:
    return until_interrupted(
        [
            *(bench.python.python, "-m", "environment.demo_driver"),
            *(what, DATABASE, gateway_url, base_url),
        ],
        env=_variables(bench, gateway_url),
        cwd=bench.settings.checkout,
    )


def _serve(bench: Workbench, gateway_url: str, port: int) -> int:
    threading.Thread(target=_announce, args=(port,), daemon=True).start()
    return until_interrupted(
        [
            *bench.odoo_command,
            "server",
            f"--config={bench.settings.config_file}",
            f"--database={DATABASE}",
            f"--db-filter=^{DATABASE}$",
            f"--http-port={port}",
            "--no-database-list",
            "--log-level=warn",
        ],
        env=_variables(bench, gateway_url),
        cwd=bench.settings.checkout,
    )


def _variables(bench: Workbench, gateway_url: str) -> dict[str, str]:
    # Charges go to the gateway, and e-mails nowhere.
    return {**bench.env, "RECOVERY_GATEWAY_URL": gateway_url, "RECOVERY_KEEP_MAIL": "1"}


def _base_url(port: int) -> str:
    return f"http://localhost:{port}"


def _announce(port: int) -> None:
    """Say where to look once the server answers."""
    url = f"http://127.0.0.1:{port}/web/health"
    for _ in range(300):
        try:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5)
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
        else:
            print(
                f"\nOdoo runs at {_base_url(port)} (login admin, password admin). "
                "Ctrl-C ends it.\n",
                file=sys.stderr,
                flush=True,
            )
            return
