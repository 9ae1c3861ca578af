# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The job runner of the OCA's `queue_job` charges what is due, on committed data, each once."""

import os
import random
import time
from contextlib import contextmanager
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

from benchmarks.bench import scene
from benchmarks.bench.processes import gateway_process, odoo_server
from environment import benchmark
from simulation.client import GatewayClient

COUNT = 6
# Of Odoo's jobs, the server shall run the one that charges, and no other.
OTHER_JOBS = """
    UPDATE ir_cron SET nextcall = '2099-01-01' WHERE id != %(job)s;
    DELETE FROM ir_cron_trigger WHERE cron_id != %(job)s;
"""


@contextmanager
def committed(database):
    """Give an environment whose work is committed."""
    # Odoo would look for tests to run while it loads the database.
    with patch.dict(config._runtime_options, {"test_enable": False}):
        registry = Registry(database)
    with registry.cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})


def create_due(client, database):
    """Return the ids of invoices whose charges are due."""
    with committed(database) as env:
        the_scene = scene.prepare(env)
        tokens = scene.create_payers(env, the_scene, client, [[]] * COUNT)
        ids = scene.create_invoices(env, the_scene, tokens, random.Random(1))
        for invoice in env["account.move"].browse(ids):
            invoice._plan_collection()
        job = env.ref("revenue_recovery.ir_cron_recovery_charge")
        env.cr.execute(OTHER_JOBS, {"job": job.id})
        return ids


def read(ids, database):
    """Return the states of the charges and of their jobs."""
    with committed(database) as env:
        attempts = env["account.move"].browse(ids).recovery_attempt_ids
        jobs = env["queue.job"].search([("channel", "=", "root.recovery.charge")])
        return attempts.mapped("state"), jobs.mapped("state"), jobs.mapped("name")


def test_runner_charges_each_due_attempt_once():
    # The transaction of the other tests of this process keeps rows of theirs locked.
    with (
        benchmark.scratch_database("oca", "runner") as database,
        gateway_process("jobs") as gateway,
        patch.dict(os.environ, RECOVERY_GATEWAY_URL=gateway),
    ):
        client = GatewayClient(gateway)
        ids = create_due(client, database)
        channels = "root:4,root.recovery.charge:3"
        with odoo_server("jobs", database, gateway, jobs=1, channels=channels):
            with committed(database) as env:
                env["recovery.attempt"]._make_due()
            until = time.monotonic() + 120
            while (found := read(ids, database))[0] != ["paid"] * COUNT or set(found[1]) != {
                "done"
            }:
                assert time.monotonic() < until, found
                time.sleep(0.5)
        states, jobs, names = found
        assert jobs == ["done"] * COUNT
        assert all(name.startswith("Charge INV/") for name in names)
        assert len(client.ledger()) == COUNT
