# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A client of the gateway: its control API, and Stripe's API for tests without Odoo.

Amounts are integers in the currency's minor unit, instants aware `datetime` objects.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

Scripted = str | Mapping[str, Any]


class GatewayError(Exception):
    """The gateway refused a command of the control API; the message says why."""


@dataclass(frozen=True)
class SavedMethod:
    """A payment method attached to a customer, ready to be charged off session.

    :param details: what Stripe shows of it: brand, last4, exp_month, exp_year, fingerprint, …
    """

    payment_method: str
    customer: str
    type: str
    details: dict[str, Any]

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.details["last4"]


@dataclass(frozen=True)
class ApiAnswer:
    """An answer of Stripe's API, with header names in lower case."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def replayed(self) -> bool:
        """Return whether it is the stored answer of an earlier request."""
        return self.headers.get("idempotent-replayed") == "true"

    @property
    def error(self) -> dict[str, Any]:
        """The `error` of the body, empty on success."""
        return self.body.get("error", {})


class GatewayClient:
    """Commands for one gateway.

    Every method raises `GatewayError` when the gateway refuses the command, and `OSError` when it
    does not answer.

    :param url: such as `http://127.0.0.1:8123`
    :param secret_key: sent with calls of Stripe's API
    :param timeout: seconds to wait for an answer
    """

    def __init__(
        self, url: str, secret_key: str = "sk_test_simulation", timeout: float = 30.0
    ) -> None:
        self.url = url.rstrip("/")
        self.secret_key = secret_key
        self._timeout = timeout

    # Stripe's API

    def api(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | Iterable[tuple[str, Any]] = (),
        *,
        idempotency_key: str | None = None,
    ) -> ApiAnswer:
        """Call Stripe's API, such as `api("POST", "payment_intents", {"amount": 500, …})`.

        :param path: below `/v1/`
        :param params: form names as Stripe writes them: `card[number]`, `expand[]`
        :raises OSError: when the connection is lost
        :raises http.client.HTTPException: when the answer is cut short
        :raises ValueError: when the answer is not JSON
        """
        headers = {
            "Authorization": f"Bearer {self.secret_key}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        status, body, received = self._send(method, f"/v1/{path}", urlencode(params), headers)
        return ApiAnswer(status, json.loads(body), received)

    # Clock

    def health(self) -> dict[str, Any]:
        """Return what proves that the gateway lives.

        :return: `mode` of the clock, its instant `now`, and `waiting`: how many things are still
            to happen by it, such as debits, undecided charges and late webhooks
        """
        return self._get("health")

    def now(self) -> datetime:
        """Return the gateway's instant, in UTC."""
        return datetime.fromisoformat(self._get("clock")["now"])

    def set_clock(self, instant: datetime) -> int:
        """Stand the clock at `instant`; return how many bank debits were decided on the way."""
        return self._post("clock", now=instant.isoformat())["happened"]

    def advance(self, by: timedelta) -> int:
        """Move a manual clock forward; return how many bank debits were decided on the way."""
        return self._post("clock", advance_seconds=by.total_seconds())["happened"]

    def put_ahead(self, by: timedelta) -> int:
        """Let a clock that follows the machine's be further ahead of it; return what happened."""
        return self._post("clock", ahead_seconds=by.total_seconds())["happened"]

    def follow_machine(self) -> None:
        """Let the clock be the machine's."""
        self._post("clock", mode="real")

    def reset(self, now: datetime | None = None) -> None:
        """Forget everything, and stand the clock at `now`, be it earlier, when it is given."""
        self._post("reset", **({"now": now.isoformat()} if now else {}))

    # Cards

    def create_card(
        self, behaviour: Mapping[str, Any] | None = None, **details: Any
    ) -> SavedMethod:
        """Create a card, or a bank account, saved for a customer; with `behaviour` behind it.

        :param behaviour: as `CardBehaviour.from_dict` reads it: `script`, `afterwards`, `account`,
            `noise`, `dies_at`, `dies_of`, `authentication`, `refuses_saving`, `seed`; without it
            every charge succeeds
        :param details: `type` (`card`, `sepa_debit`, `bacs_debit`, `us_bank_account`), `brand`,
            `country`, `funding`, `exp_month`, `exp_year`, `last4`, `number`, `customer` (an id, or
            the fields of a new customer), all optional
        """
        answer = self._post("cards", behaviour=dict(behaviour or {}), **details)
        return SavedMethod(
            payment_method=answer["payment_method"],
            customer=answer["customer"],
            type=answer["type"],
            details=answer[answer["type"]],
        )

    def change_behaviour(self, payment_method: str, behaviour: Mapping[str, Any]) -> None:
        """Replace what a payment method does from now on."""
        self._post("cards/behaviour", payment_method=payment_method, behaviour=dict(behaviour))

    def script(self, payment_method: str, *answers: Scripted) -> None:
        """Replace a method's behaviour by these answers; after them every charge succeeds.

        :param answers: `succeed`, `requires_action`, a decline code, or a dictionary with
            `outcome` and `advice_code`, `network_decline_code`, `network_advice_code`
        """
        self.change_behaviour(payment_method, {"script": list(answers)})

    def update_card(self, payment_method: str, **details: Any) -> None:
        """Play the network's card updater: new data on the method, and its event.

        :param details: `exp_month`, `exp_year`, `last4` (which brings another `fingerprint`)
        """
        self._post("cards/update", payment_method=payment_method, **details)

    def authenticate(self, intent: str, succeed: bool = True) -> dict[str, Any]:
        """Play the customer who answers a 3-D Secure question; return the intent afterwards.

        :param intent: id of a payment or setup intent in `requires_action`
        """
        return self._post("authenticate", intent=intent, succeed=succeed)

    # Faults

    def set_faults(
        self,
        script: Sequence[Scripted | None] = (),
        rates: Mapping[str, float] | None = None,
        **options: Any,
    ) -> None:
        """Replace what goes wrong; see `simulation.gateway.faults` for the kinds.

        :param script: faults of the next calls in turn, None for a good one
        :param rates: probability by kind afterwards
        :param options: `seconds`, `method`, `path` (regular expression), `seed`, and `further`
            plans of the same parameters, for other calls
        """
        self._post("faults", script=list(script), rates=dict(rates or {}), **options)

    def faults(self) -> dict[str, Any]:
        """Return what of faults the gateway knows.

        :return: `scripted`, how many calls the script still covers; `happened`, by kind; `late`,
            the descriptions of charges taken up late; `running`, how many requests are under way
        """
        return self._get("faults")

    def open_front(self) -> str:
        """Let the gateway answer under a second address, which the fault `refused` shuts."""
        return self._post("front")["url"]

    def clear_faults(self) -> None:
        """Let everything go well from now on."""
        self._post("faults")

    # Webhooks

    def set_webhooks(self, **settings: Any) -> None:
        """Replace the settings; see `WebhookSettings` for names and units."""
        self._post("webhooks", **settings)

    def webhooks(self) -> dict[str, Any]:
        """Return settings, `held` and `waiting` counts, and the `deliveries` made."""
        return self._get("webhooks")

    def webhook_counts(self) -> dict[str, int]:
        """Return how many deliveries are `held`, `waiting` (on their way), and to come `late`."""
        return self._get("webhooks/counts")

    def flush_webhooks(self, order: str = "made", limit: int | None = None) -> list[dict[str, Any]]:
        """Deliver the held events now and return the deliveries, once all were answered."""
        return self._post("webhooks/flush", order=order, limit=limit)["deliveries"]

    def wait_for_webhooks(self, seconds: float = 10.0) -> list[dict[str, Any]]:
        """Wait until nothing is on its way and return all deliveries.

        :raises TimeoutError: when something still is after `seconds`
        """
        until = time.monotonic() + seconds
        while waiting := self.webhook_counts()["waiting"]:
            if time.monotonic() > until:
                raise TimeoutError(f"{waiting} webhooks are still on their way.")
            time.sleep(0.02)
        return self.webhooks()["deliveries"]

    # Money

    def ledger(self, **values: Any) -> list[dict[str, Any]]:
        """Return the movements of money whose fields have these values, oldest first."""
        path = f"ledger?{urlencode(values)}" if values else "ledger"
        return self._get(path)["entries"]

    def totals(self) -> dict[str, dict[str, Any]]:
        """Return charges, refunds, net and the net of each month (UTC), by currency."""
        return self._get("ledger/totals")

    def counters(self) -> dict[str, Any]:
        """Return the counters, and `charged_twice`: descriptions with more than one success."""
        return self._get("counters")

    # Requests

    def _get(self, path: str) -> Any:
        return self._command("GET", path, "")

    def _post(self, path: str, /, **values: Any) -> Any:
        return self._command("POST", path, json.dumps(values))

    def _command(self, method: str, path: str, body: str) -> Any:
        headers = {"Content-Type": "application/json"}
        status, answer, _headers = self._send(method, f"/_gateway/{path}", body, headers)
        values = json.loads(answer)
        if status != 200:
            raise GatewayError(values["error"])
        return values

    def _send(
        self, method: str, path: str, body: str, headers: Mapping[str, str]
    ) -> tuple[int, bytes, dict[str, str]]:
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=self._timeout
        )
        try:
            connection.request(method, path, body.encode(), dict(headers))
            response = connection.getresponse()
            received = {name.lower(): value for name, value in response.getheaders()}
            return response.status, response.read(), received
        finally:
            connection.close()
