# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Use Odoo from a program of our own. Runs inside the virtual environment only."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def odoo_env(database: str, log_level: str = "warn") -> Iterator:
    """Give Odoo's `env` of the superuser on a database; commit at the end.

    The configuration is the one `RECOVERY_CONFIG` names.
    """
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry
    from odoo.service.server import load_server_wide_modules
    from odoo.tools import config

    config.parse_config(
        [
            f"--config={os.environ['RECOVERY_CONFIG']}",
            f"--database={database}",
            f"--log-level={log_level}",
        ],
        setup_logging=True,
    )
    load_server_wide_modules()
    threading.current_thread().dbname = database
    with Registry(database).cursor() as cr:
        context = api.Environment(cr, SUPERUSER_ID, {})["res.users"].context_get()
        yield api.Environment(cr, SUPERUSER_ID, context)
