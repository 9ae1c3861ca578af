# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Several workers, and killed ones, run planned actions on committed data: each once."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.bench.notices import Mailing
from benchmarks.bench.processes import Workers
from environment import benchmark

WORKERS = 4
CASES = 20

pytestmark = pytest.mark.skipif(
    not os.environ.get("RECOVERY_TEST_DB"), reason="dev/test gives the environment"
)


def create_rule(env, *codes):
    """Create a rule that runs these actions when a case is paused; tell all workers."""
    field = env["ir.model.fields"]._get("recovery.case", "state")
    rule = env["base.automation"].create(
        {
            "name": "Rule",
            "model_id": field.model_id.id,
            "trigger": "on_state_set",
            "trg_selection_field_id": field.selection_ids.filtered(
                lambda selection: selection.value == "paused"
            ).id,
        }
    )
    rule.action_server_ids = [
        (
            0,
            0,
            {
                "name": f"Action {number}",
                "sequence": number,
                "model_id": rule.model_id.id,
                "usage": "base_automation",
                "state": "code",
                "code": code,
            },
        )
        for number, code in enumerate(codes)
    ]
    env.cr.commit()
    env.registry.signal_changes()
    return rule


def pause_all(env):
    cases = env["recovery.case"].search([("state", "=", "in_recovery")], limit=CASES)
    cases._set_state("paused", "Waiting.")
    return cases.ids


def run_due(database):
    """Plan and run what is due, as one worker."""
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry

    for _turn in range(3):  # What was lost to another worker has its turn the next time.
        with Registry(database).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["recovery.planned.action"].search([("not_before", "!=", False)]).not_before = False
            cr.commit()
            env["recovery.planned.action"]._run_due()


def wait_for_tasks(database, state, seconds=20):
    """Wait until there are planned actions, all in a state."""
    until = time.monotonic() + seconds
    while True:
        with benchmark.odoo_env(database) as env:
            states = set(env["recovery.planned.action"].search([]).mapped("state"))
        if states == {state}:
            return
        assert time.monotonic() < until, states
        time.sleep(0.1)


def read_notes(env, case_ids):
    messages = env["mail.message"].search(
        [("model", "=", "recovery.case"), ("res_id", "in", case_ids), ("body", "like", "note")]
    )
    return sorted((message.res_id, str(message.body)) for message in messages)


def test_workers_run_each_action_once_and_in_its_order():
    with benchmark.scratch_database(label="rules") as database:
        with Mailing(database, CASES, CASES):
            with benchmark.odoo_env(database) as env:
                create_rule(
                    env,
                    "record.message_post(body='note one')",
                    "record.message_post(body='note two of ' + record.message_ids[0].body)",
                )
                case_ids = pause_all(env)
            from odoo.tools import mute_logger

            # A row that another worker has just finished is an error to Odoo's log.
            with mute_logger("odoo.sql_db"), ThreadPoolExecutor(WORKERS) as pool:
                list(pool.map(run_due, [database] * WORKERS))
        with benchmark.odoo_env(database) as env:
            planned_actions = env["recovery.planned.action"].search([])
            assert planned_actions.mapped("state") == ["done"] * 2 * CASES
            notes = read_notes(env, case_ids)
            assert len(notes) == 2 * CASES
            assert [
                sum("two of" in body for case_id, body in notes if case_id == each)
                for each in case_ids
            ] == [1] * CASES
            assert all("note one" in body for _case_id, body in notes), "One after the other."


def test_action_of_a_killed_worker_is_neither_lost_nor_done_twice():
    with benchmark.scratch_database(label="rules") as database:
        with Mailing(database, 1, 1):
            with benchmark.odoo_env(database) as env:
                create_rule(env, "record.message_post(body='note')\ntime.sleep(3)")
                case_ids = pause_all(env)
            with Workers("rules", database, "", ("follow",)) as workers:
                workers.start()
                wait_for_tasks(database, "planned")
                time.sleep(1)  # The action takes three seconds.
                workers.kill(workers.pids[0])
                with benchmark.odoo_env(database) as env:
                    assert env["recovery.planned.action"].search(
                        [("case_id", "in", case_ids)]
                    ).state == ("planned"), "It died in the middle of the action."
                    assert not read_notes(env, case_ids)
                workers.start()
                wait_for_tasks(database, "done")
                workers.end()
        with benchmark.odoo_env(database) as env:
            assert len(read_notes(env, case_ids)) == 1
