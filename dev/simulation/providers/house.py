# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The providers on one gateway: one address, one clock, one ledger, one list of faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..gateway import Gateway
from ..gateway.errors import ApiError
from ..gateway.idempotency import IdempotencyKeys, Response
from ..gateway.service import Service
from ..gateway.webhooks import is_loopback
from .adyen import Adyen
from .authorize import AuthorizeNet
from .flutterwave import Flutterwave
from .mercado_pago import MercadoPago
from .provider import Provider
from .razorpay import Razorpay
from .stripe import Stripe
from .worldline import Worldline
from .xendit import Xendit

# The beginning of the path under which a provider answers.
AT = "/at/"


class House:
    """Lets providers join a gateway, each under a path of its own.

    :param gateway: whose server, clock, ledger, faults and webhooks they share
    :param odoo_url: where Odoo listens for what they tell, on a loopback host
    :raises ValueError: when it is elsewhere
    """

    def __init__(self, gateway: Gateway, odoo_url: str = "") -> None:
        if odoo_url and not is_loopback(odoo_url):
            raise ValueError("Events are sent to this machine only: the host must be loopback.")
        self.gateway = gateway
        self.providers = {provider.code: provider(gateway) for provider in _providers()}
        for code, provider in self.providers.items():
            provider.odoo_url = odoo_url
            gateway.services[f"{AT}{code}/"] = ProviderService(provider)

    def __getitem__(self, code: str) -> Provider:
        return self.providers[code]


class ProviderService(Service):
    """Answers requests under `/at/<code>/` as one provider does."""

    def __init__(self, provider: Provider) -> None:
        super().__init__(provider.state, provider.gateway.faults)
        self._provider = provider
        self.keys = IdempotencyKeys(
            provider.key_lifetime,
            lambda key: provider.refuse("error_409") or ApiError(409, {"message": key}),
            lambda key: ApiError(422, {"message": f"Other parameters were sent with {key}."}),
        )

    def clear(self) -> None:
        super().clear()
        self._provider.clear()

    def _find_key(self, method: str, headers: Mapping[str, str]) -> str | None:
        name = self._provider.key_header
        return headers.get(name) if name and method == "POST" else None

    def _read(self, query: str, body: str) -> Any:
        return self._provider.read(query, body)

    def _authenticate(self, path: str, params: Any, headers: Mapping[str, str]) -> None:
        self._provider.authenticate(self._shorten(path), params, headers)

    def _do(self, method: str, path: str, params: Any) -> Response:
        return self._provider.answer(method, self._shorten(path), params)

    def _keeps(self, response: Response) -> bool:
        # An error of the server is transient everywhere but at Stripe.
        return response.status in {200, 201, 402}

    def _refuse(self, kind: str, method: str, path: str, key: str | None) -> Response | None:
        error = self._provider.refuse(kind)
        return error and Response.of(error.status, error.body())

    def _shorten(self, path: str) -> str:
        return path.removeprefix(f"{AT}{self._provider.code}")


def _providers() -> tuple[type[Provider], ...]:
    return (
        Stripe,
        Adyen,
        AuthorizeNet,
        Flutterwave,
        MercadoPago,
        Razorpay,
        Worldline,
        Xendit,
    )


CODES = tuple(provider.code for provider in _providers())
