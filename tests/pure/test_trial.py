# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A policy is played charge by charge: known answers are taken, all others are the odds'."""

import random
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenue_recovery.notices import Step
from revenue_recovery.timing.case import Case, Failure, Method
from revenue_recovery.timing.ceiling import check, shipped_rules
from revenue_recovery.timing.model.model import Model
from revenue_recovery.timing.plan.ladder import Ladder
from revenue_recovery.trial import processes
from revenue_recovery.trial.messages import listen
from revenue_recovery.trial.odds import find_hazards, find_retried
from revenue_recovery.trial.person import Person, Recorded, Terms, choose, simulate
from revenue_recovery.trial.play import Play
from revenue_recovery.trial.player import Player
from revenue_recovery.trial.result import find_own_shares
from revenue_recovery.trial.walk import _Walker, walk

OPENED = datetime(2026, 3, 3, 10, 15, tzinfo=timezone.utc)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MODEL = Model()
EVEN = Terms(Ladder(4, 8))


def make_person(*charges, key="1", opened=OPENED, reason="insufficient_funds", **values):
    decline_class = values.pop("decline_class", "later")
    case = Case((Failure(opened, reason, decline_class),), Method(network="visa"))
    recorded = tuple(
        Recorded(
            opened + days * DAY,
            None if answer is None else Failure(opened + days * DAY, *answer),
        )
        for days, answer in charges
    )
    return Person(key, case, 100.0, opened + 60 * DAY, 10000, charges=recorded, **values)


FUNDS = ("insufficient_funds", "later")


def go(person, terms=EVEN):
    return walk(person, terms, MODEL, shipped_rules(), random.Random(1))


def test_fixed_schedule_is_walked_to_its_end_where_nothing_is_known():
    found = go(make_person())
    assert len(found.charges) == 4
    assert not found.is_over
    assert all(each.recorded is None for each in found.charges)


def test_answer_of_a_charge_within_half_a_day_is_taken_and_of_one_further_away_is_not():
    near = go(make_person((2.3, None)))
    assert near.charges[0].recorded
    assert near.is_over
    assert len(near.charges) == 1, "it was paid"
    far = go(make_person((2.9, None)))
    assert not far.charges[0].recorded


def test_card_that_was_reported_stolen_is_not_charged_again():
    found = go(make_person((2, ("stolen_card", "never"))))
    assert len(found.charges) == 1
    assert found.is_over


@pytest.mark.parametrize("decline_class", ["never", "fix_data", "customer_action"])
def test_what_no_waiting_heals_is_not_charged_at_all(decline_class):
    assert not go(make_person(reason="x", decline_class=decline_class)).charges
    assert not go(replace(make_person(), has_method=False)).charges


def test_policy_without_charges_makes_none():
    assert not go(make_person(), Terms(None)).charges


def test_technical_trouble_is_tried_quickly_first_and_then_by_the_schedule():
    found = go(make_person(reason="issuer_not_available", decline_class="technical"))
    assert [each.run for each in found.charges][:5] == [1, 2, 3, 4, 0]
    hazards = find_hazards(make_person(), found, MODEL)
    assert (hazards.chance > 0).all()


def test_ceiling_is_met_and_counted():
    terms = Terms(Ladder(30, 20))
    met = go(make_person(), terms).count_rules()
    assert any(kind == "ceiling" and name for kind, name in met), met


def test_hours_for_charges_put_off_own_waits_and_are_counted():
    terms = Terms(Ladder(2, 8, (12.0, 24.0)))
    found = go(make_person(), terms)
    assert found.count_rules()["hours", ""]
    assert all(8 <= each.at.hour < 20 for each in found.charges)


def test_smart_schedule_is_walked_by_the_engine_itself_and_the_same_each_time():
    terms = Terms(Ladder(4, 14), is_smart=True)
    found = go(make_person(), terms)
    assert 1 <= len(found.charges) <= 4
    assert found.instants == go(make_person(), terms).instants


def test_who_paid_later_was_likelier_to_pay_before_and_who_refused_was_not():
    walked = go(make_person())
    chances = {
        name: 1 - np.prod(1 - find_hazards(person, walked, MODEL).chance)
        for name, person in (
            ("nothing", make_person()),
            ("paid", make_person((11, None))),
            ("refused", make_person((9, FUNDS), (11, FUNDS), (13, FUNDS), (16, FUNDS))),
        )
    }
    assert chances["paid"] > chances["nothing"] > chances["refused"]


def test_known_answers_are_certain():
    person = make_person((2, FUNDS), (4, None))
    hazards = find_hazards(person, go(person), MODEL)
    assert hazards.chance.tolist() == [0.0, 1.0]
    assert hazards.known.all()
    assert len(find_retried(person, MODEL)) == 2


def test_messages_are_those_of_the_life_that_is_drawn():
    steps = (Step("first"), Step("last", "exhausted"), Step("thanks", "recovered"))
    terms = replace(EVEN, steps=steps)
    person = make_person()
    walked = go(person, terms)
    lost = Counter(one.step for one in listen(person, terms, walked, None, 20))
    paid = Counter(one.step for one in listen(person, terms, walked, walked.instants[1], 20))
    assert lost == {"first": 1, "last": 1}
    assert paid == {"first": 1, "thanks": 1}
    barred = replace(person, barred=frozenset(["first"]))
    assert {one.step for one in listen(barred, terms, walked, None, 20)} == {"last"}


def test_own_payments_are_counted_among_those_who_could_still_make_them():
    persons = [make_person(key=str(n), own_at=OPENED + 2 * DAY) for n in range(2)]
    persons += [make_person((1, None), key=str(n)) for n in range(2, 4)]
    shares = find_own_shares(persons, 5)
    assert shares[:2].tolist() == [0, 0]
    assert shares[2:].tolist() == [1, 1, 1, 1]


def make_many(count=60):
    rng = random.Random(3)
    persons = []
    for number in range(count):
        opened = OPENED + rng.randrange(200) * DAY
        answer = None if rng.random() < 0.4 else FUNDS
        persons.append(make_person((4.0, answer), key=f"k{number}", opened=opened))
    return persons


def play(persons, terms, **kwargs):
    played = Play(persons, terms, MODEL, shipped_rules(), **kwargs)
    shares = list(played.go())
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    return played.sum_up()


def test_longer_policy_brings_more_and_the_same_one_the_same():
    persons = make_many()
    result = play(persons, [Terms(Ladder(8, 14)), Terms(Ladder(1, 3))])
    first, second = result["sides"]
    assert first["share"][1] > second["share"][1]
    assert result["verdict"] == "better"
    same = play(persons, [EVEN, EVEN])
    assert same["difference"] == [0, 0, 0]
    assert same["verdict"] == "same"


def test_result_adds_up_and_is_the_same_each_time():
    persons = make_many()
    result = play(persons, [EVEN])
    assert result == play(persons, [EVEN])
    (side,) = result["sides"]
    low, middle, high = side["share"]
    assert 0 < low < middle < high < 1
    assert side["curve"][-1] == side["share"]
    assert len(side["curve"]) == result["days"] + 1 == 9
    assert 0 < side["known"] < 1
    assert result["amount"] == pytest.approx(6000)
    assert 60 < side["tries"][1] < 240


def test_few_cases_and_few_charges_can_not_be_told():
    assert play(make_many(10), [EVEN])["why"] == "few"
    quiet = [replace(person, charges=()) for person in make_many()]
    result = play(quiet, [EVEN, Terms(Ladder(1, 3))])
    assert (result["why"], result["verdict"]) == ("no_retries", "unknown")


def test_simulated_customers_are_like_the_cases_and_nothing_of_them_is_known():
    persons = make_many()
    drawn = simulate(persons, 40)
    assert len({one.key for one in drawn}) == 40
    assert {one.opened for one in drawn} <= {one.opened for one in persons}
    assert not any(one.charges or one.own_at for one in drawn)
    result = play(persons, [EVEN], count=40)
    assert (result["count"], result["sides"][0]["known"]) == (40, 0)
    assert result["retries"] == 60


def test_some_of_many_are_chosen_always_the_same():
    persons = make_many(30)
    some = choose(persons, 10)
    assert len(some) == 10
    assert some == choose(persons[::-1], 10)


SMART = Terms(Ladder(8, 14), is_smart=True)
STEPS = (Step("first", 0), Step("later", 3))


def begin(real=40, **kwargs):
    terms = [replace(SMART, steps=STEPS), EVEN]
    return Play(make_many(real), terms, MODEL, shipped_rules(), **kwargs)


def test_same_comes_of_it_in_however_many_processes(monkeypatch):
    monkeypatch.setattr("revenue_recovery.trial.play._FEWEST", 1)
    for kwargs in ({}, {"count": 30}):
        alone, together = begin(**kwargs), begin(**kwargs)
        list(alone.go())
        monkeypatch.setattr(Player, "work", None)  # The processes have their own.
        shares = list(together.go(processes=2))
        monkeypatch.undo()
        monkeypatch.setattr("revenue_recovery.trial.play._FEWEST", 1)
        assert shares == sorted(shares)
        assert shares[-1] == 1
        assert together.sum_up() == alone.sum_up()


def watch_processes(monkeypatch):
    """Return a list to which all processes that are started are added."""
    started, start = [], processes._start

    def note():
        started.append(start())
        return started[-1]

    monkeypatch.setattr(processes, "_start", note)
    monkeypatch.setattr("revenue_recovery.trial.play._FEWEST", 1)
    return started


def test_processes_are_gone_when_nobody_waits_any_more(monkeypatch):
    started = watch_processes(monkeypatch)
    play = begin()
    with closing(play.go(processes=2)) as going:
        while not play.played:
            next(going)
    assert len(started) == 2
    assert all(child.returncode is not None for child in started)
    assert play.sum_up()["played"] == play.played < 40


def test_what_a_process_that_was_killed_had_to_play_is_played_all_the_same(monkeypatch):
    alone = begin()
    list(alone.go())
    started = watch_processes(monkeypatch)
    play = begin()
    going = play.go(processes=2)
    while not play.played:
        next(going)
    started[0].kill()
    assert list(going)[-1] == 1
    assert play.played == 40
    assert play.sum_up() == alone.sum_up()


def test_it_is_played_alone_where_no_process_can_be_started(monkeypatch):
    monkeypatch.setattr("revenue_recovery.trial.play._FEWEST", 1)

    def refuse(*_args, **_kwargs):
        raise PermissionError

    monkeypatch.setattr(processes.subprocess, "Popen", refuse)
    play = begin()
    assert list(play.go(processes=2))[-1] == 1
    assert play.played == 40


def test_trouble_of_a_case_comes_to_whoever_plays(monkeypatch):
    """Not as a process that has ended by itself."""
    monkeypatch.setattr("revenue_recovery.trial.play._FEWEST", 1)
    play = begin()
    play.persons[5] = replace(play.persons[5], amount="much", place=None)
    with pytest.raises(AttributeError):
        list(play.go(processes=2))


def test_something_is_told_however_early_it_ends():
    for kwargs in ({}, {"count": 30}):
        play = begin(**kwargs)
        next(play.go())
        result = play.sum_up()
        assert (result["played"], result["why"]) == (1, "few")


def check_ceiling(network, failures, hours):
    """Compare what a walk is told of the rules after a failure with what the rules say."""
    case = replace(
        make_person().case, failures=failures, method=Method(network=network, country="DE")
    )
    walker = _Walker(
        replace(make_person(), case=case), EVEN, MODEL, shipped_rules(), random.Random(1)
    )
    walker.case = case
    ceiling, found = walker._make_ceiling(), []
    for hour in hours:
        at = failures[-1].at + hour * HOUR
        block = check(shipped_rules(), ceiling._args[1], at, ceiling._charge)
        found.append((block.rule.name or block.rule.id) if block else "")
        assert ceiling.find(at) == found[-1]
        if not block:
            assert ceiling.first_allowed(at) == at
    return found


@given(st.data())
def test_walk_holds_each_charge_against_every_rule_that_matters(data):
    """Only some rules are looked at, and none where none can matter any more."""
    network = data.draw(st.sampled_from(["visa", "mastercard", "amex", "sepa", "ach", ""]))
    hours = sorted(data.draw(st.lists(st.integers(0, 400), min_size=1, max_size=25)))
    start = OPENED - data.draw(st.integers(-60, 2000)) * DAY
    codes = st.sampled_from(["05", "51", "43", "AM04", "MS03", "R01", "R29", ""])
    failures = tuple(
        Failure(start + hour * HOUR, "insufficient_funds", "later", data.draw(codes))
        for hour in hours
    )
    check_ceiling(network, failures, data.draw(st.lists(st.integers(0, 5000), max_size=10)))


def test_rules_that_bind_later_only_are_not_missed():
    debit = (Failure(OPENED, "insufficient_funds", "later", "AM04"),)
    assert [bool(name) for name in check_ceiling("sepa", debit, [24, 24 * 31])] == [False, True]
    # Ten declines in a day, right before a rule against them comes into force.
    evening = datetime(2022, 9, 30, 23, 30, tzinfo=timezone.utc)
    failures = tuple(Failure(evening + n * timedelta(minutes=1), *FUNDS) for n in range(10))
    names = check_ceiling("mastercard", failures, [0, 1, 48])
    assert [bool(name) for name in names] == [False, True, False]
