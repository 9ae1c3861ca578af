# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The parent of worker processes: `python -m benchmarks.bench.worker DATABASE SLICE JOB… [warm]`.

It loads Odoo once. For each line `start` on its standard input it forks a worker and answers its
process id; for `reap PID` it waits for the end of one and answers its exit code. With `warm` it
works a few seconds itself before: the workers then begin with what Odoo keeps once it has been
read, which else each would have to find out again after every kill.
"""

from __future__ import annotations

import ctypes
import logging
import os
import random
import signal
import sys
import threading
import time
import traceback

# The jobs as `ir.cron` runs them: external id, model, method.
JOBS = {
    "collect": ("revenue_recovery.ir_cron_recovery_collect", "account.move", "_cron_collect"),
    "charge": ("revenue_recovery.ir_cron_recovery_charge", "recovery.attempt", "_cron_charge"),
    "follow": (
        "revenue_recovery.ir_cron_recovery_follow",
        "recovery.invoice.queue",
        "_cron_follow",
    ),
    "book": (
        "payment.cron_post_process_payment_tx",
        "payment.transaction",
        "_cron_post_process",
    ),
}
# These run every hour and every ten minutes; the share of turns in which they do here.
_RARE = {"collect": 0.3, "book": 0.3}
# Of a job while the parent warms up.
_WARM_UP_SLICE = 1.0
_PAUSE_SECONDS = 0.05
_WARM_UP_SECONDS = 5.0
_PR_SET_PDEATHSIG = 1
# Begins the line that a job which raised leaves in the log.
FAILED_JOB = "job failed"


def main() -> None:
    """Fork workers on command until standard input ends."""
    database, slice_seconds, *jobs = sys.argv[1:]
    is_warm = "warm" in jobs
    jobs = [job for job in jobs if job != "warm"]
    from odoo.sql_db import close_all

    from environment.odoo_session import odoo_env

    from . import skew

    with odoo_env(database):
        pass  # The registry stays.
    skew.apply()
    # Each declined charge is an error to it, with the provider's whole answer.
    logging.getLogger("odoo.addons.payment").setLevel(logging.CRITICAL)
    if is_warm:
        _warm_up(database, jobs)
    close_all()
    assert threading.active_count() == 1, "A process with threads must not fork."
    print("ready", flush=True)
    for line in sys.stdin:
        command, _, argument = line.strip().partition(" ")
        if command == "start":
            print(_start(database, jobs, float(slice_seconds)), flush=True)
        else:
            print(_reap(int(argument)), flush=True)


def _warm_up(database: str, jobs: list[str]) -> None:
    threading.current_thread().dbname = database
    until = time.monotonic() + _WARM_UP_SECONDS
    while time.monotonic() < until:
        for job in jobs:
            _run(database, job, _WARM_UP_SLICE)


def _start(database: str, jobs: list[str], slice_seconds: float) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        _end_with_parent()
        _work(database, jobs, slice_seconds)
    finally:
        os._exit(0)
    raise AssertionError


def _reap(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _work(database: str, jobs: list[str], slice_seconds: float) -> None:
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    from odoo.modules.registry import Registry
    from odoo.sql_db import db_connect

    # Connections are named after their process, from which the supervisor tells what it does.
    Registry(database)._db = db_connect(database)
    chance = random.Random(os.getpid())
    threading.current_thread().dbname = database
    while not ended.is_set():
        for job in chance.sample(jobs, len(jobs)):
            if job not in _RARE or chance.random() < _RARE[job]:
                _try_to_run(database, job, slice_seconds)
        time.sleep(_PAUSE_SECONDS)


def _try_to_run(database: str, job: str, slice_seconds: float) -> None:
    """Run one job; where PostgreSQL is gone for a moment, begin anew, as Odoo's processes do."""
    import psycopg2

    try:
        _run(database, job, slice_seconds)
    except psycopg2.Error:
        print(f"{FAILED_JOB}: {job}\n{traceback.format_exc()}", file=sys.stderr, flush=True)
        time.sleep(_PAUSE_SECONDS)


def _run(database: str, job: str, slice_seconds: float) -> None:
    """Run one job the way `ir.cron` does, save its row's lock: two workers may run the same."""
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry

    xmlid, model, method = JOBS[job]
    with Registry(database).cursor() as cr:
        context = {"cron_end_time": time.monotonic() + slice_seconds}
        env = api.Environment(cr, SUPERUSER_ID, context)
        cron = env.ref(xmlid)
        cron, _progress = cron.with_context(cron_id=cron.id)._add_progress()
        cr.commit()
        try:
            getattr(cron.env[model], method)()
        except Exception:
            # As `ir.cron` does: the job ends, the next one begins.
            cr.rollback()
            print(f"{FAILED_JOB}: {job}\n{traceback.format_exc()}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
