# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A payment gateway that behaves like a real one, and the people who pay through it.

Nothing here imports Odoo, and nothing in the shipped addon imports this package: it serves tests,
the demo and the benchmarks only.
"""
