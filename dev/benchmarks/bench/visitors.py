# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Customers on their recovery page, over real HTTP: they open it, look at it, and do something."""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import unescape

import requests

from simulation.client import GatewayClient

from .portal import GOOD_CARD, confirm
from .scene import PASSWORD

ACTS = ("pay", "promise", "question", "look")
_TIMEOUT = 120
_CSRF = re.compile(r'name="csrf_token" value="(\w+)"')
_FORM = re.compile(r'<form[^>]+id="o_payment_form"[^>]*>')
_ATTRIBUTE = re.compile(r'data-([\w-]+)="([^"]*)"')
_DAY = re.compile(r'min="(\d{4}-\d\d-\d\d)"')


@dataclass(frozen=True)
class Guest:
    """A customer who has a link to their page and a login.

    :ivar path: of the link
    :ivar act: of :data:`ACTS`: what they do at the end
    """

    number: int
    path: str
    login: str
    cases: tuple[int, ...]
    act: str


@dataclass
class Answers:
    """Seconds until pages had come, what went wrong, and what was done."""

    page: list[float] = field(default_factory=list)
    stock: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    done: dict[int, str] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)


class Visitor:
    """One customer with two browsers: one without a login, for the link, and one for the portal.

    Each comes from an address of their own, as a proxy tells it.
    """

    def __init__(self, url: str, guest: Guest, scene, gateway: GatewayClient) -> None:
        self._url, self._guest, self._scene, self._gateway = url, guest, scene, gateway
        self._anonymous, self._member = self._open(), self._open()

    def _open(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        number = self._guest.number
        session.headers["X-Forwarded-For"] = f"198.51.{number // 250}.{number % 250 + 1}"
        session.headers["X-Forwarded-Host"] = self._url.removeprefix("http://")
        return session

    def log_in(self, database: str) -> None:
        """Log in to the portal."""
        params = {"db": database, "login": self._guest.login, "password": PASSWORD}
        self._call(self._member, "/web/session/authenticate", **params)

    def open_page(self) -> tuple[float, str]:
        """Open the link; return the seconds until the page had come, and the page."""
        seconds, answer = self._get(self._anonymous, self._guest.path)
        self._path = answer.url.removeprefix(self._url).partition("?")[0]
        self._call(self._anonymous, f"{self._path}/opened")
        return seconds, answer.text

    def open_stock(self) -> float:
        """Open Odoo's own list of invoices; return the seconds until it had come."""
        return self._get(self._member, "/my/invoices")[0]

    def act(self, page: str) -> None:
        """Do at the end what this customer does."""
        getattr(self, f"_{self._guest.act}")(page)

    def _look(self, page: str) -> None:
        pass

    def _promise(self, page: str) -> None:
        self._post("promise", page, day=_DAY.search(page)[1])

    def _question(self, page: str) -> None:
        self._post("question", page, question=f"Question {self._guest.number}.")

    def _pay(self, page: str) -> None:
        form = dict(_ATTRIBUTE.findall(_FORM.search(page)[0]))
        values = self._call(
            self._anonymous,
            unescape(form["transaction-route"]),
            provider_id=self._scene.provider,
            payment_method_id=self._scene.method,
            token_id=None,
            amount=float(form["amount"]),
            flow="direct",
            tokenization_requested=False,
            landing_route="/my",
            is_validation=False,
            access_token="",
            csrf_token="x",
        )
        secret = values["client_secret"]
        answer = confirm(self._gateway, secret, GOOD_CARD)
        if answer.status != 200:
            raise RuntimeError(f"The gateway refused the card: {answer.body}")
        query = {"payment_intent": secret.split("_secret_")[0]}
        answer = self._anonymous.get(
            values["return_url"], params=query, allow_redirects=False, timeout=_TIMEOUT
        )
        _check(answer)

    def _post(self, part: str, page: str, **values: str) -> None:
        values["csrf_token"] = _CSRF.search(page)[1]
        url = f"{self._url}{self._path}/{part}"
        _check(self._anonymous.post(url, data=values, timeout=_TIMEOUT))

    def _get(self, session: requests.Session, path: str) -> tuple[float, requests.Response]:
        begun = time.perf_counter()
        answer = session.get(f"{self._url}{path}", timeout=_TIMEOUT)
        seconds = time.perf_counter() - begun
        _check(answer)
        return seconds, answer

    def _call(self, session: requests.Session, path: str, **params):
        body = {"jsonrpc": "2.0", "method": "call", "params": params}
        answer = session.post(f"{self._url}{path}", json=body, timeout=_TIMEOUT)
        _check(answer)
        content = answer.json()
        if "error" in content:
            raise RuntimeError(content["error"]["data"]["message"])
        return content["result"]


def _check(answer: requests.Response) -> None:
    if answer.status_code >= 400:
        raise RuntimeError(f"{answer.status_code} from {answer.request.path_url[:40]}")


def visit(
    visitors: Sequence[tuple[Guest, Visitor]], rounds: int, pause: float, seed: int = 1
) -> Answers:
    """Let all customers come at once, each in a thread, and return what they got.

    Each opens their page and Odoo's list in turn, and reads each for a while; in the last round
    they do what they came for.

    :param pause: seconds that a page is read, on average
    """
    answers, lock = Answers(), threading.Lock()

    def live(guest: Guest, visitor: Visitor) -> None:
        chance = random.Random(seed * 1000 + guest.number)
        try:
            for number in range(rounds):
                time.sleep(chance.expovariate(1 / pause))
                seconds, page = visitor.open_page()
                with lock:
                    answers.page.append(seconds)
                if number + 1 == rounds:
                    visitor.act(page)
                    with lock:
                        answers.done[guest.number] = guest.act
                time.sleep(chance.expovariate(1 / pause))
                stock = visitor.open_stock()
                with lock:
                    answers.stock.append(stock)
        except Exception as error:
            with lock:
                answers.errors.append(f"{guest.act} of {guest.number}: {error!r}")

    threads = [threading.Thread(target=live, args=pair, daemon=True) for pair in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
