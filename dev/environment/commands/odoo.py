# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""`dev/odoo SUBCOMMAND …`: Odoo's own command line against the cached environment."""

from ..processes import foreground
from ..workbench import opened


def main(arguments: list[str]) -> int:
    with opened() as bench:
        # By its variable: where the option belongs depends on the subcommand.
        variables = {**bench.env, "ODOO_RC": str(bench.settings.config_file)}
        return foreground([*bench.odoo_command, *(arguments or ["--help"])], env=variables)
