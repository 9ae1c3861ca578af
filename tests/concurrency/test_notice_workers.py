# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Several workers send notices on committed data: nobody is written to twice."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.bench.notices import Mailing
from environment import benchmark

WORKERS = 4
CUSTOMERS, INVOICES = 24, 60

pytestmark = pytest.mark.skipif(
    not os.environ.get("RECOVERY_TEST_DB"), reason="dev/test gives the environment"
)


def send(database):
    """Send what is due, few customers at a time, as one worker."""
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry

    for _turn in range(3):  # A customer whose turn was lost to another worker waits.
        with Registry(database).cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["recovery.notice"]._send_due(batch=3)


def test_workers_send_each_customer_one_message():
    with benchmark.scratch_database(label="notices") as database:
        with Mailing(database, CUSTOMERS, INVOICES):
            with benchmark.odoo_env(database) as env:
                env["recovery.case"]._plan_outdated_notices()
            with ThreadPoolExecutor(WORKERS) as pool:
                list(pool.map(send, [database] * WORKERS))
        with benchmark.odoo_env(database) as env:
            mails = env["mail.mail"].search([])
            assert len(mails) == CUSTOMERS
            assert len(mails.recipient_ids) == CUSTOMERS
            states = env["recovery.notice"].search([]).mapped("state")
            assert states == ["sent"] * INVOICES
