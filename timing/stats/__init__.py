# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What to show of the engine: what was learned, how well it promises, what another one had done.

`statistics` reads a model; `intervals`, `comparison` and `replay` are plain functions of counts
and of logged decisions. Uses `timing.model` and the fixed schedule of `timing.plan`.
"""
