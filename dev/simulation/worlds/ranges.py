# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The ranges from which a world is drawn, each with where it is from.

They are wide on purpose: what a merchant will meet is not known, and an engine that is judged here
must do without knowing it. "Judgement" says that nobody publishes a figure.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Range(NamedTuple):
    """Between which values a parameter is drawn.

    :param source: one sentence: where the range is from
    :param log: evenly on the logarithm
    :param none: share of worlds in which the parameter is 0 instead: they have nothing of it
    """

    low: float
    high: float
    source: str
    log: bool = False
    none: float = 0.0

    def draw(self, rng: np.random.Generator) -> float:
        """Return a value, or 0 where the world has nothing of it."""
        chance, at = rng.random(2)
        if chance < self.none:
            return 0.0
        if self.log:
            return float(self.low * (self.high / self.low) ** at)
        return float(self.low + (self.high - self.low) * at)


RANGES: dict[str, Range] = {
    # The merchant
    "failures_a_year": Range(
        100,
        20_000,
        "From a club with some hundred members to a software firm; judgement.",
        log=True,
    ),
    "due_hour": Range(
        0, 23, "Subscription software charges at the hour of sign-up or in a nightly job."
    ),
    "due_spread_hours": Range(
        0.2, 8, "A nightly job is quick, anniversaries are spread; judgement."
    ),
    "due_on_the_first": Range(
        0.2,
        0.9,
        "Billing systems offer anniversary and calendar billing; with the latter all are due "
        "on the 1st.",
        none=0.6,
    ),
    "price_of_monthly_pay": Range(
        0.002, 0.08, "From a streaming service to a gym with insurance; judgement.", log=True
    ),
    "price_spread": Range(0.2, 1.0, "Standard deviation of the logarithm; judgement."),
    "tenure_months": Range(
        2, 24, "Monthly churn of subscription merchants is published at 3 to 40 percent.", log=True
    ),
    "time_zone_known": Range(
        0.0, 0.5, "Few customers have a user account, which is where a time zone is kept.", none=0.3
    ),
    "issuer_known": Range(
        0.6,
        1.0,
        "Some providers tell the card's first digits with each charge, others never.",
        none=0.5,
    ),
    # Why a first charge fails: weights, which are then drawn from a Dirichlet distribution
    "cause_funds": Range(
        0.4, 0.75, "Recovery vendors and Spreedly (2018) see half and more fail for lack of funds."
    ),
    "cause_risk": Range(0.05, 0.3, "'Do not honor' is the second commonest answer everywhere."),
    "cause_technical": Range(0.01, 0.12, "Issuer or switch not available: a few percent."),
    "cause_dead": Range(
        0.02, 0.12, "Lost, stolen and closed; a few percent of stored cards a year."
    ),
    "cause_expired": Range(
        0.01, 0.1, "Cards live three to five years, updaters find most of them."
    ),
    "cause_authentication": Range(
        0.0, 0.12, "Europe's rules ask for authentication, the United States hardly know it."
    ),
    # People
    "credit_share": Range(
        0.08,
        0.92,
        "Nilson and central banks: debit is four fifths of cards in France, a tenth in Japan.",
    ),
    "prepaid_share": Range(0.01, 0.1, "Prepaid cards are a few percent of cards.", none=0.5),
    "steady_share": Range(
        0.3, 0.8, "Of those who fail for another reason, who would have had the money; judgement."
    ),
    "idle_share": Range(0.02, 0.25, "Accounts with little activity keep cards on file; judgement."),
    "commitments": Range(
        0.2,
        0.9,
        "Households spend a fifth to two thirds of their income on rent, energy and debt "
        "(Eurostat, BLS); whose charges fail, more.",
    ),
    "bills_after_pay": Range(
        0.1,
        0.9,
        "Baugh, Leary and Wang (2017): some commitments follow pay within days, others have "
        "a date of their own.",
    ),
    "bills_at_once": Range(
        0.0,
        0.8,
        "Of bills that follow pay, those that leave in the next run: transfers to a joint account "
        "or to savings, rent, overdrafts.",
    ),
    "bills_at_night": Range(
        0.2, 1.0, "Direct debits and standing orders leave in the night run, others by day."
    ),
    "appetite": Range(
        0.85, 1.5, "Wanted spending beside what is left of pay: who fails wants more than there is."
    ),
    "drain_a_day": Range(
        0.05,
        1.2,
        "Rate. Olafsson and Pagel (2018), Stephens (2006): spending jumps with pay and falls until "
        "the next; some move pay on within a day.",
        log=True,
    ),
    "side_receipts_a_month": Range(
        0.1, 6, "Transfers between people, refunds, sales: none to some a week.", log=True
    ),
    "gig_share": Range(
        0.05,
        0.6,
        "Pew (2021) and JPMorgan Chase Institute (2018): 2 to 16 percent have platform income; "
        "more where merchants sell to them.",
        none=0.3,
    ),
    "benefit_share": Range(
        0.03, 0.3, "A tenth to a fifth of households live mainly on pensions or benefits.", none=0.3
    ),
    "pay_late": Range(0.0, 0.12, "Share of pays that come a day late; judgement.", none=0.3),
    "pay_before_holiday": Range(
        0.5, 1.0, "Payroll is moved before a day off as a rule, after it by some (Nacha, SEPA)."
    ),
    # Credit lines
    "limit_of_monthly_pay": Range(
        0.3, 3.0, "Mean limits are one to several monthly incomes, new cards far below.", log=True
    ),
    "revolver_share": Range(
        0.35,
        0.95,
        "Half of US card holders carry a balance (Federal Reserve, SHED); more of those who fail.",
    ),
    "minimum_payment": Range(
        0.02, 0.35, "Revolvers pay the minimum, 1 to 5 percent, or some more.", log=True
    ),
    "pays_line_on_pay_day": Range(
        0.0, 0.4, "Some pay when money comes and not when the statement asks; judgement."
    ),
    "misses_payment": Range(
        0.0, 0.25, "Delinquency of cards is 3 to 12 percent, higher for new ones."
    ),
    # Banks
    "issuers": Range(
        4, 25, "A handful of banks have most cards of a country, and there is a tail."
    ),
    "resentful_share": Range(
        0.25,
        1.0,
        "Networks fine excessive retries because issuers score them as fraud; how many issuers do "
        "is not published.",
        none=0.45,
    ),
    "memory_half_life_hours": Range(
        8, 600, "Velocity features of fraud scores look back hours to weeks.", log=True
    ),
    "memory_strength": Range(0.15, 2.0, "Judgement.", log=True),
    "memory_patience": Range(0.0, 2.5, "Tries without any effect; judgement."),
    "counting_share": Range(
        0.0, 1.0, "Of resentful issuers, those that refuse by count: velocity rules are counts."
    ),
    "count_limit": Range(2, 7, "Velocity rules allow two to ten tries in their time."),
    "count_days": Range(1, 60, "Velocity rules count per day, week, month, or quarter.", log=True),
    "vague_share": Range(
        0.05, 0.95, "Code 05 is 10 to 60 percent of issuers' declines, by country and issuer."
    ),
    "advising_share": Range(
        0.1, 0.9, "Mastercard asks issuers for advice codes; how many send them differs.", none=0.45
    ),
    "advice_right": Range(0.3, 0.9, "Nobody publishes how often advice comes true; judgement."),
    "window_share": Range(
        0.1, 0.8, "Banks' nightly batch runs make some unavailable for an hour to five.", none=0.4
    ),
    "window_fails": Range(0.2, 0.9, "Share of charges that fail in such an hour; judgement."),
    "window_hours": Range(1, 5, "Published maintenance windows last one to five hours."),
    "outages_a_year": Range(
        0.5, 12, "Central banks' incident reports: some a year at most banks.", log=True
    ),
    "outage_hours": Range(
        0.5, 10, "Median length; incident reports name minutes to a day.", log=True
    ),
    "limited_share": Range(
        0.05,
        0.4,
        "Debit and prepaid cards have daily spending limits; holders of some reach theirs.",
        none=0.5,
    ),
    "limit_reached": Range(0.1, 0.6, "Of their days, those on which it is reached; judgement."),
    "risk_days": Range(
        0.3, 6, "Median days for which a risk score refuses a card; judgement.", log=True
    ),
    # After the failure
    "replaced_share": Range(
        0.1, 0.6, "Updaters and customers replace a tenth to two thirds of dead cards."
    ),
    "replaced_days": Range(2, 15, "Mean wait for it; updaters run daily to monthly."),
    "reaction_share": Range(
        0.03,
        0.35,
        "Vendors say that mails bring a tenth to a third of failed payments back by themselves.",
        none=0.3,
    ),
    "reaction_days": Range(0.3, 4, "Median from mail to reaction: most within a day.", log=True),
    # Change
    "drift_share": Range(
        0.3, 1.0, "Customers come from new markets, banks change their rules; judgement.", none=0.65
    ),
}
