#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How far one charge and one notice run through the code: calls, files, and switches of file.

The real jobs work on real records at a gateway; each is played once before it is counted.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from environment import benchmark

NAME = "steps"
SHIPPED = ("models/", "declines/", "timing/", "notices/", "tools/", "report/")


def main() -> int:
    from benchmarks.bench.cost import Stage
    from benchmarks.bench.output import table
    from benchmarks.bench.processes import gateway_process

    with gateway_process(NAME) as gateway, benchmark.scratch_database() as name:
        import os

        os.environ["RECOVERY_GATEWAY_URL"] = gateway
        stage = Stage(name, gateway)
        rows = [
            ["a declined charge", *_declined(stage)],
            ["a retry that pays", *_paid(stage)],
            ["one notice", *_notice(stage)],
        ]
    table(["from the job to its end", "calls", "files", "switches", "in models/"], rows)
    return 0


def _run(stage, *jobs):
    """Run jobs and return calls, files, switches of file, and those within models/."""
    trace = []

    def note(frame, event, _argument):
        if event == "call":
            path = frame.f_code.co_filename
            if "revenue_recovery/" in path:
                path = path.rsplit("revenue_recovery/", 1)[1]
                if path.startswith(SHIPPED):
                    trace.append(path)

    with stage.env() as env:
        sys.setprofile(note)
        try:
            for model, method in jobs:
                getattr(env[model], method)()
        finally:
            sys.setprofile(None)
        env.cr.commit()
    models = [path for path in trace if path.startswith("models/")]
    return [str(x) for x in (len(trace), len(set(trace)), _switches(trace), _switches(models))]


def _switches(trace):
    return sum(one != other for one, other in zip(trace, trace[1:], strict=False))


def _charge(stage, invoices):
    stage.make_due(invoices)
    with stage.env() as env:
        queue = "recovery.invoice.queue" if "recovery.invoice.queue" in env else "recovery.signal"
    return _run(stage, ("recovery.attempt", "_cron_charge"), (queue, "_cron_follow"))


def _declined(stage):
    for _turn in range(2):  # The first one fills the caches.
        invoices = stage.create("declined", 1)
        stage.plan(invoices)
        figures = _charge(stage, invoices)
        stage.park()
    return figures


def _paid(stage):
    for _turn in range(2):
        with stage.env() as env:
            from benchmarks.bench import scene

            script = [["insufficient_funds"]]
            tokens = scene.create_payers(env, stage._scene, stage.client, script)
            invoices = scene.create_invoices(env, stage._scene, tokens, stage._chance)
        stage.plan(invoices)
        _charge(stage, invoices)
        figures = _charge(stage, invoices)
    return figures


def _notice(stage):
    with stage.env() as env:
        template = env.ref("revenue_recovery.mail_template_payment_failed")
        policy = env["recovery.policy"].browse(stage._scene.policy)
        policy.step_ids = [
            (
                0,
                0,
                {
                    "name": "Failed",
                    "delay_hours": 0,
                    "mail_template_id": template.id,
                    "hour_from": 0,
                    "hour_to": 24,
                    "working_days": False,
                },
            )
        ]
        queue = "recovery.invoice.queue" if "recovery.invoice.queue" in env else "recovery.signal"
    for _turn in range(2):
        invoices = stage.create("declined", 1)
        with stage.env() as env:
            env["account.move"].browse(invoices).partner_id.email = "payer@example.com"
        stage.plan(invoices)
        stage.make_due(invoices)
        _run(stage, ("recovery.attempt", "_cron_charge"))
        figures = _run(stage, (queue, "_cron_follow"))
        with stage.env() as env:
            sent = env["recovery.notice"].search([("move_id", "in", invoices)])
            assert sent.mapped("state") == ["sent"], sent.mapped("sentence")
        stage.park()
    return figures


if __name__ == "__main__":
    benchmark.enter()
    sys.exit(main())
