# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A merchant's product that asks how its customers stand, and what an answer costs."""

from __future__ import annotations

import http.client
import itertools
import os
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_TICKS = os.sysconf("SC_CLK_TCK")
_PATH = "/recovery/v1/standing?customer=id:{}"


@dataclass
class Asked:
    """What came of many questions.

    :ivar clock: seconds that it took
    :ivar processor: seconds of all processes of Odoo and PostgreSQL together
    :ivar seconds: until each answer had come
    """

    count: int = 0
    clock: float = 0.0
    processor: float = 0.0
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def cost(self) -> float:
        """Seconds of the processor for each answer."""
        return self.processor / max(self.count, 1)


def find_rate(anew: Asked, known: Asked, customers: int, kept: float, cores: int) -> float:
    """Return how many answers a second so many cores give that do nothing else.

    Not what came through: the fewer questions a busy machine answers in the time for which answers
    are kept, the more of them are found anew.

    :param anew: of which nothing was remembered
    :param known: of which all was
    :param customers: whom the product asks for in turn
    :param kept: seconds
    """
    found = customers / kept  # A second.
    rate = (cores - found * (anew.cost - known.cost)) / max(known.cost, 1e-9)
    return rate if rate > found else cores / max(anew.cost, 1e-9)


class Product:
    """Asks how customers stand.

    :param database: which is meant, so that the server need not look which ones there are
    :param threads: so many questions at once
    """

    def __init__(self, url: str, secret: str, database: str, threads: int) -> None:
        self._address, self._threads = urlsplit(url), threads
        self._headers = {"Authorization": f"Bearer {secret}", "X-Odoo-Database": database}

    def ask_for(self, customers: Sequence[int], duration: float) -> Asked:
        """Ask for customers in turn, without a pause, for so many seconds."""
        until = time.monotonic() + duration
        turns = itertools.takewhile(
            lambda _customer: time.monotonic() < until, itertools.cycle(customers)
        )
        return self.ask(turns)

    def ask(self, customers: Iterable[int]) -> Asked:
        """Ask for each of these customers, as soon as a thread is free."""
        asked, lock, waiting = Asked(), threading.Lock(), iter(customers)

        def live() -> None:
            while True:
                with lock:
                    customer = next(waiting, None)
                if customer is None:
                    return
                begun = time.perf_counter()
                error = self._ask_one(customer)
                with lock:
                    asked.seconds.append(time.perf_counter() - begun)
                    asked.errors += [error] if error else []

        threads = [threading.Thread(target=live) for _number in range(self._threads)]
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        asked.clock = time.monotonic() - begun
        asked.count = len(asked.seconds) - len(asked.errors)
        return asked

    def _ask_one(self, customer: int) -> str:
        """Ask, and return what was wrong with the answer, or nothing."""
        address = self._address
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        try:
            connection.request("GET", _PATH.format(customer), headers=self._headers)
            answer = connection.getresponse()
            body = answer.read()
        except OSError as error:
            return repr(error)
        finally:
            connection.close()
        is_right = answer.status == 200 and b'"standing"' in body
        return "" if is_right else f"{answer.status}: {body[:200]!r}"


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
