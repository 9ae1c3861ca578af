# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How many charges one job sends at once."""

import logging

_logger = logging.getLogger(__name__)

# The name of the system parameter, what it is where nobody has chosen, and what it may be. Each
# charge at once holds a database connection; beyond some dozens a single processor has no time
# left for what they do when the answers come.
AT_ONCE = "revenue_recovery.charges_at_once"
DEFAULT = 4
MOST = 32


def read_at_once(value):
    """Return what a system parameter says, within what is possible.

    :param value: its text, or false where there is none
    """
    if not value:
        return DEFAULT
    try:
        number = int(value)
    except ValueError:
        _logger.warning("“%s” is no number of charges at once; it is %s", value, DEFAULT)
        return DEFAULT
    return min(max(number, 1), MOST)
