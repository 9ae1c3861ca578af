# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""An ordered list whose places are declared once and filled by the rooms they belong to.

Plain Python: no Odoo.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Places(Generic[Value]):
    """What is asked, or done, in order: each place is named here and filled elsewhere.

    The order can be read where the list is made; it never depends on imports.

    :param names: the places, in their order; a place that nobody fills is passed over
    """

    def __init__(self, *names: str) -> None:
        self._values: dict[str, Value | None] = dict.fromkeys(names)

    def fill(self, name: str, value: Value) -> Value:
        """Fill a place.

        :return: the value, so that a function can be filled in by a decorator
        :raise KeyError: when the list has no such place, or it is filled already
        """
        if name not in self._values:
            raise KeyError(f"There is no place for {name!r}.")
        if self._values[name] is not None:
            raise KeyError(f"The place for {name!r} is taken.")
        self._values[name] = value
        return value

    def __iter__(self) -> Iterator[Value]:
        return (value for value in self._values.values() if value is not None)

    def items(self) -> Iterator[tuple[str, Value]]:
        """Give the filled places in their order, with their names."""
        return ((name, value) for name, value in self._values.items() if value is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """All places in their order, filled or not."""
        return tuple(self._values)
