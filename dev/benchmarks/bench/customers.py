# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Customers who pay in the portal while the workers charge, over real HTTP."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from simulation.client import GatewayClient

from .patient import Patient
from .portal import BAD_CARD, GOOD_CARD, Bill, Browser, PortalError, confirm
from .scene import PASSWORD, Scene

# What a customer reads who knows that they have not paid.
_REFUSALS = ("declined", "insufficient funds")
# What the customer sees as open, first what is being charged or about to be, to be in the way.
_OPEN_INVOICES = """
    SELECT move.id, move.access_token, move.amount_residual, token.id, token.payment_method_id,
           token.partner_id
      FROM account_move move
      JOIN payment_token token ON token.id = move.collect_token_id
      JOIN recovery_attempt attempt ON attempt.move_id = move.id
       AND attempt.state IN ('planned', 'running', 'unknown', 'paid')
     WHERE move.payment_state IN ('not_paid', 'partial') AND move.id != ALL (%s)
  ORDER BY attempt.state = 'planned', attempt.planned_at LIMIT 8
"""


class Customers:
    """Threads that pay invoices in the portal until they are stopped.

    They sleep inside `asleep()`. They stop at `budget` payments, which the supervisor raises: on a
    slow machine they would pay everything before the workers can.

    :param url: of Odoo's server
    :param dsn: of the database, to look which invoices are open
    :param pause: seconds between two payments of a thread, on average
    """

    def __init__(
        self,
        url: str,
        dsn: dict[str, Any],
        gateway: GatewayClient,
        scene: Scene,
        *,
        count: int = 2,
        pause: float = 2.0,
        seed: int = 0,
    ) -> None:
        self.outcomes: Counter[str] = Counter()
        self.errors: list[str] = []
        self.abandoned: list[str] = []
        self.budget = 0
        self._url, self._dsn, self._gateway, self._scene = url, dsn, gateway, scene
        self._pause = pause
        self._stopped = threading.Event()
        self._asleep = threading.Event()
        self._awake = 0
        # Nobody pays beside their own payment, nor again after one that may have succeeded.
        self._busy: set[int] = set()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._live, args=(random.Random(seed + number),), daemon=True)
            for number in range(count)
        ]

    def __enter__(self) -> Customers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let each finish their payment and pay no more."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Let each finish their payment, and begin no other until this ends."""
        self._asleep.set()
        try:
            while self._awake:
                time.sleep(0.02)
            yield
        finally:
            self._asleep.clear()

    def _live(self, chance: random.Random) -> None:
        connection = Patient(**self._dsn)
        browsers: dict[int | None, Browser] = {}
        while not self._stopped.wait(chance.expovariate(1 / self._pause)):
            with self._lock:
                self._awake += 1
            try:
                # Asked after being counted: who puts them to sleep waits for those who are.
                if not self._asleep.is_set():
                    self._act(connection, browsers, chance)
            finally:
                with self._lock:
                    self._awake -= 1
        connection.close()

    def _act(
        self, connection: Any, browsers: dict[int | None, Browser], chance: random.Random
    ) -> None:
        is_enough = sum(self.outcomes.values()) >= self.budget
        bill = None if is_enough else self._choose(connection, chance)
        if bill is None:
            return
        try:
            may_have_paid = self._pay(bill, browsers, chance)
        except PortalError as error:
            may_have_paid = self._note_refusal(error)
        except (requests.RequestException, OSError) as error:
            may_have_paid = True
            self.errors.append(repr(error))
        if not may_have_paid:
            with self._lock:
                self._busy.discard(bill.invoice)

    def _choose(self, connection: Any, chance: random.Random) -> Bill | None:
        with self._lock, connection.cursor() as cr:
            cr.execute(_OPEN_INVOICES, [list(self._busy) or [0]])
            rows = cr.fetchall()
            if not rows:
                return None
            bill = Bill(*chance.choice(rows))
            self._busy.add(bill.invoice)
            return bill

    def _note_refusal(self, error: PortalError) -> bool:
        if error.name == "ValidationError":
            self.outcomes["refused"] += 1
            return False
        self.outcomes[f"error {error.name}"] += 1
        self.errors.append(error.debug)
        return True

    def _pay(self, bill: Bill, browsers: dict[int | None, Browser], chance: random.Random) -> bool:
        """Pay; return whether the customer believes that they may have paid."""
        # The page was loaded some time ago: the charge may have begun, or ended, since.
        time.sleep(chance.choice((0, 0, chance.uniform(0, 0.5))))
        member = bill.partner if bill.partner in self._scene.members else None
        if member not in browsers:
            browsers[member] = self._open_browser(member)
        if chance.random() < 0.5:
            return self._pay_with_token(browsers[member], bill)
        return self._pay_directly(browsers[member], bill, chance)

    def _open_browser(self, member: int | None) -> Browser:
        browser = Browser(self._url, self._scene.provider)
        if member:
            login = f"member{self._scene.members.index(member)}@example.com"
            browser.log_in(self._dsn["dbname"], login, PASSWORD)
        return browser

    def _pay_with_token(self, browser: Browser, bill: Bill) -> bool:
        values = browser.start(bill, flow="token", token_id=bill.token)
        message = values["state_message"] or ""
        if values["state"] == "error" and any(word in message for word in _REFUSALS):
            self.outcomes["saved card, declined"] += 1
            return False
        self.outcomes[f"saved card, {values['state']}"] += 1
        return True

    def _pay_directly(self, browser: Browser, bill: Bill, chance: random.Random) -> bool:
        values = browser.start(bill, flow="direct", payment_method_id=bill.method)
        secret = values.get("client_secret")
        if not secret:
            self.outcomes["new card, form failed"] += 1
            return False
        time.sleep(chance.uniform(0.1, 1.0))
        if chance.random() < 0.15:
            self.outcomes["new card, form left"] += 1
            self.abandoned.append(values["reference"])
            return False
        number = BAD_CARD if chance.random() < 0.15 else GOOD_CARD
        answer = confirm(self._gateway, secret, number)
        word = "paid" if answer.status == 200 else "declined"
        self.outcomes[f"new card, {word}"] += 1
        # Some close the window; then only the webhook tells.
        if chance.random() < 0.5:
            browser.come_back(values["return_url"], secret.split("_secret_")[0])
        return word == "paid"
