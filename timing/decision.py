"""What planning returns: an instant or a stop, each with the sentence that explains it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


def _(source: str) -> str:
    """Mark a sentence for translation; Odoo's export of terms looks for this name."""
    return source


@dataclass(frozen=True)
class Sentence:
    """A sentence kept apart from its values, so that the caller can translate it.

    :param source: the English sentence with named placeholders, as ``%(tries)s``
    :param values: the placeholders' values: numbers and short texts
    """

    source: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.source % self.values


@dataclass(frozen=True)
class Decision:
    """Charge at ``at`` (aware, UTC); ``source`` names what chose the instant."""

    at: datetime
    source: str
    sentence: Sentence


@dataclass(frozen=True)
class Stop:
    """No further charge; the sentence says why."""

    sentence: Sentence
