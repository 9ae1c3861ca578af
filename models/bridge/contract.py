# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The contracts of the OCA's addon `contract`: how often they make invoices, and their end.

The addon is not needed, and none that bridges the two: where its model is loaded, it is used.
"""

from .intervals import name_interval

MODEL = "contract.contract"


def find_contract(move):
    """Return how often the contract of an invoice makes one, and the contract, or None."""
    if MODEL not in move.env:
        return None
    lines = move.invoice_line_ids.contract_line_id
    if not lines:
        return None
    # Lines that follow their contract don't always have its interval themselves.
    sources = [line if line.contract_id.line_recurrence else line.contract_id for line in lines]
    intervals = {
        name_interval(source.recurring_rule_type, source.recurring_interval) for source in sources
    }
    interval = intervals.pop() if len(intervals) == 1 else "other"
    return interval, lines.contract_id


def end_contracts(contracts):
    """End the lines of contracts with what has been invoiced.

    :return: the contracts of which a line went on
    """
    return contracts.filtered(_end_lines)


def _end_lines(contract):
    running = contract.contract_line_ids.filtered(
        lambda line: not line.is_canceled and line.next_period_date_start
    )
    for line in running:
        if line.last_date_invoiced:
            line.date_end = line.last_date_invoiced
        else:
            line.is_canceled = True  # It has never been invoiced, so it has no last day.
    return bool(running)
