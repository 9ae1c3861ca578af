# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a trial says, in the words of whoever reads it."""

from odoo.tools import format_amount, format_date

# The picture of what is back by day, in its own units.
_WIDTH, _HEIGHT = 640, 200
# Days that the table of them shows at most.
_MOST_DAYS = 16
_FEW_RULES = 8


class TrialPage:
    """The page of one trial."""

    def __init__(self, trial):
        self.trial = trial
        self.env = trial.env
        self.result = trial.result or {}

    def get_values(self):
        """Return what the template `recovery_policy_trial_page` shows: words and rows of words."""
        sides = self.result["sides"]
        return {
            "introduction": self._introduce(),
            "verdict": self._judge(),
            "is_sure": self.result.get("verdict") in ("better", "worse", "same"),
            "sides": [self._describe(number, side) for number, side in enumerate(sides)],
            "picture": self._draw(),
            "days": self._list_days(),
            "names": self.result["names"],
            "basis": self._describe_basis(),
            "is_simulated": self.trial.source == "customers",
        }

    # Words

    def _share(self, share):
        return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"

    def _points(self, share):
        return f"{100 * share:+.0f}"

    def _number(self, number):
        return f"{number:,.0f}" if number >= 10 or number == round(number) else f"{number:.1f}"

    def _between(self, triple, write):
        low, middle, high = triple
        return {"middle": write(middle), "low": write(low), "high": write(high)}

    def _amount(self, amount):
        return format_amount(self.env, amount, self.trial.company_id.currency_id)

    def _introduce(self):
        values = {
            "count": self._number(self.result["count"]),
            "amount": self._amount(self.result["amount"]),
            "start": format_date(self.env, self.trial.date_from),
            "end": format_date(self.env, self.trial.date_to),
        }
        if self.trial.source == "customers":
            text = self.env._(
                "%(count)s simulated customers, worth %(amount)s, drawn from the cases from "
                "%(start)s to %(end)s.",
                **values,
            )
        else:
            text = self.env._(
                "%(count)s cases that began from %(start)s to %(end)s, worth %(amount)s.", **values
            )
        if self.result["played"] < self.result["count"]:
            text += " " + self.env._(
                "%(played)s of them, drawn by chance, were played charge by charge; the figures "
                "are for all of them.",
                played=self._number(self.result["played"]),
            )
        return text

    def _judge(self):
        """Return what to take from it, in one sentence."""
        say, why = self.env._, self.result["why"]
        if why == "few":
            return say("Can't tell: too few cases. Choose a longer period.")
        if why == "no_retries":
            return say(
                "Can't tell: fewer than 30 charges were really made after a failure in these "
                "cases, so that nothing holds the odds against what came of them."
            )
        if len(self.result["sides"]) < 2:
            return say("Can't tell: the interval is too wide.") if why else False
        low, middle, high = (self._points(value) for value in self.result["difference"])
        values = {"name": self.result["names"][0], "other": self.result["names"][1]}
        values |= {"low": low, "middle": middle, "high": high}
        return {
            "better": say(
                "“%(name)s” probably brings back %(middle)s points of the amount beside "
                "“%(other)s”, between %(low)s and %(high)s.",
                **values,
            ),
            "worse": say(
                "“%(name)s” probably brings back less: %(middle)s points of the amount beside "
                "“%(other)s”, between %(low)s and %(high)s.",
                **values,
            ),
            "same": say("Both bring back the same of these cases.", **values),
            "unknown": say(
                "Can't tell which brings back more: the difference lies between %(low)s and "
                "%(high)s points.",
                **values,
            ),
        }[self.result["verdict"]]

    def _describe(self, number, side):
        schedule, tries, days = self.result["schedules"][number]
        kinds = {
            "smart": self.env._("Smart, %(tries)s in %(days)s days", tries=tries, days=f"{days:g}"),
            "fixed": self.env._("Fixed, %(tries)s in %(days)s days", tries=tries, days=f"{days:g}"),
            "provider": self.env._("The provider retries: not played"),
            "none": self.env._("No charges"),
        }
        steps = self.result["step_names"]
        return {
            "name": self.result["names"][number],
            "schedule": kinds[schedule],
            "share": self._between(side["share"], self._share),
            "amount": self._amount(self.result["amount"] * side["share"][1]),
            "tries": self._between(side["tries"], self._number),
            "messages": self._between(side["messages"], self._number),
            "known": self._share(side["known"]),
            "met": [self._describe_rule(*row) for row in side["met"][:_FEW_RULES]],
            "steps": [
                {"name": steps.get(str(key), ""), "count": self._number(count)}
                for key, count in side["steps"]
            ],
        }

    def _describe_rule(self, kind, name, count):
        kinds = {
            "ceiling": self.env._("Ceiling: %(rule)s", rule=name),
            "hours": self.env._("Hours for charges"),
            "advice": self.env._("Advice of the network or bank"),
            "message_hours": self.env._("Hours for messages"),
        }
        return {"name": kinds.get(kind, kind), "count": self._number(count)}

    def _describe_basis(self):
        say = self.env._
        if not self.result["retries"]:
            return say("No charge was really made after a failure in these cases.")
        return say(
            "Charges that were really made after a failure, which the odds are held against: "
            "%(retries)s. Of them %(expected)s were expected to succeed, and %(seen)s did.",
            retries=self._number(self.result["retries"]),
            expected=self._share(self.result["expected"]),
            seen=self._share(self.result["seen"]),
        )

    # By day

    def _draw(self):
        """Return the lines of the picture: what is back by each day, the interval as a band."""
        days = max(self.result["days"], 1)
        top = max([one[2] for side in self.result["sides"] for one in side["curve"]] + [0.1])

        def place(day, share):
            return f"{_WIDTH * day / days:.1f},{_HEIGHT * (1 - share / top):.1f}"

        lines = []
        for side in self.result["sides"]:
            curve = side["curve"]
            upper = [place(day, one[2]) for day, one in enumerate(curve)]
            lower = [place(day, one[0]) for day, one in enumerate(curve)]
            lines.append(
                {
                    "band": " ".join([*upper, *reversed(lower)]),
                    "line": " ".join(place(day, one[1]) for day, one in enumerate(curve)),
                }
            )
        return {
            "lines": lines,
            "box": f"0 -4 {_WIDTH} {_HEIGHT + 8}",
            "top": self._share(top),
            "last": self.env._("Day %(day)s", day=days),
        }

    def _list_days(self):
        """Return rows of the table by day, not more than a screen shows."""
        days = self.result["days"]
        step = -(-(days + 1) // _MOST_DAYS)
        shown = [*range(0, days, step), days]
        rows, before = [], -1
        for day in shown:
            row = {"day": str(day) if step == 1 or day == 0 else f"{before + 1}–{day}", "cells": []}
            if before + 1 == day:
                row["day"] = str(day)
            for side in self.result["sides"]:
                heard = sum(side["messages_by_day"][before + 1 : day + 1])
                back = self._between(side["curve"][day], self._share)
                row["cells"].append({"back": back, "messages": self._number(heard)})
            rows.append(row)
            before = day
        return rows
