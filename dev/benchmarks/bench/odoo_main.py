# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Odoo's command as a file: its multi-process server starts a further process by that name.

Its clock may be wrong.
"""

import sys

# This folder, whose modules have names of Python's own.
sys.path.pop(0)

import odoo.cli  # noqa: E402

from benchmarks.bench import skew  # noqa: E402

if __name__ == "__main__":
    skew.apply()
    odoo.cli.main()
