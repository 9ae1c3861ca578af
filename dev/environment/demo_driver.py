# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Run the demo of `recovery_simulation` on a database.

`python -m environment.demo_driver run DATABASE GATEWAY_URL BASE_URL` calls
`demo.run(env, gateway_url, base_url)`. With `resume` it calls `demo.resume`, which makes the
payment methods of an earlier run known to a new gateway, lets links lead to where Odoo serves now,
and prints the table again; a demo may do without it.
"""

import sys

from .odoo_session import odoo_env

# The exit code when the demo cannot be resumed.
CANNOT_RESUME = 3


def main() -> int:
    what, database, gateway_url, base_url = sys.argv[1:]
    with odoo_env(database) as env:
        # Importable only once Odoo knows the folders of its addons.
        from odoo.addons.recovery_simulation import demo

        action = getattr(demo, what, None)
        if action is None:
            return CANNOT_RESUME
        action(env, gateway_url, base_url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
