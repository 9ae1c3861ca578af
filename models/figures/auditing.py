# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What an audit says: counted, estimated, and turned into plain values to be kept."""

from dataclasses import dataclass
from datetime import timedelta

from odoo import fields

from ...audit.findings import find
from ...audit.retries import choose, make_case
from ...tools.instants import aware
from ..schedule.past import PastReader, read_cases

# Of debts that failed later than this it is not known yet what came of them.
SETTLED = timedelta(days=60)
# A policy that is likely to bring so much less than the best one is as good, if it is shorter.
AS_GOOD = 0.02


@dataclass
class Auditor:
    """Makes an audit of one company.

    :ivar timing: the company's `recovery.timing`, in sudo mode, which has learned the past
    :ivar policies: whose charges are to be judged
    """

    company: object
    timing: object
    policies: object

    def audit_database(self, since, until):
        """Return the result for the payments of the database between two naive UTC instants."""
        reader = PastReader(self.company, since, until)
        debts = reader.read_debts()
        count, failed, loose = reader.count()
        cards = reader.read_working_cards()
        return {
            **self._audit(debts, until, lambda some: read_cases(self.company, some)),
            "payments": [count, failed],
            "loose": loose,
            "cards": [len(cards), float(sum(owed for _move, owed in cards))],
        }

    def audit_debts(self, debts, until):
        """Return the result for debts of a file."""
        return self._audit(debts, until, lambda some: {debt.key: make_case(debt) for debt in some})

    def _audit(self, debts, until, read):
        reasons = self.company.env["recovery.decline.reason"]._get_reasons()
        silent = frozenset(reason.id for reason in reasons if reason.generic)
        rules = self.company.env["recovery.network.rule"]._get_rules()
        found = find(debts, rules, silent)
        return {**found.to_dict(), **self._estimate(debts, until, found, read)}

    def _estimate(self, debts, until, found, read):
        """Return what each policy would probably have brought back, and which one to use."""
        # Not before it is used, because it brings NumPy.
        from ...audit.prospect import estimate

        end = aware(until)
        settled = [debt for debt in debts if debt.first.at <= end - SETTLED and debt.is_chargeable]
        chosen = choose(settled)
        ladders = {str(policy.id): policy._get_ladder() for policy in self.policies}
        if not chosen or not ladders:
            return {"prospects": [], "basis": {"count": len(settled), "why": "few"}}
        outlook = estimate(
            chosen,
            self.timing._read_model(),
            ladders,
            end,
            read(chosen),
            count=len(settled),
            readable=found.known.count / found.failed.count,
        )
        amount = sum(debt.amount for debt in settled)
        back = sum(debt.amount for debt in settled if debt.came_back)
        prospects = [
            {
                "policy": policy.id,
                "name": policy.name,
                "tries": ladders[str(policy.id)].tries,
                "days": ladders[str(policy.id)].window,
                "smart": policy.retry_schedule == "smart",
                "share": one.share,
                "low": one.low,
                "high": one.high,
                "why": one.why,
            }
            for policy in self.policies
            if (one := outlook.by_schedule.get(str(policy.id)))
        ]
        level, level_sd = outlook.level
        return {
            "prospects": prospects,
            "basis": {
                "count": outlook.count,
                "sampled": outlook.sampled,
                "retries": outlook.retries,
                "expected": outlook.expected,
                "seen": outlook.seen,
                "level": level,
                "level_sd": level_sd,
                "amount": amount,
                "back": back,
                "until": fields.Date.to_string((end - SETTLED).date()),
                "why": prospects[0]["why"] if prospects else "few",
            },
            "suggested": suggest(prospects),
        }


def suggest(prospects):
    """Return the id of the policy to suggest: of those about as good, the shortest; or nothing."""
    told = [one for one in prospects if not one["why"]]
    if not told:
        return False
    best = max(one["share"] for one in told)
    good = [one for one in told if one["share"] >= best - AS_GOOD]
    return min(good, key=lambda one: (one["days"], one["tries"], one["policy"]))["policy"]
