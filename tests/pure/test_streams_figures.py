# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How the uplift benchmark reads outcomes: shares, paired intervals, calibration."""

import numpy as np
import pytest

from benchmarks.bench import uplift_play, uplift_report
from simulation.streams import POPULATIONS
from simulation.streams.ladders import Outcomes
from simulation.streams.runner import Setting

SETTING = Setting(8, 14)


@pytest.fixture(scope="module")
def result():
    found = uplift_play.begin(POPULATIONS["weekly"], 3, 600)
    uplift_play.play_ladders(found, (SETTING,), 3)
    return found


def outcomes(recovered):
    found = Outcomes.empty(len(recovered))
    found.recovered[:] = recovered
    return found


def test_calibration_error_is_the_distance_between_stated_and_seen():
    right = [(0.25, number % 4 == 0) for number in range(400)]
    assert uplift_play.calibration_error(right) == pytest.approx(0, abs=1e-9)
    boastful = [(0.85, number % 4 == 0) for number in range(400)]
    assert uplift_play.calibration_error(boastful) == pytest.approx(0.6)
    assert uplift_play.calibration_error(right + boastful) == pytest.approx(0.3)
    assert np.isnan(uplift_play.calibration_error([]))


def test_a_share_is_that_of_the_amount_and_lies_in_its_interval(result):
    recovered = np.arange(600) % 3 == 0
    resampling = uplift_report.Resampling(result, np.arange(600), 1)
    share = resampling.share(outcomes(recovered), "amount")
    amount = result.cases.amount
    assert share.value == pytest.approx(100 * amount[recovered].sum() / amount.sum(), rel=1e-4)
    low, high = share.interval()
    assert low < share.value < high
    cases = resampling.share(outcomes(recovered), "cases")
    assert cases.value == pytest.approx(100 / 3)


def test_paired_differences_are_surer_than_the_shares_they_come_from(result):
    recovered = np.arange(600) % 3 == 0
    one_more = recovered.copy()
    one_more[1] = True
    resampling = uplift_report.Resampling(result, np.arange(600), 1)
    shares = [resampling.share(outcomes(each), "amount") for each in (recovered, one_more)]
    difference = shares[1] - shares[0]
    assert np.ptp(difference.interval()) < np.ptp(shares[0].interval()) / 3
    assert difference.interval()[0] >= -1e-3
    mean = uplift_report.mean(shares)
    assert mean.value == pytest.approx((shares[0].value + shares[1].value) / 2)


def test_who_played_some_cases_is_compared_on_those(result):
    best = result.outcomes[SETTING][uplift_play.BEST]
    same = Outcomes.empty(600)
    same.recovered[result.index] = best.recovered[result.index]
    result.outcomes[SETTING]["same"] = same
    result.some.add("same")
    figures = uplift_report.Figures(result, SETTING, 1)
    assert figures.points["same"].value == pytest.approx(0, abs=1e-4)
    assert figures.amount["same"].value == figures.amount[uplift_play.BEST].value


def test_hindsight_finds_a_schedule_at_least_as_good_as_the_usual_one(result):
    figures = uplift_report.Figures(result, SETTING, 1)
    assert figures.points[uplift_play.LADDER].value < 2.0
    assert figures.points["daily, at most 8, blind"].value < -5.0
