# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A customer's browser in the portal: starts payments, and confirms them at the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from simulation.client import ApiAnswer, GatewayClient

PUBLISHABLE_KEY = "pk_test_simulation"
GOOD_CARD, BAD_CARD = "4242424242424242", "4000000000000002"
_TIMEOUT = 60


class PortalError(Exception):
    """Odoo refused a request.

    :ivar name: the class of Odoo's exception
    :ivar debug: its traceback
    """

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["data"]["message"])
        self.name = error["data"]["name"].rpartition(".")[2]
        self.debug = error["data"]["debug"]


@dataclass(frozen=True)
class Bill:
    """An invoice as its payment link shows it, with the card that is saved for its customer."""

    invoice: int
    access_token: str
    amount: float
    token: int
    method: int
    partner: int


class Browser:
    """One session with Odoo's server.

    :param url: of the server
    :param provider: id of the `payment.provider` that the form offers
    """

    def __init__(self, url: str, provider: int) -> None:
        self._url = url
        self._provider = provider
        self._session = requests.Session()
        self._session.trust_env = False

    def log_in(self, database: str, login: str, password: str) -> None:
        """Log in.

        :raises PortalError: when Odoo refuses
        """
        self._call("/web/session/authenticate", db=database, login=login, password=password)

    def start(self, bill: Bill, **values: Any) -> dict[str, Any]:
        """Start a payment as the portal's form does; return what the form gets.

        :param values: `flow`, and `token_id` or `payment_method_id`
        :raises PortalError: when Odoo refuses
        """
        return self._call(
            f"/invoice/transaction/{bill.invoice}",
            access_token=bill.access_token,
            provider_id=self._provider,
            amount=float(bill.amount),
            tokenization_requested=False,
            landing_route="/my/invoices",
            **{"payment_method_id": None, "token_id": None, **values},
        )

    def come_back(self, url: str, intent: str) -> None:
        """Return from the provider to Odoo, which then asks for the outcome."""
        self._session.get(
            url, params={"payment_intent": intent}, allow_redirects=False, timeout=_TIMEOUT
        )

    def _call(self, path: str, **params: Any) -> dict[str, Any]:
        body = {"jsonrpc": "2.0", "method": "call", "params": params}
        answer = self._session.post(self._url + path, json=body, timeout=_TIMEOUT).json()
        if "error" in answer:
            raise PortalError(answer["error"])
        return answer["result"]


def confirm(gateway: GatewayClient, client_secret: str, number: str) -> ApiAnswer:
    """Confirm a payment intent from the browser, which has the publishable key only."""
    intent = client_secret.split("_secret_")[0]
    return GatewayClient(gateway.url, PUBLISHABLE_KEY).api(
        "POST",
        f"payment_intents/{intent}/confirm",
        {
            "client_secret": client_secret,
            "payment_method_data[type]": "card",
            "payment_method_data[card][number]": number,
            "payment_method_data[card][exp_month]": 12,
            "payment_method_data[card][exp_year]": 2040,
            "payment_method_data[card][cvc]": 123,
        },
    )
