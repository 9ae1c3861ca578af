# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Strategies on the streams: fixed schedules, the rules that hold for everybody, and the bounds."""

from datetime import timedelta

import numpy as np
import pytest

from simulation.streams import POPULATIONS, generate, ladders
from simulation.streams.baselines import EvenLadder
from simulation.streams.cases import FIRST_DAY, JUDGED_DAYS, TRAINING_DAYS
from simulation.streams.clairvoyant import clairvoyant
from simulation.streams.history import HISTORY
from simulation.streams.informed import informed
from simulation.streams.runner import Player, Setting
from simulation.streams.views import Desk
from simulation.streams.zones import DAY

SETTINGS = (Setting(8, 14), Setting(4, 14))


def judged(name, count, seed=11):
    """Return cases of the weeks in which strategies are judged."""
    return generate(POPULATIONS[name], seed, count, FIRST_DAY + TRAINING_DAYS, JUDGED_DAYS)


@pytest.fixture(scope="module")
def hostile():
    return judged("hostile", 400)


class Scripted:
    """Charges after given days, whatever is answered, and remembers what it was shown."""

    probability = None

    def __init__(self, *days):
        self.days = days
        self.views, self.heard = [], []

    def next(self, view, now, rng):
        self.views.append(view)
        sent = len(view.tried) - 1
        if sent >= len(self.days):
            return None
        return view.tried[0].at + timedelta(days=self.days[sent])

    def learn(self, view, tried):
        self.heard.append((view.key, tried.at, tried.paid))


# Fixed schedules


def test_the_products_own_ladder_does_what_the_fast_schedule_does(hostile):
    for setting in (*SETTINGS, Setting(8, 28)):
        fast = ladders.run(hostile, ladders.even(setting.tries, setting.window))
        own = Player(hostile, EvenLadder()).play(setting)
        assert (fast.recovered != own.recovered).mean() < 0.01, setting
        assert abs(fast.attempts.sum() - own.attempts.sum()) < 0.01 * own.attempts.sum()


def test_a_decline_aware_schedule_never_charges_a_dead_method_again(hostile):
    schedule = ladders.even(8, 14)
    aware, blind = (ladders.run(hostile, each) for each in (schedule, schedule.blind()))
    assert aware.dead_retries.sum() == aware.early.sum() == 0
    assert blind.dead_retries.sum() > 0 and blind.early.sum() > 0
    assert aware.attempts.sum() < blind.attempts.sum()
    assert aware.recovered.sum() > blind.recovered.sum(), "technical repeats cost it no try"


def test_no_schedule_sends_more_charges_than_it_has_tries(hostile):
    for schedule in (*ladders.FIELD, *ladders.family(4, 14)):
        blind = ladders.run(hostile, schedule.blind())
        assert blind.attempts.max() <= len(schedule.days), schedule.name


def test_rungs_are_ascending_days_within_the_window(hostile):
    for tries, window in ((8, 14), (8, 28), (4, 14), (7, 7)):
        for schedule in ladders.family(tries, window):
            rungs = ladders.rungs(hostile, schedule)
            assert 0 < rungs.shape[1] <= tries
            assert (np.diff(rungs, axis=1) >= 0).all(), schedule.name
            assert (rungs[:, -1] <= hostile.opened + window * DAY).all(), schedule.name


# The rules that hold for everybody


def test_charges_out_of_hours_are_moved_and_counted(hostile):
    player = Player(hostile, Scripted(1.6))  # in the small hours
    player.play(Setting(8, 14))
    later = np.flatnonzero(player.outcomes.attempts)
    assert len(later) and player.log.misses >= len(later) * 0.8
    paid = np.flatnonzero(player.outcomes.recovered)
    at = hostile.opened[paid] + player.outcomes.seconds[paid]
    hour = hostile.zones.local(hostile.zone[paid], at)[1]
    assert ((hour >= 8) & (hour < 20)).all()


def test_nothing_is_charged_after_the_window_or_beyond_the_tries(hostile):
    player = Player(hostile, Scripted(*range(1, 30)))
    player.play(Setting(4, 10))
    refused = [view for view in player.strategy.views if view.tries_left <= 0]
    assert not [view for view in refused if view.tried[-1].decline_class != "technical"]
    spans = [view.tried[-1].at - view.tried[0].at for view in player.strategy.views]
    assert max(spans) <= timedelta(days=10)


def test_another_method_on_file_is_charged_once_without_being_asked(hostile):
    strategy = EvenLadder()
    player = Player(hostile, strategy)
    player.play(Setting(8, 28))
    end = hostile.opened + 28 * DAY
    back = (hostile.dies_at < hostile.opened) & (hostile.replaced_at < end - 2 * DAY)
    gone = (hostile.dies_at < hostile.opened) & (hostile.replaced_at > end)
    assert (player.outcomes.attempts[back] > 0).all()
    known = hostile.first_answers()[0][gone] != 2  # do_not_honor: not known to be dead
    assert (player.outcomes.attempts[gone][known] == 0).all()


def test_a_learner_hears_every_charge_nearly_in_order(hostile):
    strategy = Scripted(1, 3, 6)
    player = Player(hostile, strategy)
    player.play(Setting(8, 14), learn=True)
    assert len(strategy.heard) == player.outcomes.attempts.sum()
    when = [at for _key, at, _paid in strategy.heard]
    latest = when[0]
    for at in when:
        assert at > latest - timedelta(hours=12)
        latest = max(latest, at)
    deaf = Player(hostile, Scripted(1, 3, 6))
    assert (deaf.play(Setting(8, 14)).recovered == player.outcomes.recovered).all()


def test_cases_do_not_disturb_each_other(hostile):
    everybody = Player(hostile, EvenLadder()).play(Setting(8, 14))
    some = Player(hostile, EvenLadder()).play(Setting(8, 14), index=range(0, 400, 7))
    picked = np.arange(0, 400, 7)
    assert (everybody.recovered[picked] == some.recovered[picked]).all()
    assert (everybody.attempts[picked] == some.attempts[picked]).all()


def test_a_view_shows_what_a_merchant_knows(hostile):
    desk = Desk(hostile)
    for case in range(100):
        view = desk.open(case, 8, 14)
        assert [tried.paid for tried in view.tried] == [False]
        assert view.deadline - view.tried[0].at == timedelta(days=14)
        earlier = [past.at for past in view.history]
        assert earlier == sorted(earlier)
        assert all(at < view.tried[0].at for at in earlier)
        oldest = view.tried[0].at - timedelta(days=HISTORY + 2)
        assert all(at > oldest for at in earlier)
    assert any(past.paid for past in view.history)


# Bounds


def test_no_schedule_beats_the_clairvoyant(hostile):
    for window in (14.0, 28.0):
        most = clairvoyant(hostile, window)
        assert most.attempts.max() == 1 and not most.dead_retries.any()
        for schedule in ladders.family(8, window):
            other = ladders.run(hostile, schedule)
            # Attempts of the schedule may catch an instant between the hours looked at.
            assert (other.recovered & ~most.recovered).sum() <= 2, schedule.name


@pytest.mark.parametrize("name", ["hostile", "month_end"])
def test_bounds_stand_in_their_order_and_the_informed_knows_its_odds(name):
    cases = judged(name, 100)
    players = informed(POPULATIONS[name], cases, SETTINGS, seed=3)
    for setting, player in players.items():
        found = player.outcomes
        assert found.dead_retries.sum() == found.early.sum() == player.log.misses == 0
        most = clairvoyant(cases, setting.window).recovered
        ladder = ladders.run(cases, ladders.even(setting.tries, setting.window)).recovered
        assert most.mean() + 0.01 >= found.recovered.mean() >= ladder.mean() - 0.03, setting
        stated, paid = np.array(player.log.predictions, float).T
        assert stated.mean() == pytest.approx(paid.mean(), abs=0.07), setting
