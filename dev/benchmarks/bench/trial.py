# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Merchants whose truth is known, as a trial plays them: without a database."""

from __future__ import annotations

from typing import Any

from revenue_recovery.audit.retries import find_finished, make_case, make_failure
from revenue_recovery.timing.case import PastCharge
from revenue_recovery.timing.ceiling import shipped_rules
from revenue_recovery.timing.model.model import Model
from revenue_recovery.trial.person import Person, Recorded, Terms
from revenue_recovery.trial.play import Play

from . import past as pasts

# The policy on trial, and the one beside it.
NAMES = ("8 in 14", "4 in 7")


def play(past: pasts.Past) -> dict[str, Any]:
    """Return what a trial tells of two schedules, and what they would really have brought.

    :return: the trial's result, with `truth` of each schedule and of the difference
    """
    persons, model = _read(past)
    ladders = [pasts.SCHEDULES[name] for name in NAMES]
    played = Play(persons, [Terms(ladder) for ladder in ladders], model, shipped_rules())
    for _share in played.go():
        pass
    truths = [pasts.truth(past, ladder) for ladder in ladders]
    return {**played.sum_up(), "truths": truths, "truth": truths[0] - truths[1]}


def _read(past):
    """Return the chargeable cases, and a model that has learned what was done about them."""
    debts, model, until = pasts.to_debts(past), Model(), pasts.end_of(past)
    persons = []
    for debt in debts:
        case = make_case(debt, [PastCharge(at) for at in pasts.earlier(past, debt.key)])
        for attempt in find_finished(debt, case, f"past {debt.key}"):
            model.learn(attempt)
        if debt.is_chargeable:
            charges = tuple(
                Recorded(one.at, None if one.is_paid else make_failure(one)) for one in debt.later
            )
            persons.append(
                Person(
                    str(debt.key),
                    case,
                    debt.amount,
                    until,
                    round(100 * debt.amount),
                    charges=charges,
                    own_at=debt.own_at,
                )
            )
    model.refresh()
    return persons, model
