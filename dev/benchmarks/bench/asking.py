# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A merchant's product that asks how its customers stand, and what an answer costs."""

from __future__ import annotations

import http.client
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_TICKS = os.sysconf("SC_CLK_TCK")
_PATH = "/recovery/v1/standing?customer=id:{}"


@dataclass
class Asked:
    """What came of many questions.

    :ivar seconds: until each answer had come
    :ivar processor: seconds of all processes of Odoo and PostgreSQL together
    """

    count: int = 0
    clock: float = 0.0
    processor: float = 0.0
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def per_second(self, cores: int) -> float:
        """Return how many answers a second so many cores give that do nothing else."""
        return cores * self.count / max(self.processor, 1e-9)


def ask(
    url: str,
    secret: str,
    customers: Sequence[int],
    duration: float,
    threads: int,
    database: str = "",
) -> Asked:
    """Ask for customers in turn, without a pause, and return what came of it.

    :param duration: seconds
    :param threads: so many questions at once
    :param database: which is meant, so that the server need not look which ones there are
    """
    asked, lock = Asked(), threading.Lock()
    address = urlsplit(url)
    headers = {"Authorization": f"Bearer {secret}"}
    if database:
        headers["X-Odoo-Database"] = database
    until = time.monotonic() + duration

    def live(number: int) -> None:
        turn, seconds, errors = number, [], []
        while time.monotonic() < until:
            customer = customers[turn % len(customers)]
            turn += threads
            begun = time.perf_counter()
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
            try:
                connection.request("GET", _PATH.format(customer), headers=headers)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200 or b'"standing"' not in body:
                    errors.append(f"{answer.status}: {body[:200]!r}")
            except OSError as error:
                errors.append(repr(error))
            finally:
                connection.close()
            seconds.append(time.perf_counter() - begun)
        with lock:
            asked.seconds += seconds
            asked.errors += errors

    workers = [threading.Thread(target=live, args=(number,)) for number in range(threads)]
    begun = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    asked.clock = time.monotonic() - begun
    asked.count = len(asked.seconds) - len(asked.errors)
    return asked


def processor_seconds(pids: Sequence[int]) -> float:
    """Return the seconds of processor time that these processes have used so far."""
    total = 0
    for pid in pids:
        try:
            parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It has ended.
        total += int(parts[11]) + int(parts[12])
    return total / _TICKS


def family_of(pid: int) -> list[int]:
    """Return a process and all that it has started."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(parts[1]), []).append(int(path.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found
