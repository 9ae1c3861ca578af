# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A pytest plugin: run the Odoo tests as if it were another day (`dev/test --date`).

The clock of the whole process is moved, and goes on from there, before a test module is imported;
the classes then let it stand still on that day (`tests/common.py`). Classes that name the instant
at which they begin are left out where everything is asked for: no day is another one to them.
PostgreSQL's clock stays as it is: nothing of ours asks it, and the base of the tests answers for
`cr.now()`. Where no Debian package can be had, this works as well.
"""

import os
from datetime import date, datetime

import freezegun
import pytest

DATE_VARIABLE = "RECOVERY_TEST_DATE"
# Whether only what follows the day is to be tested.
FOLLOWING_VARIABLE = "RECOVERY_TEST_FOLLOWING"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart():
    day = os.environ.get(DATE_VARIABLE)
    if day:
        start = datetime.combine(date.fromisoformat(day), datetime.now().time())
        freezegun.freeze_time(start, tick=True).start()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    if not os.environ.get(FOLLOWING_VARIABLE):
        return
    # A test without a class starts a real server, whose clock nobody moves.
    own = [item for item in items if item.cls is None or getattr(item.cls, "NOW", None)]
    config.hook.pytest_deselected(items=own)
    items[:] = [item for item in items if item not in set(own)]
