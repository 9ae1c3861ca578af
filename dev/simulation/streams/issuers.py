# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Issuers: what they answer, and why it is not always the truth.

An answer depends on the case, the instant and the charges before it, and on nothing else: all
strategies meet the same world. The order in which an issuer looks at a charge is fixed: is the
card dead, expired, does it ask for authentication; is the issuer reachable; does the charge come
too soon after the last; is the issuer in a mood; is there money.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .noise import uniform
from .populations import Population
from .zones import DAY, HOUR

# The codes are Stripe's; number 0 is a success.
CODES = (
    "paid",
    "insufficient_funds",
    "do_not_honor",
    "generic_decline",
    "try_again_later",
    "card_velocity_exceeded",
    "issuer_not_available",
    "processing_error",
    "lost_card",
    "stolen_card",
    "invalid_account",
    "expired_card",
    "authentication_required",
)
CLASSES = {
    "paid": "",
    **dict.fromkeys(CODES[1:6], "later"),
    **dict.fromkeys(CODES[6:8], "technical"),
    **dict.fromkeys(CODES[8:11], "never"),
    "expired_card": "fix_data",
    "authentication_required": "customer_action",
}
PAID = 0
CODE = {code: number for number, code in enumerate(CODES)}
IS_TECHNICAL = np.array([CLASSES[code] == "technical" for code in CODES])
# After these a method works no more until somebody does something.
DEAD_CLASSES = frozenset({"never", "fix_data", "customer_action"})
IS_DEAD = np.array([CLASSES[code] in DEAD_CLASSES for code in CODES])

# Mastercard's advice codes that name a wait, in days. Number 0 is no advice.
ADVICE = ("", "24", "25", "26", "27", "28", "29", "30")
ADVICE_DAYS = np.array([0, 1 / 24, 1, 2, 4, 6, 8, 10])

# How a state is told: shares of codes. Issuers that mask tell most of it as something else.
_TOLD = {
    "funds": {"insufficient_funds": 0.9, "do_not_honor": 0.05, "generic_decline": 0.05},
    "funds_masked": {"insufficient_funds": 0.3, "do_not_honor": 0.5, "generic_decline": 0.2},
    "mood": {"do_not_honor": 0.6, "generic_decline": 0.3, "try_again_later": 0.1},
    "soon": {"do_not_honor": 0.6, "card_velocity_exceeded": 0.25, "generic_decline": 0.15},
    "technical": {"issuer_not_available": 0.65, "processing_error": 0.35},
}
TOLD = {
    state: np.array([shares.get(code, 0.0) for code in CODES]) for state, shares in _TOLD.items()
}
# Any charge may meet trouble that has nothing to do with the payer.
BACKGROUND_TECHNICAL, BACKGROUND_REFUSAL = 0.01, 0.007
# In the night batch some issuers cannot answer half of the time.
_BATCH_ENDS, _BATCH_FAILS = 5.0, 0.5
# A dead card is told as such by most issuers, by some only now and then.
_DEAD_TOLD = 0.85
# An issuer that advises knows when money came before, and is right that often.
ADVICE_RIGHT = 0.7


@dataclass
class Traits:
    """What an issuer is like; one value per payer.

    :param gap: seconds within which a further charge is refused unseen
    :param masks: tells a lack of money as something else most of the time
    :param advises: says when to come back, where the network has codes for it
    :param batch: cannot answer half of the time at night
    :param moods: two times during which everything is refused: begin and end, seconds after the
        case opened; (n, 2, 2)
    """

    gap: np.ndarray
    masks: np.ndarray
    advises: np.ndarray
    batch: np.ndarray
    moods: np.ndarray

    def take(self, index: np.ndarray) -> Traits:
        """Return some of them."""
        return Traits(**{name: values[index] for name, values in vars(self).items()})


def draw_traits(
    rng: np.random.Generator, population: Population, in_mood: np.ndarray, mastercard: np.ndarray
) -> Traits:
    """Draw an issuer for each payer.

    :param in_mood: the case opens because the issuer is in a mood
    :param mastercard: the card is one of Mastercard's
    """
    n = len(in_mood)
    hostile = rng.random(n) < population.hostile
    gaps = rng.choice(population.hostile_gaps, size=n) * HOUR
    moods = np.zeros((n, 2, 2))
    lengths = population.mood_days * DAY * np.exp(0.9 * rng.standard_normal((n, 2)))
    moods[:, 0, 1] = np.where(in_mood, lengths[:, 0], 0)
    # Later moods come once in eight weeks.
    moods[:, 1, 0] = moods[:, 0, 1] + rng.exponential(56 * DAY, n)
    moods[:, 1, 1] = moods[:, 1, 0] + lengths[:, 1]
    return Traits(
        gap=np.where(hostile, gaps, 0.0),
        masks=rng.random(n) < population.masking,
        advises=mastercard & (rng.random(n) < population.advising),
        batch=rng.random(n) < 0.3,
        moods=moods,
    )


def tell(state: str, draw: np.ndarray) -> np.ndarray:
    """Return the codes in which a state is told, for draws in [0, 1)."""
    return np.searchsorted(np.cumsum(TOLD[state])[:-1], draw, side="right")


def answer(cases, index: np.ndarray, at: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return what charges would be answered: numbers in `CODES`.

    :param cases: `simulation.streams.cases.Cases`
    :param index: which cases; each may occur any number of times
    :param at: instants of the charges, seconds
    :param last: instants of the charges before them, seconds; -inf for none
    """
    seed, key = cases.seed[index], at // HOUR
    day, hour = cases.zones.local(cases.zone[index], at)
    since = at - cases.opened[index]
    traits = cases.traits.take(index)
    told = uniform(seed, key, 1)
    luck = uniform(seed, key, 2)

    funded = cases.is_funded(index, day, hour)
    lack = np.where(traits.masks, tell("funds_masked", told), tell("funds", told))
    code = np.where(funded, PAID, lack)
    code = np.where(funded & (luck < BACKGROUND_REFUSAL), CODE["do_not_honor"], code)
    moody = (
        (traits.moods[:, :, 0] <= since[:, None]) & (since[:, None] < traits.moods[:, :, 1])
    ).any(1)
    code = np.where(moody, tell("mood", told), code)
    code = np.where(at - last < traits.gap, tell("soon", told), code)
    away = (at < cases.outage_ends[index]) | (luck > 1 - BACKGROUND_TECHNICAL)
    away |= traits.batch & (hour < _BATCH_ENDS) & (uniform(seed, key, 3) < _BATCH_FAILS)
    code = np.where(away, tell("technical", told), code)
    gone = (at >= cases.dies_at[index]) & (at < cases.replaced_at[index])
    dead = np.where(told < _DEAD_TOLD, cases.dead_code[index], CODE["do_not_honor"])
    return np.where(gone, dead, code)


def advise(cases, index: np.ndarray, at: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Return the advice that comes with declines: numbers in `ADVICE`.

    Right advice is the shortest wait after which there is money, or the longest one there is.
    """
    asked = cases.traits.advises[index] & np.isin(code, (1, 2, 3))
    advice = np.zeros(len(index), np.int64)
    if not asked.any():
        return advice
    index, at = index[asked], at[asked]
    seed, key = cases.seed[index], at // HOUR
    day, _hour = cases.zones.local(cases.zone[index], at)
    wait = cases.days_until_funded(index, day)
    right = np.searchsorted(ADVICE_DAYS[1:-1], wait) + 1
    guess = 2 + (uniform(seed, key, 4) * 4).astype(np.int64)
    advice[asked] = np.where(uniform(seed, key, 5) < ADVICE_RIGHT, right, guess)
    return advice
