# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""`dev/terms`: bring the template of all terms, and the languages', up to date with the code.

What is translated stays, what nobody says any more goes, what is new waits for its translation.
"""

import sys

from .. import database
from ..errors import SetupError
from ..processes import foreground
from ..workbench import opened


def main(arguments: list[str]) -> int:
    if arguments:
        raise SetupError("dev/terms takes no arguments")
    with opened() as bench:
        template = database.addon_template(bench)
        with database.scratch(bench, template, "terms") as name:
            sys.stdout.flush()
            # How Odoo reads JavaScript is deprecated by its own library.
            python = [bench.python.python, "-W", "ignore::DeprecationWarning"]
            return foreground([*python, "-m", "environment.terms_driver", name], env=bench.env)
