# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The dashboard in Odoo's *Dashboards* app comes with the app, whichever was installed first.

The app can't be installed inside a test's database transaction: this is done to a copy of the
database, by processes of Odoo. The tests build on each other, in the order of this file.
"""

import os
import re
import subprocess
import sys

import pytest

from environment import benchmark

ORIGINAL = os.environ.get("RECOVERY_TEST_DB")
CONFIG = os.environ.get("RECOVERY_TEST_CONFIG")
COPY = f"{ORIGINAL}_spreadsheet"
COMPLAINT = re.compile(r"^[\d-]+ [\d:,]+ \d+ (?:WARNING|ERROR|CRITICAL) .*", re.M)


@pytest.fixture(scope="module")
def database():
    """A copy of the test database, whose app was there when this addon was installed."""
    if not ORIGINAL:
        pytest.skip("RECOVERY_TEST_DB names no database.")
    with benchmark.copied_database(ORIGINAL, COPY):
        yield


def _run_odoo(command, *options, script=None):
    """Run a command of Odoo on the copy; whatever it complains about fails the test."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "odoo", command),
            *("--config", CONFIG, "--database", COPY),
            *("--no-http", "--log-level", "warn", *options),
        ],
        input=script,
        stdin=None if script else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert not done.returncode, done.stderr[-4000:]
    assert not COMPLAINT.findall(done.stderr), done.stderr[-4000:]
    return done.stdout


def _count():
    answer = _run_odoo(
        "shell",
        script="""
found = "spreadsheet.dashboard" in env and env["spreadsheet.dashboard"].search_count(
    [("name", "=", "Payment Recovery")]
)
print("COUNT", int(found))
""",
    )
    return int(answer.rpartition("COUNT")[2])


def test_addon_that_is_installed_later_brings_the_dashboard(database):
    assert _count() == 1


def test_app_can_be_uninstalled_and_the_addon_goes_on(database):
    _uninstall("spreadsheet_dashboard")
    _run_odoo("server", "--update", "revenue_recovery", "--stop-after-init")
    assert _count() == 0


def test_app_that_is_installed_later_gets_it_too_and_keeps_it(database):
    _run_odoo("server", "--init", "spreadsheet_dashboard", "--stop-after-init")
    assert _count() == 1
    modules = "revenue_recovery,spreadsheet_dashboard"
    _run_odoo("server", "--update", modules, "--stop-after-init")
    assert _count() == 1


def test_addon_that_is_uninstalled_takes_it_along(database):
    _uninstall("revenue_recovery")
    assert _count() == 0


def _uninstall(name):
    _run_odoo(
        "shell",
        script=f"""
env["ir.module.module"].search([("name", "=", "{name}")]).button_immediate_uninstall()
""",
    )
