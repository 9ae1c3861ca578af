# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What planning returns: an instant or a stop, each with the sentence that explains it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..tools.sentences import SENTENCES


@dataclass(frozen=True)
class Sentence:
    """A sentence kept apart from its values, so that the caller can translate it.

    :param kind: of :data:`tools.sentences.SENTENCES`; any other is itself the sentence
    :param values: the placeholders' values: numbers, short texts, days, and instants, aware in the
        customer's time zone
    """

    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The English sentence with named placeholders, as ``%(tries)s``."""
        return SENTENCES.get(self.kind, self.kind)

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
