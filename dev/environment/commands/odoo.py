"""`dev/odoo SUBCOMMAND …`: Odoo's own command line against the cached environment."""

from ..processes import foreground
from ..workbench import opened


def main(arguments: list[str]) -> int:
    subcommand, *rest = arguments or ["--help"]
    options = [] if subcommand.startswith("-") else ["--config"]
    with opened() as bench:
        if options:
            options.append(str(bench.settings.config_file))
        return foreground([*bench.odoo_command, subcommand, *options, *rest], env=bench.env)
