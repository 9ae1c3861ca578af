# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Streams of failed payments with a hidden cause, to compare retry strategies on."""

from .cases import Cases, generate
from .populations import POPULATIONS, Population

__all__ = ["POPULATIONS", "Cases", "Population", "generate"]
