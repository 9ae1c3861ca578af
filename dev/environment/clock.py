"""A pytest plugin: run the Odoo tests as if it were another day (`dev/test --date`).

The clock of the whole process is moved, and goes on from there, before a test module is imported;
the classes then let it stand still on that day (`tests/common.py`). PostgreSQL's clock stays as it
is: nothing of ours asks it, and the base of the tests answers for `cr.now()`. Where no Debian
package can be had, this works as well.
"""

import os
from datetime import date, datetime

import freezegun
import pytest

DATE_VARIABLE = "RECOVERY_TEST_DATE"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart():
    day = os.environ.get(DATE_VARIABLE)
    if day:
        start = datetime.combine(date.fromisoformat(day), datetime.now().time())
        freezegun.freeze_time(start, tick=True).start()
