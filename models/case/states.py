# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The states of a case, and which may follow which."""

OPEN_STATES = ("in_recovery", "paused", "suspended", "grace")
CHARGING_STATES = ("in_recovery", "grace")
# Which state a case may go to. A closed case opens again when its payment is taken back, and a
# late payment still recovers a lost one; so does a refund that comes back one that was cancelled.
# What is written off with nothing paid is lost, whatever it was before.
TRANSITIONS = {
    "in_recovery": {"paused", "suspended", "grace", "recovered", "lost", "cancelled"},
    "paused": {"in_recovery", "suspended", "grace", "recovered", "lost", "cancelled"},
    "suspended": {"in_recovery", "grace", "recovered", "lost", "cancelled"},
    "grace": {"in_recovery", "paused", "suspended", "recovered", "lost", "cancelled"},
    "recovered": {"in_recovery", "lost", "cancelled"},
    "lost": {"recovered", "cancelled"},
    "cancelled": {"in_recovery", "recovered", "lost"},
}


def list_columns(_cases, states, _domain):
    """Return the states that a board has a column for: those of open cases, and what it shows.

    In the order of a case's life.

    :param list states: of the cases that are shown
    """
    return [state for state in TRANSITIONS if state in OPEN_STATES or state in states]
