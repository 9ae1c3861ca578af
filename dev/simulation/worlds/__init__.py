# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Whole worlds drawn at random: merchants, payers, banks and calendars that nobody chose."""

from .maker import generate
from .stream import WorldCases
from .world import KINDS, World, draw

__all__ = ["KINDS", "World", "WorldCases", "draw", "generate"]
