# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the benchmarks share: a scene, worker processes, a gateway, tables and bars."""
