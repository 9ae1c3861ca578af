# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Streams of cases: reproducible, honest about money, and different where they should be."""

import numpy as np
import pytest

from simulation.streams import POPULATIONS, generate
from simulation.streams.cases import CAUSES
from simulation.streams.history import HISTORY
from simulation.streams.issuers import ADVICE_DAYS, CODE, CODES, IS_TECHNICAL, advise, answer
from simulation.streams.noise import uniform
from simulation.streams.zones import DAY, HOUR, Zones, calendar_days, to_datetime

COUNT = 1500


@pytest.fixture(scope="module")
def streams():
    return {name: generate(POPULATIONS[name], 5, COUNT) for name in POPULATIONS}


def ask(cases, index, days, hour=10.0):
    """Return answers to first retries at an hour of the days after the opening."""
    index = np.asarray(index)
    day = cases.first_day[index] + HISTORY + days
    at = cases.zones.instant(cases.zone[index], day, hour)
    return answer(cases, index, at, cases.opened[index])


# One stream


def test_the_same_seed_gives_the_same_stream():
    one, other = (generate(POPULATIONS["mixture"], 3, 300) for _ in range(2))
    assert (one.opened == other.opened).all() and (one.amount == other.amount).all()
    assert (one.paths.opening == other.paths.opening).all()
    assert (ask(one, range(300), 3) == ask(other, range(300), 3)).all()
    different = generate(POPULATIONS["mixture"], 4, 300)
    assert not (one.opened == different.opened).all()


def test_cases_open_one_after_the_other_with_a_decline_in_the_morning(streams):
    for cases in streams.values():
        assert (np.diff(cases.opened) >= 0).all()
        assert (cases.first_answers()[0] != CODE["paid"]).all()
        hour = cases.zones.local(cases.zone, cases.opened)[1]
        assert ((hour >= 8) & (hour < 12)).all()


def test_answers_do_not_depend_on_who_else_is_asked(streams):
    cases = streams["hostile"]
    together = ask(cases, range(COUNT), 5)
    backwards = ask(cases, range(COUNT)[::-1], 5)[::-1]
    alone = np.array([ask(cases, [number], 5)[0] for number in range(200)])
    assert (together == backwards).all()
    assert (together[:200] == alone).all()


def test_an_answer_depends_on_the_charge_before_it_only_through_its_instant(streams):
    cases = streams["hostile"]
    index = np.arange(COUNT)
    at = cases.opened + 6 * DAY
    rested = answer(cases, index, at, cases.opened)
    hasty = answer(cases, index, at, at - 2 * HOUR)
    assert (rested == 0).sum() > 2 * (hasty == 0).sum()
    assert not ((hasty == 0) & (rested != 0)).any(), "an earlier charge never helps"


def test_reasons_have_the_shares_that_processors_see(streams):
    for name, cases in streams.items():
        code = cases.first_answers()[0]
        shares = {CODES[number]: (code == number).mean() for number in range(len(CODES))}
        assert 0.25 < shares["insufficient_funds"] < 0.65, name
        assert shares["insufficient_funds"] == max(shares.values()), name
        assert 0.03 < IS_TECHNICAL[code].mean() < 0.12, name
        assert 0.03 < shares["expired_card"] < 0.08, name
        assert 0.02 < shares["authentication_required"] < 0.08, name


# Money


def test_no_money_appears_or_disappears_on_accounts(streams):
    for cases in streams.values():
        paths = cases.paths
        there = paths.opening[:, :-1] + paths.received[:, :-1] - paths.spent[:, :-1]
        assert np.allclose(there, paths.opening[:, 1:], rtol=1e-4, atol=2.0)
        assert (paths.opening >= 0).all() and (paths.received >= 0).all()
        assert (paths.spent >= -2.0).all()


def test_a_balance_rises_within_a_day_only_when_pay_is_booked(streams):
    cases = streams["month_end"]
    rows, day = np.arange(COUNT), np.full(COUNT, HISTORY + 4)
    hours = np.arange(0, 24, 0.5)
    balances = np.array([cases.paths.balance(rows, day, np.full(COUNT, hour)) for hour in hours])
    rose = np.diff(balances, axis=0) > 0
    when = hours[1:][rose.argmax(axis=0)][rose.any(axis=0)]
    assert rose.sum(axis=0).max() <= 1
    assert (when == cases.paths.pay_hour[rose.any(axis=0)]).all()


def test_who_fails_for_money_lacked_it_when_the_case_opened(streams):
    for cases in streams.values():
        funds = np.flatnonzero(cases.cause == CAUSES.index("funds"))
        day, hour = cases.zones.local(cases.zone[funds], cases.opened[funds])
        assert not cases.is_funded(funds, day, hour).any()


# Structure


def rises(cases, by):
    """Return the share of payers short of money whose account begins to cover the amount, by day.

    :param by: function of a date
    """
    funds = np.flatnonzero(cases.cause == CAUSES.index("funds"))
    daily = cases.paths.balances(17.0) >= cases.amount[:, None]
    begins = daily[funds, 1:] & ~daily[funds, :-1]
    days = cases.first_day[funds][:, None] + np.arange(1, daily.shape[1])[None, :]
    group = np.array([by(day) for day in calendar_days()])[days]
    return {key: begins[group == key].mean() for key in np.unique(group)}


def contrast(cases, by):
    """Return how much likelier money comes in the best group than on average."""
    found = rises(cases, by)
    return max(found.values()) / np.mean(list(found.values()))


def test_pay_days_show_in_the_calendar_where_there_are_some(streams):
    by_day = {name: contrast(cases, lambda day: day.day) for name, cases in streams.items()}
    by_weekday = {
        name: contrast(cases, lambda day: day.weekday()) for name, cases in streams.items()
    }
    assert by_day["month_end"] > 3 and by_day["twice_a_month"] > 3
    assert by_weekday["weekly"] > 2 > by_weekday["memoryless"]
    assert by_day["memoryless"] < 1.5 and by_weekday["memoryless"] < 1.2


def test_pay_days_move_where_they_are_said_to(streams):
    cases = streams["changing"]
    shift = POPULATIONS["changing"].shift
    found = rises(cases, lambda day: day.day + (100 if day >= shift else 0))
    # The 1st may fall on a weekend, and is then paid before; the 15th may be the 14th or 13th.
    assert found[1] > 3 * found[101] and found[115] > 3 * found[15]


def test_hostile_issuers_refuse_quick_repeats(streams):
    def repeated(cases):
        index = np.arange(COUNT)
        at = cases.opened + 8 * DAY
        rested, hasty = (answer(cases, index, at, at - wait) for wait in (8 * DAY, DAY))
        return (hasty == 0).sum() / (rested == 0).sum()

    assert repeated(streams["hostile"]) < 0.6 < 0.9 < repeated(streams["month_end"])


# Issuers


def test_advice_is_right_most_of_the_time_and_mastercards_alone(streams):
    cases = streams["month_end"]
    index = np.arange(COUNT)
    code, advice = cases.first_answers()
    assert set(np.unique(cases.brand[advice > 0])) == {"mastercard"}
    told = index[advice > 0]
    day = cases.zones.local(cases.zone[told], cases.opened[told])[0]
    wait = np.minimum(cases.days_until_funded(told, day), 10)
    right = ADVICE_DAYS[advice[told]] >= wait
    assert 0.6 < right.mean() < 0.95
    later = advise(cases, told, cases.opened[told], np.full(len(told), CODE["stolen_card"]))
    assert not later.any(), "a dead card gets no advice to wait"


def test_dead_cards_stay_dead_until_they_are_replaced(streams):
    cases = streams["twice_a_month"]
    dead = np.flatnonzero(np.isneginf(cases.dies_at))
    assert (ask(cases, dead, 20)[cases.replaced_at[dead] == np.inf] != 0).all()
    back = dead[cases.replaced_at[dead] < cases.opened[dead] + 10 * DAY]
    assert (ask(cases, back, 20) == 0).mean() > 0.3


def test_outages_end_and_leave_the_money_where_it_was(streams):
    cases = streams["weekly"]
    out = np.flatnonzero(cases.cause == CAUSES.index("technical"))
    assert (ask(cases, out, 4) == 0).mean() > 0.5


# Instants and chance


def test_local_hours_are_right_in_summer_and_winter():
    zones = Zones(("America/New_York", "Europe/Berlin", "Asia/Tokyo"))
    number = np.array([0, 1, 2])
    for day in (100, 250, 305, 333, 334, 400):
        at = zones.instant(number, np.full(3, day), 9.5)
        back = zones.local(number, at)
        assert (back[0] == day).all() and np.allclose(back[1], 9.5)
        assert to_datetime(at[0]).utcoffset().total_seconds() == 0


def test_chance_is_even_and_depends_on_case_hour_and_purpose():
    seeds = np.arange(20000, dtype=np.uint64)
    draws = uniform(seeds, np.full(20000, 7), 1)
    assert draws.min() >= 0 and draws.max() < 1 and abs(draws.mean() - 0.5) < 0.01
    assert (draws == uniform(seeds, np.full(20000, 7), 1)).all()
    for other in (uniform(seeds, np.full(20000, 8), 1), uniform(seeds, np.full(20000, 7), 2)):
        assert abs(np.corrcoef(draws, other)[0, 1]) < 0.03
