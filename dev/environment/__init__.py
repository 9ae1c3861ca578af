# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What `dev/demo`, `dev/test` and the benchmarks need to run on a machine that has nothing.

Only the standard library is used here: this code runs before anything is installed.
"""
