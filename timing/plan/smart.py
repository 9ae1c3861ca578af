# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The smart schedule's one entry point: a case, an instant, a model and a generator; a decision.

``decide`` never raises for what a case says; see :mod:`timing.case`. It goes through the journeys
first (dead methods, technical trouble, outside advice), then plans what is left.

Odoo imports this module when it starts: what needs NumPy is imported when it is first used (see
:mod:`timing.arrays`).
"""

import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...tools.instants import aware
from ..case import (
    Case,
    Failure,
    FinishedAttempt,
    Hint,
    Method,
    PastCharge,
    RetryPolicy,
    tidy,
)
from ..constraints import AllowedHours, AllowedInstants, AtMost, Never, NotBefore, NotBetween
from ..decision import Decision, Sentence, Stop
from .journeys import REST_KIND, allowed_instants, follow_hint, stop_or_quick

if TYPE_CHECKING:
    from ..model.model import Model

__all__ = [
    "AllowedHours",
    "AllowedInstants",
    "AtMost",
    "Case",
    "Decision",
    "Failure",
    "FinishedAttempt",
    "Hint",
    "Method",
    "Model",
    "Never",
    "NotBefore",
    "NotBetween",
    "PastCharge",
    "RetryPolicy",
    "Sentence",
    "SmartDecision",
    "Stop",
    "decide",
]


@dataclass(frozen=True)
class SmartDecision(Decision):
    """Charge at :attr:`at`, and what is known about that choice.

    :attr:`source` is ``smart``, ``payday``, ``ladder``, ``advice``, ``technical`` or ``hint``.

    :ivar probability: that the charge succeeds, 0 to 1
    :ivar interval: in which that probability lies with 90 %
    :ivar propensity: probability with which this instant was drawn, given case and model
    :ivar record: what to keep for science: plain JSON values
    """

    probability: float = 0.0
    interval: tuple[float, float] = (0.0, 1.0)
    propensity: float = 1.0
    record: dict[str, Any] = field(default_factory=dict)


def decide(
    case: Case, now: datetime, model: "Model | None" = None, rng: random.Random | None = None
) -> SmartDecision | Stop:
    """Return when to charge next, or why not to.

    :param case: as it stands; the latest of its failures is the one to react to
    :param now: aware instant; the decision is not before it
    :param model: what was learned; None for the shipped priors
    :param rng: with the same generator in the same state the decision is the same; None draws the
        most likely choice
    """
    from .choice import choose

    now = aware(now)
    case = tidy(case, now)
    model = model or _priors_only()
    stop = stop_or_quick(case, now)
    if isinstance(stop, Stop):
        return stop
    if stop is not None:
        return _technical(case, stop, model)
    allowed = allowed_instants(case)
    earliest, binding = allowed.first(max(now, case.failures[-1].at))
    if earliest is None:
        told = binding and binding.kind != REST_KIND
        return Stop(binding.sentence if told else _window_over(case))
    hinted = follow_hint(case, allowed, earliest)
    choice = choose(case, allowed, earliest, model, rng, hinted)
    if isinstance(choice, Stop):
        return choice
    record = {**choice.record, "binding": binding.kind if binding else ""}
    return SmartDecision(
        choice.at,
        choice.source,
        choice.sentence,
        choice.probability,
        choice.interval,
        choice.propensity,
        record,
    )


def believe(case: Case, at: datetime, model: "Model") -> float | None:
    """Return the probability that the odds give a charge whose instant somebody else chose.

    It is what a decision's record calls `believed`, so that promises can be held against charges
    that leave nothing to choose, as those of the control group are.

    :param case: as it stood before the charge
    :param at: aware instant of the charge
    :return: None right after technical trouble, of which the odds of a payer say nothing
    """
    from .choice import find_chance

    at = aware(at)
    case = tidy(case, at)
    return None if case.quick_run else find_chance(case, at, model)


def _technical(case: Case, quick: Decision, model: "Model") -> SmartDecision:
    run = case.quick_run
    chance, interval = model.odds.quick_chance(run)
    record = {"model": model.version, "features": {"technical": run}, "binding": ""}
    return SmartDecision(quick.at, quick.source, quick.sentence, chance, interval, 1.0, record)


def _window_over(case: Case) -> Sentence:
    days = {"days": f"{case.policy.window:g}"}
    return Sentence("window_of_days_over", days)


_PRIORS: list["Model"] = []


def _priors_only() -> "Model":
    if not _PRIORS:
        from ..model.model import Model

        _PRIORS.append(Model())
    return _PRIORS[0]


def __getattr__(name: str) -> Any:
    """Give `Model` to those who ask for it here."""
    if name == "Model":
        from ..model.model import Model

        return Model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
