# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""NumPy with one thread of linear algebra, for the modules that calculate.

OpenBLAS, which NumPy brings, reserves some 40 MB of address space for each core that it sees as it
is loaded, and Odoo's memory limits count address space: on a host of many cores they would end
every worker. Arrays as small as ours gain nothing by a second thread, either. So who calculates
imports `np` from here, and what is imported when Odoo starts imports nothing that does: NumPy comes
with the first decision of a process.
"""

import os
from types import ModuleType

# Where an administrator says how many threads OpenBLAS may have; the first is its own.
_SETTINGS = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")


def _import_numpy() -> ModuleType:
    """Import NumPy; afterwards the environment, which later processes inherit, is as it was."""
    before = {name: os.environ.get(name) for name in _SETTINGS}
    own = _SETTINGS[0]
    if not any(before.values()):
        os.environ[own] = "1"
    try:
        import numpy
    finally:
        if before[own] is None:
            os.environ.pop(own, None)
        else:
            os.environ[own] = before[own]
    return numpy


np = _import_numpy()
