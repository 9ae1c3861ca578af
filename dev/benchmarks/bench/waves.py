# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Webhooks in waves: late by seconds or by days, twice, held back and shuffled, or never."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from simulation.client import GatewayClient

_ALWAYS = {"mode": "immediate", "retries": 50, "retry_seconds": 1.0}
# Late ones by up to two and a half days of the gateway's clock: Stripe tries for three.
_TROUBLE = {"doubled": 0.3, "late": 0.06, "late_seconds": (3600.0, 2.5 * 86400.0), "lost": 0.02}
_DELAY = (0.0, 3.0)


class Waves:
    """Sets how a gateway's webhooks reach Odoo.

    :param url: of Odoo's webhook
    :param seed: makes chance reproducible
    """

    def __init__(self, client: GatewayClient, url: str, seed: int) -> None:
        self._client, self._url = client, url
        self._chance = random.Random(seed)
        # Held by who holds them back.
        self._quiet = threading.Lock()

    @contextmanager
    def rolling(self) -> Iterator[None]:
        """Hold all webhooks back for a while, again and again, and deliver them shuffled."""
        ended = threading.Event()

        def roll() -> None:
            while not ended.wait(self._chance.uniform(4, 8)):
                with self._quiet:
                    self._set(**_TROUBLE, mode="held")
                    ended.wait(self._chance.uniform(2, 6))
                    self._flow()

        self._set(**_TROUBLE, delay=_DELAY)
        thread = threading.Thread(target=roll, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Hold all webhooks back until this ends."""
        with self._quiet:
            self._set(**_TROUBLE, mode="held")
            yield
            self._flow()

    def _flow(self) -> None:
        self._set(**_TROUBLE, delay=_DELAY)
        self._client.flush_webhooks("shuffled")

    def calm(self) -> None:
        """Deliver what is held, and from now on everything at once."""
        self._set()
        self._client.flush_webhooks("shuffled")

    def _set(self, **settings: Any) -> None:
        # The seed is drawn: chance begins anew with the settings.
        seed = self._chance.getrandbits(32)
        self._client.set_webhooks(url=self._url, seed=seed, **{**_ALWAYS, **settings})
