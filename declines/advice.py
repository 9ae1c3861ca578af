# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a network, a provider or a code tells to do after a decline."""

import re
from dataclasses import dataclass
from datetime import timedelta

_WAIT = re.compile(r"wait:(\d{1,4})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_KINDS = ("none", "never", "update_data", "customer_action")


@dataclass(frozen=True)
class Advice:
    """One advice.

    :ivar kind: ``none``, ``never`` (do not charge this method again), ``wait`` (not before
        :attr:`wait` has passed), ``update_data`` or ``customer_action``
    :ivar wait: how long to wait after the decline; only with the kind ``wait``
    """

    kind: str = "none"
    wait: timedelta | None = None

    @classmethod
    def parse(cls, value: str) -> "Advice":
        """Read the short form of the data files: a kind, or ``wait:`` with ``2m``, ``1h``, ``4d``.

        :raise ValueError: for any other text
        """
        match = _WAIT.fullmatch(value)
        if match:
            return cls("wait", timedelta(**{_UNITS[match[2]]: int(match[1])}))
        if (value or "none") not in _KINDS:
            raise ValueError(f"Not an advice: {value!r}")
        return cls(value or "none")

    def __str__(self) -> str:
        """Return the short form that :meth:`parse` reads."""
        if self.wait is None:
            return self.kind
        units = ((unit, timedelta(**{name: 1})) for unit, name in reversed(_UNITS.items()))
        return next(
            f"wait:{self.wait // length}{unit}" for unit, length in units if not self.wait % length
        )


NO_ADVICE = Advice()
