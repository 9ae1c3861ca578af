"""Whole worlds drawn at random: merchants, payers, banks and calendars that nobody chose."""

from .maker import generate
from .stream import WorldCases
from .world import KINDS, World, draw

__all__ = ["KINDS", "World", "WorldCases", "draw", "generate"]
