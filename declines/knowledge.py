# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is known of the money of one charge: it only grows, whoever tells and in whatever order."""

from enum import Enum


class Known(Enum):
    """What is known; the values are the states of an attempt that was started."""

    NOT_SENT = "not_sent"  # Nothing that moves money was processed: a later charge is safe.
    UNKNOWN = "unknown"  # It may have been made: nothing else may be charged.
    PENDING = "pending"  # The provider has it, and has not decided.
    DECLINED = "declined"  # The provider decided: nothing was taken.
    PAID = "paid"


# What can still be learned. A success is believed whenever it comes. That a charge is under way is
# believed where it was taken for not made, since that can be somebody's error; after the
# provider's own refusal it is an old message that comes late. Nothing makes a success undone here:
# money that is taken back is a return, which is a matter of its own.
GROWS: dict[Known, frozenset[Known]] = {
    Known.NOT_SENT: frozenset({Known.PENDING, Known.PAID}),
    Known.UNKNOWN: frozenset({Known.NOT_SENT, Known.PENDING, Known.DECLINED, Known.PAID}),
    # Answers that contradict each other, as one about another amount, make it unknown.
    Known.PENDING: frozenset({Known.NOT_SENT, Known.UNKNOWN, Known.DECLINED, Known.PAID}),
    Known.DECLINED: frozenset({Known.PAID}),
    Known.PAID: frozenset(),
}
