# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a merchant's payments were like before: what failed, what came back, what could have.

Plain Python: no Odoo, no clock, no randomness but what is passed in. Uses `declines` (why a
charge failed), `timing` (what a schedule is likely to bring) and `tools.instants`. `payments` has
the words, `findings` counts what can be counted, `prospect` estimates what a schedule would have
brought back (NumPy), `exports` reads the files that providers let one download. `docs/audit.md`
has the argument.
"""

from .findings import Findings, find
from .payments import Debt, PastPayment, gather

__all__ = ["Debt", "Findings", "PastPayment", "find", "gather"]
