# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the tests of the Odoo-free packages share."""

import os
from datetime import datetime, timezone

# Small matrices in many tests at once: threads of the linear algebra only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import settings

from simulation.client import GatewayClient
from simulation.gateway import Gateway

# A busy machine takes its time; how long examples take says nothing.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

START = datetime(2026, 1, 5, 9, tzinfo=timezone.utc)


class Merchant(GatewayClient):
    """A gateway client with the calls that Odoo makes."""

    def pay(self, saved, amount=2500, *, key=None, description="INV/2026/0001", **params):
        """Charge a saved method off session, with the form that Odoo sends."""
        return self.api(
            "POST",
            "payment_intents",
            {
                "amount": amount,
                "currency": "usd",
                "description": description,
                "capture_method": "automatic",
                "payment_method_types[]": saved.type,
                "expand[]": "payment_method",
                "shipping[address][city]": "",
                "confirm": "True",
                "customer": saved.customer,
                "off_session": "True",
                "payment_method": saved.payment_method,
                **params,
            },
            idempotency_key=key,
        )


@pytest.fixture(scope="module")
def gateway():
    """A gateway of the test module."""
    with Gateway(now=START) as running:
        yield running


@pytest.fixture
def merchant(gateway):
    """A client of a gateway that knows nothing yet, at START by its manual clock."""
    client = Merchant(gateway.url, timeout=5)
    client.reset(START)
    return client
