# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How the uplift benchmark judges on drawn worlds: on a world made by hand, number by number."""

from datetime import datetime, timezone
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.bench import uplift_figures as figures
from benchmarks.bench import uplift_worlds as play
from benchmarks.bench.output import Bars
from benchmarks.bench.uplift_worlds import BEST, INFORMED, OWN, SMART, Played, WorldResult
from simulation.streams import ladders
from simulation.streams.runner import Player, Setting
from simulation.worlds import draw, generate

SETTING = Setting(8, 14)


def played(recovered, attempts=None, index=None, **values):
    recovered = np.array(recovered, bool)
    return Played(
        recovered=recovered,
        attempts=np.array(attempts if attempts is not None else [1] * len(recovered)),
        dead=values.pop("dead", 0),
        early=values.pop("early", 0),
        index=np.arange(len(recovered)) if index is None else np.array(index),
        **values,
    )


def world(number=0, size=1000, nothing=""):
    tags = (f"nothing: {nothing}",) if nothing else ("debit",)
    return SimpleNamespace(
        name=f"teaching {number}", number=number, size=size, nothing=nothing, tags=lambda: tags
    )


def result(smart, best, own=None, number=0, judged=None, amount=(10, 20, 30, 40), **values):
    """Return a world of four cases; each arm says which of them it recovered."""
    arms = {OWN: played(own or best), BEST: played(best), SMART: played(smart)}
    arms |= values.pop("arms", {})
    judged = np.ones(4, bool) if judged is None else np.array(judged, bool)
    found = world(number, **values)
    return WorldResult(found, np.array(amount, float), judged, {SETTING: arms})


# Points


def test_points_are_the_difference_of_the_recovered_amount():
    one = result(smart=[1, 0, 0, 1], best=[1, 1, 0, 0])
    found = figures.points(one, SETTING, SMART, BEST)
    assert found.value == pytest.approx(20)  # 40 more, 20 less, of 100
    gain = np.array([0, -20, 0, 40]) - 0.2 * np.array([10, 20, 30, 40])
    assert found.error == pytest.approx(np.sqrt((gain**2).sum()))
    assert figures.recovered(one, SETTING, BEST) == pytest.approx(30)


def test_the_control_group_is_not_compared():
    one = result(smart=[1, 0, 0, 1], best=[1, 1, 0, 0], judged=[1, 1, 1, 0])
    assert figures.points(one, SETTING, SMART, BEST).value == pytest.approx(-100 * 20 / 60)
    assert figures.tries([one], SETTING, SMART) == pytest.approx(3)


def test_the_way_to_the_bound_is_measured_on_the_cases_that_it_played():
    arms = {INFORMED: played([1, 1, 1, 1], index=[0, 1])}
    one = result(smart=[0, 1, 0, 1], best=[0, 0, 1, 0], arms=arms)
    # Of cases 0 and 1 the bound wins 30 of 30, the schedule 20.
    assert figures.way([one], SETTING) == pytest.approx(100 * 20 / 30)
    assert figures.points(one, SETTING, INFORMED, BEST).value == pytest.approx(100)


def test_worlds_are_cut_into_four_by_the_size_of_the_merchant():
    results = [result([1] * 4, [0] * 4, number=n, size=size) for n, size in enumerate([9, 2, 5, 7])]
    sizes = [[one.world.size for one in part] for part in figures.quarters(results)]
    assert sizes == [[2], [5], [7], [9]]


def test_tries_for_a_recovery_count_every_judged_case():
    one = result([1, 1, 0, 0], [1, 0, 0, 0])
    one.played[SETTING][SMART].attempts = np.array([1, 2, 8, 8])
    assert figures.tries([one, one], SETTING, SMART) == pytest.approx(19 / 2)


# Promises


def test_promises_are_compared_by_number_of_the_try_after_so_many_cases():
    one = result([1] * 4, [1] * 4)
    early = [(0.9, 0, 1, figures.LEARNED - 1)] * 50
    first = [(0.5, number % 2, 1, figures.LEARNED) for number in range(40)]
    second = [(0.4, number % 5 == 0, 2, 500) for number in range(50)]
    quick = [(0.7, 1, 0, 500)] * 10
    one.played[SETTING][SMART].stated = np.array(early + first + second + quick, float)
    found = figures.by_try(figures.promises([one], (SETTING,)))
    assert [(number, charges) for number, charges, *_ in found] == [(1, 40), (2, 50)]
    assert found[0][2:] == (pytest.approx(0.5), pytest.approx(0.5))
    assert found[1][2:] == (pytest.approx(0.4), pytest.approx(0.2))


# Goals


def lines_of(results):
    bars = Bars()
    figures.add_bars(bars, results, (SETTING,))
    figures.add_conduct(bars, results)
    return dict(bars._lines)


def test_goals_are_missed_by_a_single_bad_world_among_forty():
    good = [result([1, 1, 1, 1], [1, 1, 1, 0], number=number) for number in range(39)]
    bad = result([1, 1, 0, 1], [1, 1, 1, 1], number=39)
    all_good = lines_of(good)
    with_bad = lines_of([*good, bad])
    worst = "bar 8 in 14: worst world: -30.00 (goal at least -1.00) missed"
    assert not with_bad[worst]
    low = "bar 8 in 14: % of worlds below -0.5: 2.5 (goal at most 5.0) ok"
    assert with_bad[low], "one in twenty may lie below"
    assert all_good["bar 8 in 14: points to best fixed: 40.00 (goal at least 1.20) ok"]


def test_worlds_with_nothing_to_find_have_a_goal_of_their_own():
    nothing = result([0, 1, 1, 1], [1, 1, 1, 1], nothing="luck")
    lines = lines_of([nothing, result([1] * 4, [0] * 4, number=1)])
    goal = "bar 8 in 14: worlds with nothing to find: -10.00 (goal at least -0.20) missed"
    assert not lines[goal]


def test_a_promise_that_runs_ahead_misses_its_goal():
    one = result([1] * 4, [1] * 4)
    stated = [(0.6, number % 2, 1, 900) for number in range(figures.CHARGES)]
    one.played[SETTING][SMART].stated = np.array(stated, float)
    lines = lines_of([one])
    assert not lines["bar promised over seen, highest: 1.20 (goal at most 1.10) missed"]
    assert not lines["bar calibration error: 0.100 (goal at most 0.030) missed"]
    one.played[SETTING][SMART].stated = one.played[SETTING][SMART].stated[1:]
    assert not [line for line in lines_of([one]) if "lowest" in line], "199 charges say too little"


def test_conduct_counts_every_arm_but_the_clairvoyant():
    arms = {OWN: played([1] * 4, [15, 1, 1, 1], dead=2), BEST: played([1] * 4, early=1)}
    lines = lines_of([result([1] * 4, [1] * 4, arms=arms)])
    assert not lines["bar worlds: charges of dead methods: 2 (goal at most 0) missed"]
    assert [line for line in lines if "network allows: 1" in line]
    assert [line for line in lines if "ceiling: 1" in line]


# Playing


def test_small_merchants_play_several_times_and_large_ones_are_thinned():
    plan = play.Plan(cases=1000, most=600, bound=10)
    assert plan.merchants(world(size=120)) == (8, 120)
    assert plan.merchants(world(size=600)) == (2, 600)
    assert plan.merchants(world(size=15_000)) == (2, 600)
    assert play.Plan(1000, 10**6, 10).merchants(world(size=15_000)) == (1, 15_000)


@pytest.fixture(scope="module")
def cases():
    return generate(draw("teaching", 3), 100, 150)


class Never:
    """An engine that never charges, and remembers what it heard."""

    probability = None

    def __init__(self):
        self.heard = []

    def next(self, view, now, rng):
        return None

    def learn(self, view, tried, control=False):
        self.heard.append(control)


def test_the_control_group_keeps_the_fixed_schedule_and_teaches(cases):
    control, engine = play.is_control(cases), Never()
    assert 0.03 < control.mean() < 0.2
    player = Player(cases, play.AsShipped(engine, control))
    outcomes = player.play(SETTING, learn=True)
    even = ladders.run(cases, ladders.even(8, 14))
    assert (outcomes.recovered[control] == even.recovered[control]).mean() > 0.9
    by_ladder = outcomes.attempts[control].sum()
    assert engine.heard.count(True) == by_ladder > 0
    alive = ~control & (cases.dies_at > cases.opened + 60 * 86400)
    assert not outcomes.attempts[alive].any()


def test_what_was_played_is_kept_until_its_code_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(play, "read_settings", lambda: SimpleNamespace(cache=tmp_path))
    monkeypatch.setattr(play, "_hashes", {})
    made = []

    def make():
        made.append(datetime(2026, 1, 1, tzinfo=timezone.utc))
        return len(made)

    parts = ("dev/simulation/countries.py",)
    assert [play.read_cached(("a", 1), parts, make) for _ in range(2)] == [1, 1]
    assert play.read_cached(("a", 2), parts, make) == 2
    other = ("dev/simulation/accounts.py",)
    assert play.read_cached(("a", 1), other, make) == 3, "other code is played anew"
    for path in (tmp_path / "uplift").rglob("*a_1.pickle"):
        path.write_bytes(b"half")
    assert play.read_cached(("a", 1), parts, make) == 4, "what was half written is made again"


def test_a_hash_depends_on_every_file_of_code_and_data():
    folder = play.source_hash(("dev/simulation/worlds",))
    assert folder == play.source_hash(("dev/simulation/worlds",))
    assert folder != play.source_hash(("dev/simulation/streams",))
