# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Worlds drawn at random: reproducible, within their ranges, honest about money, and no more."""

from pathlib import Path

import numpy as np
import pytest

from simulation import worlds
from simulation.streams import ladders
from simulation.streams.cases import CAUSES
from simulation.streams.issuers import CODE, PAID
from simulation.streams.runner import Player, Setting
from simulation.streams.views import Desk
from simulation.streams.zones import DAY, HOUR, calendar_days
from simulation.worlds import banks, draw, generate
from simulation.worlds.banks import Banks, refusal, refusals_in_turn, remember
from simulation.worlds.informed import informed
from simulation.worlds.ranges import RANGES

COUNT = 400
DRAWS = 60


def first(wanted, kind="teaching"):
    """Return the first world of a kind that is wanted."""
    return next(world for world in (draw(kind, n) for n in range(200)) if wanted(world))


@pytest.fixture(scope="module")
def debit():
    """Cases of a world with something to find, most of them of bank accounts."""
    return generate(first(lambda w: not w.nothing and w.values["credit_share"] < 0.4), 1, COUNT)


@pytest.fixture(scope="module")
def nothing():
    """Cases of both worlds in which there is nothing to find."""
    return {
        how: generate(first(lambda w, how=how: w.nothing == how), 1, 2500)
        for how in ("luck", "renewal")
    }


# Draws


def test_the_same_number_is_the_same_world_and_the_same_cases():
    one, other = (generate(draw("teaching", 5), 3, 150) for _ in range(2))
    assert one.world.values == other.world.values
    for name in ("opened", "amount", "bank", "pays_at"):
        assert (getattr(one, name) == getattr(other, name)).all(), name
    assert (one.paths.opening == other.paths.opening).all()
    at, memory = one.opened + 3 * DAY, one.fresh_memory()
    answers = [cases.charge(np.arange(150), at, memory)[0] for cases in (one, other)]
    assert (answers[0] == answers[1]).all()
    different = generate(draw("teaching", 5), 4, 150)
    assert not (one.opened == different.opened).all()


def test_the_sets_have_no_world_in_common():
    found = {
        tuple(draw(kind, number).values.values())
        for kind in worlds.KINDS
        for number in range(DRAWS)
    }
    assert len(found) == len(worlds.KINDS) * DRAWS
    streams = [draw(kind, 3).rng(1).random() for kind in worlds.KINDS]
    assert len(set(streams)) == len(streams), "their chance is another one, too"


def test_there_is_no_world_of_another_set_or_of_a_negative_number():
    with pytest.raises(ValueError, match="teaching, judging, final"):
        draw("testing", 0)
    with pytest.raises(ValueError, match="draw -1"):
        draw("final", -1)


def test_every_parameter_lies_in_its_range_and_says_where_that_is_from():
    drawn = [draw("judging", number) for number in range(DRAWS)]
    for name, one in RANGES.items():
        assert one.low < one.high and one.source.endswith("."), name
        values = np.array([world.values[name] for world in drawn])
        missing = values == 0
        assert bool(one.none) >= missing.any(), name
        assert (missing | (values >= one.low) & (values <= one.high)).all(), name
        assert np.ptp(values) > 0.5 * (one.high - one.low) * (0.3 if one.log else 1), name
    for world in drawn:
        assert 100 <= world.size <= 20_000
        for shares in (world.countries, *world.habits, *world.habits_after):
            assert sum(shares.values()) == pytest.approx(1, abs=0.01)
        for shares in (world.posting_shares, world.causes, world.price_shares):
            assert shares.sum() == pytest.approx(1)


def test_every_range_is_used():
    code = "".join(path.read_text() for path in Path(worlds.__file__).parent.glob("*.py"))
    for name in RANGES:
        uses = code.count(f'"{name}"') - 1
        assert uses or name.startswith("cause_"), name


def test_worlds_differ_in_what_there_is_to_find():
    tags = [draw("teaching", number).tags() for number in range(100)]
    seen = {tag for each in tags for tag in each}
    for tag in ("nothing: luck", "nothing: renewal", "no memory", "issuers resent", "drift"):
        assert tag in seen
    assert {"issuers count", "deposits: evening", "deposits: noon", "credit", "debit"} <= seen
    share = np.mean([each[0].startswith("nothing") for each in tags])
    assert 0.12 < share < 0.4


# Money


def test_no_money_appears_or_disappears(debit):
    paths = debit.paths
    flow = paths.opening + paths.paid + paths.other - paths.billed - paths.wanted
    limit = paths.people.limit[:, None].astype(np.float32)
    expected = np.minimum(np.maximum(flow, 0), limit)[:, :-1]
    assert np.allclose(expected, paths.opening[:, 1:], rtol=1e-3, atol=5)
    assert (paths.opening >= 0).all() and (paths.paid >= 0).all()


def test_the_hours_of_a_day_lead_from_one_midnight_to_the_next(debit):
    paths = debit.paths
    at_midnight = paths.balances(24.0)[:, :-1]
    # Spending that goes on after midnight is that of the day it began on.
    late = paths.people.day_ends <= 24
    assert np.allclose(at_midnight[late], paths.opening[late, 1:].clip(max=1e12), rtol=1e-3, atol=5)
    rows = np.arange(len(paths.people))
    column = np.full(len(rows), 20)
    one = paths.balance(rows, column, np.full(len(rows), 11.0))
    assert np.allclose(one, paths.balances(11.0)[:, 20], rtol=1e-5, atol=0.5)


def test_what_is_left_of_a_credit_line_never_exceeds_its_limit():
    cases = generate(first(lambda w: not w.nothing and w.values["credit_share"] > 0.6), 1, COUNT)
    credit = cases.paths.people.pays_down > 0
    limit = cases.paths.people.limit[credit, None]
    assert credit.any() and (cases.paths.opening[credit] <= limit * 1.0001).all()
    days = np.flatnonzero((cases.paths.paid[credit] > 0).any(axis=0))
    assert len(days) > 20, "lines are paid on days of their own, not all on one"


def test_who_fails_for_money_lacked_it_when_the_case_opened(debit):
    funds = debit.cause == CAUSES.index("funds")
    day, hour = debit.zones.local(debit.home, debit.opened)
    there = debit.paths.balance(debit.row, day - debit.first_day, hour) >= debit.amount
    assert funds.any() and not there[funds].any()
    assert (debit.first_answers()[0] != PAID).all()
    assert (np.diff(debit.opened) >= 0).all()


def test_first_charges_fail_for_the_reasons_of_the_world_in_any_world():
    for number in range(0, 24, 2):
        world = draw("judging", number)
        cases = generate(world, 1, 300)
        shares = np.bincount(cases.cause, minlength=len(CAUSES)) / 300
        assert np.abs(shares - world.causes).max() < 0.12, number
        assert (cases.first_answers()[0] != PAID).all(), number


def test_amounts_of_several_currencies_can_be_added():
    world = first(lambda w: "JP" in w.countries and len(w.countries) > 1)
    cases = generate(world, 1, 300)
    means = [cases.worth[cases.country == place].mean() for place in np.unique(cases.country)]
    assert max(means) < 3 * min(means)
    assert 0.0002 < cases.worth.mean() < 1


# Nothing to find


def test_luck_is_the_same_whenever_one_tries(nothing):
    cases = nothing["luck"]
    at = [ladders.run(cases, ladders.even(8, 28, hour)).recovered for hour in (8.0, 12.0, 19.0)]
    assert 0.2 < at[0].mean() < 0.8
    for other in at[1:]:
        assert (at[0] != other).mean() < 0.02
    early = ladders.run(cases, ladders.curve(8, 28, 2.0, 10.0)).recovered
    assert abs(early.mean() - at[0].mean()) < 0.02


@pytest.mark.parametrize("how", ["luck", "renewal"])
def test_no_hour_weekday_or_day_of_the_month_is_better(nothing, how):
    cases = nothing[how]
    index, memory = np.arange(len(cases)), cases.fresh_memory()
    paid, hours, days = [], [], []
    for after in range(1, 29):
        for hour in (8.0, 14.0, 19.0):
            day = cases.zones.local(cases.home, cases.opened)[0] + after
            at = cases.zones.instant(cases.home, day, hour)
            paid.append(cases.charge(index, at, memory)[0] == PAID)
            hours.append(np.full(len(index), hour))
            days.append(day)
    paid, hours, days = map(np.concatenate, (paid, hours, days))
    calendar = np.array(calendar_days(), "datetime64[D]")[days]
    of_month = (calendar - calendar.astype("datetime64[M]")).astype(int)
    for group in (hours, days % 7, of_month):
        shares = np.array([paid[group == one].mean() for one in np.unique(group)])
        # Each case counts many times: its draws are no independent ones.
        assert np.ptp(shares) < 0.15 * shares.mean() + 0.03, shares


def test_where_there_is_something_to_find_hours_differ():
    world = first(lambda w: w.posting == "evening" and not w.values["limited_share"])
    cases = generate(world, 1, 1200)
    morning, evening = (
        ladders.run(cases, ladders.even(8, 14, hour)).recovered.mean() for hour in (8.0, 19.0)
    )
    assert evening > morning + 0.005


# Issuers


def some_banks(**values):
    """Return three banks: one forgets, one resents, one counts."""
    three = {
        "patience": [0, 0.5, 0], "strength": [0, 1.0, 0], "half_life": [DAY, 2 * DAY, DAY],
        "count": [0, 0, 3], "count_seconds": [DAY, DAY, 10 * DAY], "vague": [0, 0, 0],
        "advises": [False] * 3, "window": [-1] * 3, "window_hours": [1] * 3,
    }  # fmt: skip
    columns = {name: np.array(column) for name, column in three.items()}
    return Banks(["1", "2", "3"], **columns, outages=np.zeros((3, 10), bool), _shares=None, _each=3)


def test_issuers_forget_resent_or_count():
    three, bank = some_banks(), np.arange(3)
    opened = np.full(3, 1e9)
    memory = remember(three, bank, opened, opened, np.zeros((3, banks.MEMORY)))
    after_one = refusal(three, bank, opened + HOUR, opened, memory)
    for tries in range(1, 4):
        at = opened + tries * DAY
        memory = remember(three, bank, at, opened, memory)
    soon = refusal(three, bank, opened + 4 * DAY, opened, memory)
    late = refusal(three, bank, opened + 6 * DAY, opened, memory)
    much_later = refusal(three, bank, opened + 40 * DAY, opened, memory)
    assert (soon[0], late[0]) == (0, 0), "the first remembers nothing"
    assert soon[1] > after_one[1] > late[1] > much_later[1] == pytest.approx(0, abs=1e-3)
    assert (soon[2], late[2], much_later[2]) == (1, 1, 0), "the third counts within ten days"


def test_several_charges_in_turn_are_refused_as_one_after_the_other():
    three, bank = some_banks(), np.arange(3)
    opened = np.full(3, 1e9)
    start = remember(three, bank, opened, opened, np.zeros((3, banks.MEMORY)))
    at = 1e9 + DAY * np.array([1, 1.5, 4, 9, 12.0])
    together, memory = refusals_in_turn(three, bank, at, 1e9, start), start
    for row, instant in zip(together, at, strict=True):
        times = np.full(3, instant)
        assert np.allclose(row, refusal(three, bank, times, opened, memory))
        memory = remember(three, bank, times, opened, memory)


def test_answers_do_not_depend_on_who_else_is_asked(debit):
    index, memory = np.arange(COUNT), debit.fresh_memory()
    at = debit.opened + 4.2 * DAY
    code, advice, after = debit.charge(index, at, memory)
    back = index[::-1]
    again = debit.charge(back, at[back], memory[back])
    assert (again[0] == code[back]).all() and (again[1] == advice[back]).all()
    assert (again[2] == after[back]).all() and (after[:, 0] == 2).all()


def test_dead_cards_stay_dead_until_another_is_on_file(debit):
    dead = np.flatnonzero(np.isneginf(debit.dies_at) & np.isinf(debit.replaced_at))
    code = debit.charge(dead, debit.opened[dead] + 9 * DAY, debit.fresh_memory()[dead])[0]
    assert len(dead) and (code != PAID).all()


# What is public


def test_a_merchant_sees_digits_and_zones_where_they_are_told():
    world = first(lambda w: w.values["issuer_known"] and len(w.countries) == 1)
    cases = generate(world, 1, 100)
    desk = Desk(cases)
    views = [desk.open(case, 8, 14) for case in range(100)]
    told = [bool(view.issuer) for view in views]
    assert told == cases.issuer_known.tolist() and any(told)
    for view in views:
        assert all(past.at < view.tried[0].at for past in view.history)
        assert view.funding in {"debit", "credit", "prepaid"} and view.currency
    hidden = generate(first(lambda w: not w.values["issuer_known"]), 1, 50)
    assert not any(Desk(hidden).open(case, 8, 14).issuer for case in range(50))


def test_customers_who_pay_by_themselves_are_recovered_without_a_charge(debit):
    outcomes = ladders.run(debit, ladders.even(8, 14))
    own = debit.pays_at <= debit.opened + 14 * DAY
    assert outcomes.recovered[own].all()
    assert (outcomes.seconds[own] <= (debit.pays_at - debit.opened)[own] + 1).all()

    class Waits:
        def next(self, view, now, rng):
            return None

    player = Player(debit, Waits())
    waited = player.play(Setting(8, 14))
    alive = own & (debit.dies_at > debit.opened + 14 * DAY)  # Another card is charged at once.
    assert waited.recovered[own].all() and not waited.attempts[alive].any()


def test_nobody_charges_more_often_than_the_networks_allow(debit):
    for schedule in (ladders.even(8, 28), ladders.even(8, 14).blind()):
        assert ladders.run(debit, schedule).attempts.max() <= debit.most_charges


def test_the_bound_keeps_the_rules_and_is_no_worse_than_a_ladder():
    world = first(lambda w: w.posting == "noon" and not w.nothing and len(w.countries) == 1)
    cases = generate(world, 1, 80)
    setting, index = Setting(4, 14), np.arange(0, 80, 2)
    found = informed(cases, (setting,), index)[setting]
    even = ladders.run(cases, ladders.even(4, 14))
    assert not found.dead_retries.any() and not found.early.any()
    assert not found.attempts[1::2].any(), "the other cases are not played"
    assert found.recovered[index].mean() >= even.recovered[index].mean() - 0.05


def test_codes_are_those_of_the_taxonomy(debit):
    code = debit.first_answers()[0]
    assert {CODE["insufficient_funds"], CODE["do_not_honor"]} <= set(code.tolist())
