# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""States: one table of allowed transitions, and one setter that keeps to it."""


def allowed(records, transitions, target, logger):
    """Return those of these records that may go to a state, and log what is refused.

    Nothing is raised: webhooks arrive twice, and late.

    :param transitions: for each state the states that may follow it
    """
    changed = records.browse()
    for record in records:
        if target in transitions[record.state]:
            changed |= record
        elif record.state == target:
            logger.info("%s %s is %s already", record._name, record.id, target)
        else:
            logger.warning(
                "Refused to move %s %s from %s to %s",
                record._name,
                record.id,
                record.state,
                target,
            )
    return changed
