# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the addon reserves of the address space, as on a host of many cores.

Odoo ends workers by the address space they reserve, whether it is used or not. OpenBLAS, which
comes with NumPy, reserves a buffer and a stack for each core that it sees. This machine may have
one core, so the processes of these tests reserve in its place what it would on 64.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from environment import benchmark

CORES, MIB = 64, 1024 * 1024
LOADED, DECIDED = 60, 160  # MiB more than without the addon
THREAD_SETTINGS = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")

pytestmark = pytest.mark.skipif(
    not os.environ.get("RECOVERY_TEST_DB"), reason="dev/test gives the environment"
)

PROCESS = """
import json, mmap, os, re, sys
from datetime import datetime, timedelta, timezone

database, what, cores, settings = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
# Measured with OpenBLAS 0.3: 32 MiB of buffer and 8 MiB of stack for each thread but the first.
THREAD = 40 * 1024 * 1024

class ManyCores:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            threads = next((int(os.environ[s]) for s in settings if os.environ.get(s)), cores)
            if threads > 1:
                flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
                self.reserved = mmap.mmap(-1, (threads - 1) * THREAD, flags=flags)

sys.meta_path.insert(0, ManyCores())

def measure():
    status = open("/proc/self/status").read()
    peak, threads = (
        int(re.search(rf"{name}:\\s+(\\d+)", status)[1]) for name in ("VmPeak", "Threads")
    )
    return {"mib": peak / 1024, "threads": threads, "numpy": "numpy" in sys.modules}

def decide_once(smart, model=None):
    at = datetime(2026, 1, 5, 9, tzinfo=timezone.utc)
    case = smart.Case((smart.Failure(at, "insufficient_funds"),), amount=50.0)
    smart.decide(case, at + timedelta(hours=1), model)

steps = []
if database:
    from environment.odoo_session import odoo_env

    with odoo_env(database) as env:
        steps.append(measure())
        if what == "decide":
            from odoo.addons.revenue_recovery.timing.plan import smart

            decide_once(smart, env["recovery.timing"]._get_model(env.company))
            steps.append(measure())
else:
    from revenue_recovery.timing.plan import smart

    steps.append(measure())
    if what == "early":
        import numpy
    else:
        decide_once(smart)
    steps.append(measure())
steps[-1]["set"] = [s for s in settings if s in os.environ]
print(json.dumps(steps))
"""


def run(database, what, **variables):
    """Return what a new process reserves: when the addon is loaded, and afterwards.

    :param database: to load with Odoo, or none for the packages that need no Odoo
    """
    known = {name: value for name, value in os.environ.items() if name not in THREAD_SETTINGS}
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, database, what, str(CORES), *THREAD_SETTINGS],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**known, **variables},
        # Not the repository, whose folders would shadow other packages.
        cwd=Path(__file__).parent,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def without():
    """What Odoo reserves without the addon."""
    with benchmark.scratch_database("base", "memory") as name:
        yield run(name, "load")[0]


@pytest.fixture(scope="module")
def deciding():
    """What Odoo reserves with the addon, before and after a decision."""
    with benchmark.scratch_database(label="deciding") as name:
        return run(name, "decide")


def test_loading_the_addon_reserves_little_on_many_cores(without, deciding):
    loaded, _decided = deciding
    assert not loaded["numpy"], "what is heavy is imported when it is first used"
    assert loaded["mib"] - without["mib"] <= LOADED


def test_a_decision_reserves_little_on_many_cores(without, deciding):
    loaded, decided = deciding
    assert decided["numpy"]
    assert decided["threads"] == loaded["threads"], "one thread unless somebody asked for more"
    assert decided["mib"] - without["mib"] <= DECIDED


def test_processes_started_later_find_the_environment_as_it_was(deciding):
    assert deciding[1]["set"] == []


@pytest.mark.parametrize("name", THREAD_SETTINGS)
def test_an_administrator_may_ask_for_more_threads(name):
    (_loaded, decided), (_same, alone) = run("", "decide", **{name: "4"}), run("", "decide")
    assert decided["mib"] - alone["mib"] >= 3 * 40 - 1
    assert decided["set"] == [name]


def test_numpy_as_it_is_imported_by_itself_would_be_seen():
    loaded, imported = run("", "early")
    assert imported["mib"] - loaded["mib"] > (CORES - 1) * 40
