# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Fits the odds to remembered cases: expectation and maximisation over each payer's hidden pattern.

Every parameter is drawn towards its prior with the strength that ``data/priors.json`` names, so a
few cases change little and many decide. General comes before specific: a pattern's tilt is shared
by all countries, a country's own comes on top; a bin's value is shared by all issuers and reasons,
each of these adds an effect that starts at nothing.
"""

from dataclasses import replace

from ..arrays import np
from . import bins
from .odds import Odds, expit
from .patterns import COUNT, DEAD_AT, FAMILY, PAID
from .priors import GROUP_COUNT, Priors, deviations
from .sequence import PAID as SUCCESS
from .sequence import is_credit
from .training import Sample, add_up

_TILT_SD, _COUNTRY_SD = 1.2, 0.6
# How many failures the shipped shares of answers are worth, in each bin.
_ANSWERS_WORTH = 10.0
_NOT_PAID_SOON = -6.0  # log-likelihood of a success during a cool-down that should have refused it
_MOST_NAMED = 60
_LEAST_NAMED = 15  # attempts before a reason, country or issuer gets an effect of its own


class Fit:
    """One fit, step by step; use :func:`fit`."""

    def __init__(self, sample: Sample, priors: Priors, start: Odds) -> None:
        self.sample, self.priors = sample, priors
        self.odds = start
        self.from_scratch = not start.evidence
        self.paid = sample.paid
        self.outcome = np.where(self.paid, 0, sample.outcomes)
        self.weight = sample.weight[sample.case].astype(np.float32)
        self.bins = sample.bins.astype(np.intp)
        self.kinds, self.names, self.named_at = self._index_names()
        self.design, self.mean, self.precision = self._design()
        self.effects = self._start_effects(start)
        self.issuers = [n for k, n in zip(self.kinds, self.names, strict=True) if k == "issuer"]
        place = {name: number + 1 for number, name in enumerate(self.issuers)}
        self.issuer = np.array([place.get(case.sequence.issuer, 0) for case in sample.cases])
        self.odds = replace(
            start, issuers_of={n: start.issuers_of.get(n, start.issuers) for n in self.issuers}
        )
        self.countries = sorted({case.sequence.country for case in sample.cases})
        where = {country: number for number, country in enumerate(self.countries)}
        self.country = np.array([where[case.sequence.country] for case in sample.cases])
        self.credit = np.array([is_credit(case.sequence) for case in sample.cases])
        self.base = np.stack(
            [[priors.habits(c, credit) for credit in (0, 1)] for c in self.countries]
        )
        zero = np.zeros(COUNT)
        self.habits_of = np.stack([start.habits_of.get(c, zero) for c in self.countries])
        self.opening = sample.opening.astype(np.intp)
        # Earlier charges have no effects: bin and outcome say all, which makes them cheap.
        paid = sample.past_paid[:, None]
        self.past = sample.past.astype(np.intp) + np.where(paid, bins.BIN_COUNT, 0)
        # Whether customers are still paid as their earlier charges say: cases by patterns.
        self.stays = np.ones((len(sample.cases), COUNT), dtype=np.float32)
        self.past_weight = (sample.weight[sample.past_case] * sample.past_trust).astype(np.float32)

    def _index_names(self):
        kinds, names, columns = [], [], []
        sample = self.sample
        reasons = [reason for case in sample.cases for reason in case.reasons]
        of_case = [(c.sequence.country, c.sequence.issuer) for c in sample.cases]
        values = (
            reasons,
            [of_case[case][0] for case in sample.case],
            [of_case[case][1] for case in sample.case],
        )
        for kind, column in zip(bins.NAMED, values, strict=True):
            found, index, counts = np.unique(column, return_inverse=True, return_counts=True)
            order = [n for n in np.argsort(-counts, kind="stable")[:_MOST_NAMED] if found[n]]
            kept = [n for n in order if counts[n] >= _LEAST_NAMED]
            position = np.full(len(found), -1)
            position[kept] = np.arange(len(kept)) + len(names)
            kinds += [kind] * len(kept)
            names += [str(found[n]) for n in kept]
            columns.append(position[index])
        return kinds, names, columns

    def _design(self):
        count = len(self.paid)
        width = bins.EFFECT_COUNT + len(self.names)
        design = np.zeros((count, width), dtype=np.float32)
        rows = np.arange(count)
        for column in self.sample.levels.T:
            design[rows, column] = 1
        for column in self.named_at:
            known = column >= 0
            design[rows[known], bins.EFFECT_COUNT + column[known]] = 1
        sds = self.priors.values["effects"]["sd"]
        named_sd = np.array([sds[kind] for kind in self.kinds])
        mean = np.concatenate([self.priors.effects, np.zeros(len(self.names))])
        precision = np.zeros((width, width))
        precision[: bins.EFFECT_COUNT, : bins.EFFECT_COUNT] = self.priors.effects_precision
        rest = np.arange(bins.EFFECT_COUNT, width)
        precision[rest, rest] = 1 / named_sd**2
        return design, mean, precision

    def _start_effects(self, start: Odds) -> np.ndarray:
        known = [
            start.named.get(kind, {}).get(name, (0.0, 0.0))[0]
            for kind, name in zip(self.kinds, self.names, strict=True)
        ]
        return np.concatenate([start.effects, known]).astype(float)

    def run(self, rounds: int) -> Odds:
        """Return the odds after some rounds."""
        # From the priors on, habits come first: hazards that learn before it is known when people
        # are paid learn to explain everything without pay days, and never get out of that.
        alone = rounds // 3 if self.from_scratch else 0
        for number in range(rounds):
            chance, likely, joint = self.expect()
            belief = joint.sum(axis=1)
            if number >= alone:
                self._fit_hazards(chance, likely, joint, belief, last=number == rounds - 1)
            self._fit_habits(belief)
            self._fit_moved(belief)
        return self._finish()

    def expect(self):
        """Return chances and log-likelihoods of retries, and beliefs after all.

        Beliefs are cases by kinds of issuers by patterns.
        """
        chance, likely, _before, joint = self.explain()
        joint = np.exp(joint - joint.max(axis=(1, 2), keepdims=True))
        return chance, likely, joint / joint.sum(axis=(1, 2), keepdims=True)

    def explain(self):
        """Return the same with logarithms of beliefs, not normalised, and with those before."""
        odds, sample = self.odds, self.sample
        count = len(sample.cases)
        score = odds.bins.astype(np.float32)[self.bins]
        score[:, :DEAD_AT] += (self.design @ self.effects.astype(np.float32))[:, None]
        chance = np.clip(expit(score), 1e-5, 1 - 1e-5)
        likely, before = self.likelihoods(chance)
        log = before + add_up(likely, sample.case, count)
        joint = np.empty((count, bins.KIND_COUNT, COUNT), dtype=np.float32)
        shares, plain = np.log(self.shares_of_kinds()), np.exp(likely)
        for kind in range(bins.KIND_COUNT):
            joint[:, kind] = log + shares[:, kind, None]
            rows = np.flatnonzero(sample.looks[:, kind] < 1)
            if len(rows):
                instead = self.mixed(plain, kind, rows) - likely[rows]
                joint[:, kind] += add_up(instead, sample.case[rows], count)
        return chance, likely, before, joint

    def shares_of_kinds(self) -> np.ndarray:
        """Return the shares of the kinds of issuers before any retry, by case."""
        odds = self.odds
        return np.stack([odds.issuers, *odds.issuers_of.values()])[self.issuer]

    def mixed(self, plain: np.ndarray, kind: int, rows: np.ndarray) -> np.ndarray:
        """Return log-likelihoods of the answers to some retries under a kind of issuers.

        :param plain: likelihoods of retries by patterns, if the issuer looks
        """
        unseen = self.soon_likelihoods()[rows, None]
        if kind not in bins.MINDFUL:
            return np.broadcast_to(unseen, (len(rows), COUNT))
        share = self.sample.looks[rows, kind][:, None]
        return np.log(share * plain[rows] + (1 - share) * np.exp(unseen))

    def soon_likelihoods(self) -> np.ndarray:
        """Return the log-likelihood of each retry's outcome if it came too soon."""
        answered = np.log(self.odds.soon_answers)[self.outcome]
        return np.where(self.paid, _NOT_PAID_SOON, answered).astype(np.float32)

    def likelihoods(self, chance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return log-likelihoods of retries, and log weights of cases before any of them."""
        odds, sample = self.odds, self.sample
        answered = np.log(odds.answers).astype(np.float32)[self.bins, self.outcome[:, None]]
        likely = np.where(self.paid[:, None], np.log(chance), np.log1p(-chance) + answered)
        alone = np.clip(expit(odds.bins), 1e-5, 1 - 1e-5)
        by_outcome = np.concatenate([np.log1p(-alone), np.log(alone)]).astype(np.float32)
        log_prior = self._log_prior()
        told_before = by_outcome[self.past] * sample.past_trust[:, None]
        past = add_up(told_before, sample.past_case, len(sample.cases))
        # A method that is dead by now says nothing about earlier charges.
        alive = slice(0, DEAD_AT)
        past[:, DEAD_AT] = _log_sum(log_prior[:, alive] + past[:, alive]) - _log_sum(
            log_prior[:, alive]
        )
        stays = np.log1p(-odds.moved) + past[:, alive]
        past[:, alive] = np.logaddexp(stays, np.log(odds.moved) + past[:, DEAD_AT:])
        self.stays[:, alive] = np.exp(stays - past[:, alive])
        return likely, log_prior + past

    def _log_prior(self) -> np.ndarray:
        odds, sample = self.odds, self.sample
        log_prior = self.base[self.country, self.credit] + odds.habits[self.credit]
        log_prior += self.habits_of[self.country]
        log_prior += odds.suspects[sample.groups][:, FAMILY]
        log_prior[:, PAID] += np.where(self.opening >= 0, odds.opening[self.opening], 0.0)
        return log_prior

    def _fit_hazards(self, chance, likely, joint, belief, last: bool) -> None:
        odds, priors = self.odds, self.priors
        seen = self.find_seen(likely, joint)
        weight = seen * self.weight[:, None]
        slope = weight * (self.paid[:, None] - chance)
        curve = weight * chance * (1 - chance)
        past_slope, past_curve = self._past_slopes(belief)

        def by_bin(values):
            return np.bincount(self.bins.ravel(), values.ravel(), bins.BIN_COUNT)

        away = odds.bins - priors.bins
        gradient = by_bin(slope) + past_slope - priors.bins_precision @ away
        curvature = priors.bins_precision + np.diag(by_bin(curve) + past_curve)
        step = np.linalg.solve(curvature, gradient)
        slope[:, DEAD_AT] = curve[:, DEAD_AT] = 0
        self._fit_effects(slope.sum(axis=1), curve.sum(axis=1), last)
        failed = ~self.paid
        index = self.bins[failed] * GROUP_COUNT + self.outcome[failed][:, None]
        counts = np.bincount(index.ravel(), weight[failed].ravel(), bins.BIN_COUNT * GROUP_COUNT)
        counts = counts.reshape(bins.BIN_COUNT, GROUP_COUNT) + _ANSWERS_WORTH * priors.answers
        self.odds = replace(
            odds,
            bins=odds.bins + np.clip(step, -1, 1),
            bins_sd=np.sqrt(np.diag(np.linalg.inv(curvature))) if last else odds.bins_sd,
            answers=counts / counts.sum(axis=1, keepdims=True),
        )
        self._fit_issuers(joint, seen)

    def find_seen(self, likely: np.ndarray, joint: np.ndarray) -> np.ndarray:
        """Return the weight with which issuers looked at retries, retries by patterns.

        A retry tells about money only as far as they did.
        """
        sample = self.sample
        # Kinds without memory come first, by how long they refuse.
        calm = int(bins.MINDFUL[0])
        passed = np.rint(sample.looks[:, :calm].sum(axis=1)).astype(np.intp) - 1
        total = np.cumsum(joint[:, :calm], axis=1)[sample.case, passed]
        plain = np.exp(likely)
        unseen = np.exp(self.soon_likelihoods())[:, None]
        for kind in bins.MINDFUL:
            share = sample.looks[:, kind, None]
            looked = share * plain
            # What was paid was looked at.
            looked /= np.where(self.paid[:, None], looked, looked + (1 - share) * unseen)
            total += joint[sample.case, kind] * looked
        return total

    def _fit_issuers(self, joint: np.ndarray, seen: np.ndarray) -> None:
        """Count the kinds of issuers, and what is answered to charges that they do not look at."""
        prior, sample = self.priors.values["issuers"], self.sample
        # Only cases with a retry can tell.
        heard = np.bincount(sample.case, minlength=len(sample.cases)) > 0
        by_kind = joint.sum(axis=2) * (sample.weight * heard)[:, None]
        shares = by_kind.sum(axis=0) + prior["worth"] * np.array(prior["shares"])
        shares = shares / shares.sum()
        own = np.zeros((len(self.issuers) + 1, bins.KIND_COUNT))
        np.add.at(own, self.issuer, by_kind)
        own = own[1:] + prior["worth_of_one"] * shares
        of_each = zip(self.issuers, own / own.sum(axis=1, keepdims=True), strict=True)
        failed = ~self.paid
        unseen = (joint.sum(axis=(1, 2))[sample.case] - seen.sum(axis=1)) * self.weight
        answers = np.bincount(self.outcome[failed], np.maximum(unseen, 0)[failed], GROUP_COUNT)
        answers = answers + prior["worth"] * np.array(prior["answers"])
        self.odds = replace(
            self.odds,
            issuers=shares,
            issuers_of=dict(of_each),
            soon_answers=answers / answers.sum(),
        )

    def _past_slopes(self, belief: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return slope and curvature of the likelihood of earlier charges, by bin."""
        stays = belief * self.stays
        weight = stays[self.sample.past_case] * self.past_weight[:, None]
        weight[:, DEAD_AT] = 0
        count = np.bincount(self.past.ravel(), weight.ravel(), 2 * bins.BIN_COUNT)
        failed, paid = count[: bins.BIN_COUNT], count[bins.BIN_COUNT :]
        alone = expit(self.odds.bins)
        return paid - alone * (paid + failed), alone * (1 - alone) * (paid + failed)

    def _fit_effects(self, slope: np.ndarray, curve: np.ndarray, last: bool) -> None:
        gradient = self.design.T @ slope - self.precision @ (self.effects - self.mean)
        weighted = self.design * curve[:, None]
        curvature = (self.design.T @ weighted).astype(float) + self.precision
        step = np.linalg.solve(curvature, gradient)
        self.effects = self.effects + np.clip(step, -0.5, 0.5)
        if last:
            self.effects_sd = deviations(np.linalg.inv(curvature))

    def _fit_habits(self, belief: np.ndarray) -> None:
        """Move what is known at the opening of a case towards what its charges have shown.

        One block after the other, because all of them explain the same cases.
        """
        sds, recent = self.priors.values, self.sample.recent[:, None]
        blocks = (
            ("suspects", self._by_kind, self.priors.suspects, sds["suspects"]["sd"]),
            ("habits", self._by_pattern, 0.0, _TILT_SD),
            ("opening", self._by_age, self.priors.opening, sds["opening"]["sd"]),
            ("habits_of", self._by_country, 0.0, _COUNTRY_SD),
        )
        for name, add, prior, sd in blocks:
            log_prior = _normalise(self._log_prior())
            gradient, curvature = add(recent * (belief - log_prior)), add(recent * log_prior)
            value = self.habits_of if name == "habits_of" else getattr(self.odds, name)
            change = (gradient - (value - prior) / sd**2) / (curvature + 1 / sd**2)
            value = value + np.clip(change, -0.5, 0.5)
            if name == "habits_of":
                self.habits_of = value
            else:
                self.odds = replace(self.odds, **{name: value})
            if name == "habits":
                spread = (curvature + 1 / sd**2) ** -0.5
                self.odds = replace(self.odds, habits_sd=spread)

    def _fit_moved(self, belief: np.ndarray) -> None:
        """Count who is paid otherwise than before, among those who have a past and a retry."""
        prior, sample = self.priors.values["moved"], self.sample
        count = len(sample.cases)
        known = np.bincount(sample.past_case, minlength=count) > 0
        known &= np.bincount(sample.case, minlength=count) > 0
        weight = sample.recent * known
        moved = float(weight @ (belief * (1 - self.stays)).sum(axis=1))
        share = (moved + prior["worth"] * prior["share"]) / (weight.sum() + prior["worth"])
        self.odds = replace(self.odds, moved=float(share))

    def _by_country(self, amounts: np.ndarray) -> np.ndarray:
        """Add up amounts, cases by patterns, as each block of habits wants them."""
        total = np.zeros(self.habits_of.shape)
        np.add.at(total, self.country, amounts)
        return total

    def _by_kind(self, amounts: np.ndarray) -> np.ndarray:
        kinds, families = self.odds.suspects.shape
        kind = (self.sample.groups[:, None] * families + FAMILY[None, :]).ravel()
        return np.bincount(kind, amounts.ravel(), kinds * families).reshape(kinds, families)

    def _by_age(self, amounts: np.ndarray) -> np.ndarray:
        inside = self.opening >= 0
        return np.bincount(self.opening[inside], amounts[:, PAID][inside], len(self.odds.opening))

    def _by_pattern(self, amounts: np.ndarray) -> np.ndarray:
        return np.stack([amounts[self.credit == row].sum(axis=0) for row in (0, 1)])

    def _finish(self) -> Odds:
        size = bins.EFFECT_COUNT
        named: dict[str, dict[str, tuple[float, float]]] = {}
        for number, (kind, name) in enumerate(zip(self.kinds, self.names, strict=True)):
            pair = (float(self.effects[size + number]), float(self.effects_sd[size + number]))
            named.setdefault(kind, {})[name] = pair
        return replace(
            self.odds,
            effects=self.effects[:size],
            effects_sd=self.effects_sd[:size],
            named=named,
            habits_of=dict(zip(self.countries, self.habits_of, strict=True)),
            quick=self._count_quick(),
            evidence=float(self.weight.sum()),
        )

    def _count_quick(self) -> tuple[tuple[float, float], ...]:
        """Count paid and all retries right after technical failures in a row."""
        counts = np.zeros((4, 2))
        for case, weight in zip(self.sample.cases, self.sample.weight, strict=True):
            run = 0
            for observation in case.sequence.observations:
                if 0 < run <= len(counts):
                    counts[run - 1] += weight * (observation.outcome == SUCCESS), weight
                run = run + 1 if observation.outcome == bins.TECHNICAL else 0
        return tuple((float(paid), float(count)) for paid, count in counts)


def _normalise(log: np.ndarray) -> np.ndarray:
    """Return weights that add up to 1 in each row."""
    weight = np.exp(log - log.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def _log_sum(log: np.ndarray) -> np.ndarray:
    most = log.max(axis=1)
    return most + np.log(np.exp(log - most[:, None]).sum(axis=1))


def fit(sample: Sample, priors: Priors, start: Odds, rounds: int) -> Odds:
    """Return odds fitted to a sample.

    :param start: where to begin, the result of an earlier fit or the prior
    :param rounds: of expectation and maximisation; about 25 from the prior, 6 from a recent fit
    """
    return Fit(sample, priors, start).run(rounds)
