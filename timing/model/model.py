# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a company's attempts have taught: remembered cases, and the odds fitted to them.

The model is one small value. The odds follow from the remembered cases alone, so a model can be
rebuilt from a database's attempts, and models of several companies or hosts can be put together.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ...tools.instants import aware
from ..case import FinishedAttempt
from .bins import TECHNICAL
from .calibration import Calibration, calibrate, moved
from .fit import fit
from .odds import Odds
from .priors import Priors, load
from .reservoir import Reservoir, hash_key
from .sequence import ChargeSequence, find_promises, is_credit, read_finished
from .training import Encoded, TrainingData, gather

VERSION = 4
_FROM_SCRATCH, _FURTHER = 40, 7  # rounds of fitting
# From scratch many rounds are needed to tell patterns apart: they are made on so many cases, and
# fewer on all of them.
_FEW_CASES, _ON_ALL = 1000, 10
_FIRST_FIT = 60  # cases
_GROWTH = 0.35  # share of new attempts that is worth a new fit
_FORTNIGHT = 14.0


class Model:
    """A model that knows the shipped priors, and whatever it is taught.

    :param priors: other priors than the shipped ones, for experiments
    """

    def __init__(self, priors: Priors | None = None) -> None:
        self.priors = priors or load()
        habits, hazards = self.priors.half_lives
        self.reservoir = Reservoir(int(self.priors.values["sample"]["cases"]), hazards)
        self.odds = Odds.prior(self.priors)
        self.attempts = 0  # learned since the last reset, forgotten ones included
        self.fits = 0
        self._new = 0.0  # attempts since the last fit
        self._fitted = 0.0  # attempts behind the last fit
        self._fitted_on = 0.0  # newest opening at the last fit, days since 1970
        self._newest = 0.0
        self._training_data = TrainingData()
        self.calibration = Calibration()
        self._heard = 0  # promises since they were last compared with outcomes
        self._fit_minute = 0  # local minute of the latest charge at the last fit

    @property
    def version(self) -> str:
        """Names the odds that a decision was made with, for its record."""
        return f"{VERSION}.{self.fits}.{self.attempts}"

    # Learning

    def learn(self, attempt: FinishedAttempt) -> None:
        """Take in one finished attempt, in any order; learning it twice is learning it once.

        Cheap: the odds change with the next :meth:`refresh`.
        """
        self.attempts += 1
        self._new += 1
        key = hash_key(attempt.key)
        failures = attempt.case.failures
        opened = min((aware(failure.at) for failure in failures), default=aware(attempt.at))
        born = round(opened.timestamp() / 86400.0, 4)
        self._newest = max(self._newest, born)
        if self.reservoir.wants(key, born):
            sequence = read_finished(attempt, self.priors)
            if attempt.predicted is not None and attempt.believed is None:
                sequence = self._restore(sequence)
            self._heard += sequence.observations[-1].believed >= 0
            self.reservoir.add(key, sequence)

    def _restore(self, sequence: ChargeSequence) -> ChargeSequence:
        """Return a case with what the odds gave its last charge, of which only the promise is told.

        The promise was moved by what promises were worth then, which is about what they are now.
        """
        *before, last = sequence.observations
        number = 1 + sum(one.outcome != TECHNICAL for one in before[1:])
        move = self.calibration.move(number, bool(last.left), is_credit(sequence))
        if not self.calibration.count:
            return sequence
        last = last._replace(believed=round(1000 * moved(last.predicted / 1000, -move)))
        return replace(sequence, observations=(*before, last))

    def refresh(self, now: datetime | None = None, *, force: bool = False) -> bool:
        """Fit the odds when enough is new, or always; return whether that was done.

        Takes a few seconds for thousands of cases, nothing when little is new.

        :param now: aware instant from which forgetting counts, by default the newest case's
        """
        if self._heard >= max(1, self.calibration.count // 20) or force:
            self._calibrate()
        if not force and not self.is_stale:
            return False
        cases = self._training_data.update(self.reservoir)
        if not cases:
            self.odds = Odds.prior(self.priors)
            return False
        seconds = aware(now).timestamp() if now else 0.0
        today = max(self.reservoir.newest, seconds / 86400.0)
        self.odds = self._fit(cases, today)
        self._fit_minute = max(case.sequence.observations[-1].minute for case in cases)
        self.fits += 1
        self._fitted += self._new
        self._new, self._fitted_on = 0.0, self._newest
        return True

    def _calibrate(self) -> None:
        """Compare promises with outcomes; takes milliseconds."""
        promises = []
        for sequence in self.reservoir.cases.values():
            promises += find_promises(sequence)
        promises.sort(key=lambda pair: pair[0])
        refitted = sum(minute <= self._fit_minute for minute, _promise in promises)
        self.calibration = calibrate([promise for _minute, promise in promises], refitted)
        self._heard = 0

    def _fit(self, cases: list[Encoded], today: float) -> Odds:
        """Return the odds of all remembered cases; their order is that of hashed keys."""

        def improve(start: Odds, some: list[Encoded], rounds: int) -> Odds:
            sample = gather(self.reservoir, some, self.priors.half_lives, today)
            return fit(sample, self.priors, start, rounds)

        if self._fitted >= 5 * _FIRST_FIT:
            return improve(self.odds, cases, _FURTHER)
        step = max(len(cases) // _FEW_CASES, 1)
        odds = improve(Odds.prior(self.priors), cases[::step], _FROM_SCRATCH)
        return odds if step == 1 else improve(odds, cases, _ON_ALL)

    @property
    def is_stale(self) -> bool:
        """Whether a new fit would be worth its time."""
        if len(self.reservoir) < _FIRST_FIT or not self._new:
            return False
        if self._new >= max(_FIRST_FIT, _GROWTH * self._fitted):
            return True
        # Little is new, but it is of another time.
        enough = max(_FIRST_FIT, _GROWTH / 5 * self._fitted)
        return self._new >= enough and self._newest - self._fitted_on >= _FORTNIGHT

    def merge(self, other: "Model") -> None:
        """Take in what another model remembers, as of another company, and fit."""
        self.reservoir.merge(other.reservoir)
        self.attempts += other.attempts
        self._fitted = 0.0
        self._newest = max(self._newest, other._newest)
        self.refresh(force=True)

    def reset(self) -> None:
        """Forget everything."""
        self.__init__(self.priors)

    # Storage

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "version": VERSION,
            "attempts": self.attempts,
            "fits": self.fits,
            "new": self._new,
            "fitted": self._fitted,
            "fitted_on": self._fitted_on,
            "newest": self._newest,
            "odds": self.odds.to_dict(),
            "calibration": [self.calibration.count, *self.calibration.moves],
            "fit_minute": self._fit_minute,
            "reservoir": self.reservoir.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], priors: Priors | None = None) -> "Model":
        """Read what :meth:`to_dict` wrote.

        :raise ValueError: for a model of another version, which has to be rebuilt from attempts
        """
        if values.get("version") != VERSION:
            raise ValueError(f"A timing model of version {values.get('version')!r} is not known.")
        model = cls(priors)
        model.reservoir = Reservoir.from_dict(values["reservoir"])
        model.odds = Odds.from_dict(values["odds"])
        model._fit_minute = int(values["fit_minute"])
        count, *moves = values["calibration"]
        model.calibration = Calibration(tuple(map(float, moves)), int(count))
        model.attempts, model.fits = int(values["attempts"]), int(values["fits"])
        model._new, model._fitted = float(values["new"]), float(values["fitted"])
        model._fitted_on, model._newest = float(values["fitted_on"]), float(values["newest"])
        return model

    def to_json(self) -> str:
        """Return the model as text of at most 2 MB."""
        return json.dumps(self.to_dict(), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Model":
        """Read what :meth:`to_json` wrote."""
        return cls.from_dict(json.loads(text))
