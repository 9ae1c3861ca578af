# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""`dev/test [--no-lint] [--date DAY] [pytest arguments]`: every check of the repository.

Five stages: lint, tests of the Odoo-free packages, Odoo tests (browser ones included), Odoo tests
beside addons of the OCA, tests with several processes. Arguments go to pytest; a path selects the
stages it belongs to. With a day, the Odoo tests only, as if it were that day; of everything, those
that begin on it.
"""

from .. import days, stages
from ..workbench import opened


def main(arguments: list[str]) -> int:
    with_lint = "--no-lint" not in arguments
    day, arguments = days.take([each for each in arguments if each != "--no-lint"])
    selection = stages.select(arguments, day)
    with opened() as bench:
        run = stages.Run(bench, selection)
        finish_lint = run.lint() if with_lint and selection.everything and not day else None
        run.pure()
        if finish_lint:
            finish_lint()
        run.odoo()
        run.oca()
        run.concurrency()
        return run.summary()
