# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What makes a shipped network rule laxer: the least that a network asks for is a floor.

A merchant may forbid more than a network does. What a rule is about can't be ordered: to change it
may always allow something.
"""

# Lists, of which the order tells nothing.
_WORDS = ("scopes", "categories", "codes", "reasons", "advice_codes", "countries")


def is_laxer(name, value, floor, kind):
    """Return whether a value of a rule's field allows something that another one forbids.

    :param str name: of the field
    :param value: as the record has it
    :param floor: the value to compare it with
    :param str kind: of the rule
    """
    value, floor = value or False, floor or False
    if name in _WORDS:
        return set((value or "").split()) != set((floor or "").split())
    if name == "kind":
        return value != floor
    if name == "active":
        return bool(floor) and not value
    if name in ("same_amount", "consecutive"):  # Fewer charges are counted.
        return bool(value) and not floor
    if name == "limit":
        return int(value) > int(floor)
    if name == "window_hours":
        # A debit may only be presented again within it; other kinds count, or wait, that long.
        return int(value) > int(floor) if kind == "represent" else int(value) < int(floor)
    if name == "valid_from":
        return bool(value) and (not floor or value > floor)
    if name == "valid_to":
        return bool(value) and (not floor or value < floor)
    return False
