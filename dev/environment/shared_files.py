# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A pytest plugin: leave the stored files of a parallel run alone.

Its processes have databases of their own, but one file store. Odoo's test classes end with a
clean-up of files that their own database does not know: it would take away what another process
has just written. The whole file store goes with the database at the end.
"""

import sys

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    common = sys.modules.get("odoo.tests.common")
    # Only a worker of a parallel run has it.
    if common and hasattr(session.config, "workeroutput"):
        common.TransactionCase._gc_filestore = classmethod(lambda cls: None)
