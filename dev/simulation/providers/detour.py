# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Leads the calls of Odoo's unmodified addons, which have fixed hosts, to a gateway.

Only here, in a process of tests or benchmarks, and only to this machine: nothing that a database
could carry along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import requests

from ..gateway.webhooks import is_loopback
from .house import AT, House


@contextmanager
def detour(
    house: House, around: Callable[[Callable[[], Any]], Any] = lambda send: send()
) -> Iterator[None]:
    """Send what `requests` would send to a provider to the house's gateway, over HTTP.

    :param around: is given each such call to make it, and returns its answer
    :raises ValueError: when the gateway is not on this machine
    """
    url = house.gateway.url
    if not is_loopback(url):
        raise ValueError("Simulated payments go to this machine only.")
    send = requests.Session.send

    def send_there(session: requests.Session, request: Any, **options: Any) -> Any:
        parts = urlsplit(request.url)
        for code, provider in house.providers.items():
            if re.fullmatch(provider.host, parts.hostname or ""):
                start = "" if code == "stripe" else f"{AT}{code}"
                query = f"?{parts.query}" if parts.query else ""
                request.url = f"{url}{start}{parts.path}{query}"
                options["proxies"] = {}
                return around(lambda: send(session, request, **options))
        return send(session, request, **options)

    with patch.object(requests.Session, "send", send_there):
        yield
