#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Every provider's refusals are understood: documented codes known, and how long reading takes.

The documented codes come from a list of their own (declines/data/documented.csv), not from the
taxonomy that is measured. Needs neither Odoo nor a database.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plain"))

from bench.output import Bars, table

from revenue_recovery.declines import Taxonomy, read
from revenue_recovery.declines.taxonomy import read_rows
from revenue_recovery.timing.ceiling import Charge, PastAttempt, check, shipped_rules

# Shares in percent that must be reached; all other scopes 90.
GOALS = {"stripe": 100, "adyen": 100, "visa": 100, "mastercard": 100}
READ_GOAL_MS = 0.2
CEILING_GOAL_MS = 5.0
PAST_ATTEMPTS = 1000
NOW = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)

PAYLOADS = {
    "stripe": {
        "error": {
            "code": "card_declined",
            "decline_code": "generic_decline",
            "message": "Your card was declined.",
            "network_decline_code": "51",
            "network_advice_code": "27",
            "payment_method": {
                "type": "card",
                "card": {"brand": "mastercard", "funding": "debit", "country": "DE"},
            },
            "type": "card_error",
        }
    },
    "adyen": {
        "additionalData": {"refusalReasonRaw": "51 : Insufficient funds", "paymentMethod": "visa"},
        "refusalReason": "Refused",
        "refusalReasonCode": "2",
        "resultCode": "Refused",
    },
    "authorize": {
        "response": {
            "x_response_code": "3",
            "x_response_reason_text": "The transaction was unsuccessful.\nNobody knows this one.",
        }
    },
    "flutterwave": {"status": "failed", "processor_response": "Some words of a new kind"},
    "mollie": {"status": "failed", "error": {"code": "X1", "message": "x" * 5000}},
}


def main() -> int:
    """Print both tables and the bars; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, under a second")
    parser.add_argument("--missing", action="store_true", help="also list the codes not known")
    arguments = parser.parse_args()
    bars = Bars()
    _print_coverage(bars, arguments.missing)
    _print_timings(bars, 100 if arguments.quick else 1000)
    return bars.finish()


def _print_coverage(bars: Bars, list_missing: bool) -> None:
    taxonomy = Taxonomy.shipped()
    documented, missing = defaultdict(int), defaultdict(list)
    for row in read_rows("documented"):
        documented[row["scope"]] += 1
        if not taxonomy.find(row["scope"], row["kind"], row["code"]):
            missing[row["scope"]].append(row["code"])
    rows = []
    for scope, count in documented.items():
        known = count - len(missing[scope])
        share = 100 * known / count
        rows.append([scope, known, count, f"{share:.1f} %"])
        bars.add(f"{scope} codes known %", share, "at least", GOALS.get(scope, 90), 1)
    table(["provider or network", "known", "documented", "share"], rows)
    for scope, codes in missing.items():
        if codes and list_missing:
            print(f"not known of {scope}: {' '.join(codes)}")


def _print_timings(bars: Bars, turns: int) -> None:
    rows = []
    slowest = 0.0
    for provider, payload in PAYLOADS.items():
        figure = _milliseconds(lambda p=provider, x=payload: read(p, x), turns)
        slowest = max(slowest, figure)
        rows.append([f"one refusal of {provider} read", f"{figure:.4f} ms"])
    rules = shipped_rules()
    history = [
        PastAttempt(
            NOW - timedelta(hours=index + 1),
            amount=2500,
            currency="EUR",
            code="51",
            category=2,
            advice_code="24" if index % 3 else "",
            debt=index,
        )
        for index in range(PAST_ATTEMPTS)
    ]
    longest = 0.0
    for network in ("visa", "mastercard", "sepa"):
        charge = Charge(2500, "EUR", network, debt=1)
        figure = _milliseconds(lambda c=charge: check(rules, history, NOW, c), turns // 5)
        longest = max(longest, figure)
        rows.append([f"one ceiling on {network}, {PAST_ATTEMPTS} attempts", f"{figure:.4f} ms"])
    table(["median time", "one"], rows)
    bars.add("slowest refusal read ms", slowest, "at most", READ_GOAL_MS, 3)
    bars.add("slowest ceiling decided ms", longest, "at most", CEILING_GOAL_MS, 3)


def _milliseconds(call: Callable[[], object], turns: int) -> float:
    times = []
    for _turn in range(turns):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return 1000 * median(times)


if __name__ == "__main__":
    sys.exit(main())
