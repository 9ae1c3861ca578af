# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The sentences that the engine keeps: each kind, and how it is put into words.

The one list of them, in two files. Plain Python: `timing` and `notices` name kinds, too, and Odoo's
export of terms finds the sentences here. Placeholders are named; what may stand in them is told by
:func:`tools.said.say`.
"""

from .money import MONEY
from .plans import PLANS

SENTENCES: dict[str, str] = {**MONEY, **PLANS}
