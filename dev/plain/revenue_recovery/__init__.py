# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The packages of the addon that need no Odoo, for whoever has none: tests, benchmarks, notebooks.

With this folder's parent on the path, ``from revenue_recovery.timing import plan_ladder`` works as
``from odoo.addons.revenue_recovery.timing import plan_ladder`` does in Odoo. The addon's own
``__init__`` imports its models, and with them Odoo, so it is left out.
"""

from pathlib import Path

__path__ = [str(Path(__file__).resolve().parents[3])]
