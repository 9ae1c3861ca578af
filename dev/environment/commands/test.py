"""`dev/test [--no-lint] [pytest arguments]`: every check of the repository.

Five stages: lint, tests of the Odoo-free packages, Odoo tests (browser ones included), Odoo tests
beside addons of the OCA, tests with several processes. Arguments go to pytest; a path selects the
stages it belongs to.
"""

from .. import stages
from ..workbench import opened


def main(arguments: list[str]) -> int:
    with_lint = "--no-lint" not in arguments
    selection = stages.select([each for each in arguments if each != "--no-lint"])
    with opened() as bench:
        run = stages.Run(bench, selection)
        finish_lint = run.lint() if with_lint and selection.everything else None
        run.pure()
        if finish_lint:
            finish_lint()
        run.odoo()
        run.oca()
        run.concurrency()
        return run.summary()
