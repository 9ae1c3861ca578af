# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Histories of one invoice: drawn by a seed, played, and made as short as they can be.

Plain Python. A history is a dictionary as JSON has it: ``provider``; ``entries``, whether payments
are booked with an entry; ``acts``, each a list of a name and its values; and how it ends.
"""

import json

from .memory import DECISIONS, FAULTS, PROVIDERS

# How likely each act is, and how its values are drawn.
_MINUTES = (1, 6, 11, 35, 70, 130, 490, 1440, 2 * 1440, 5 * 1440, 8 * 1440, 15 * 1440)
_ACTS = {
    "work": (14, lambda random: [_draw_decision(random)]),
    "job": (22, lambda random: _draw_job(random)),
    "wait": (22, lambda random: [random.choice(_MINUTES)]),
    "decide": (6, lambda random: [random.randrange(3), _draw_decision(random)]),
    "tell": (9, lambda random: [random.randrange(8)]),
    "begin": (5, lambda random: [_draw_faults(random, 0.2, OF_CUSTOMERS)]),
    "finish": (
        5,
        lambda random: [random.randrange(3), _draw_decision(random), random.random() < 0.4],
    ),
    "pay_saved": (
        3,
        lambda random: [_draw_decision(random), _draw_faults(random, 0.6, OF_CUSTOMERS)],
    ),
    "new_card": (2, lambda random: []),
    "register": (3, lambda random: [random.choice((100, 100, 40))]),
    "credit": (2, lambda random: [random.choice((100, 30))]),
    "draft": (2, lambda random: []),
    "post": (2, lambda random: []),
    "cancel": (1, lambda random: []),
    "unbook": (2, lambda random: []),
    "jam": (1, lambda random: [random.random() < 0.7]),
    "limit": (1, lambda random: [random.random() < 0.6]),
    "answer": (5, lambda random: [random.random() < 0.85]),
    "retry": (2, lambda random: []),
    "busy": (1, lambda random: [16]),
}
# Odoo makes a customer's payment in one database transaction: what dies there was never begun.
OF_CUSTOMERS = tuple(fault for fault in FAULTS if not fault.startswith("killed"))
_JOBS = ("follow", "charge", "charge", "book", "collect", "follow")
# The waits between the runs of the jobs at the end, in minutes: more than the 15 days in which the
# slowest rail lets know.
ENDING = (15, 60, 600, 1500, 3000, 4600, 6000, 7000)


# What often goes together; `None` is drawn.
_PHRASES = (
    (["begin", []], ["wait", None], ["finish", None, None, None]),
    (["begin", []], ["wait", None], ["finish", None, None, None], ["wait", None]),
    (["pay_saved", None, ["lost_after"]], ["wait", None]),
    (["job", "charge", None, None, []], ["job", "follow", None, None, []]),
    (["job", "charge", None, ["lost_after"], []], ["job", "follow", None, None, []]),
    (["job", "charge", None, ["lost_before"], []], ["wait", None], ["answer", None]),
    (["job", "charge", None, ["lost_after"], []], ["wait", None], ["answer", None], ["tell", None]),
    (["job", "charge", None, None, []], ["wait", None], ["work", None], ["answer", None]),
    (["job", "charge", "pending", None, []], ["wait", None], ["decide", 0, None], ["tell", None]),
    (["job", "charge", None, None, None], ["wait", None], ["job", "follow", None, None, None]),
    (["draft"], ["post"]),
    (["draft"], ["cancel"]),
    (
        ["work", "expired"],
        ["new_card"],
        ["work", "paid"],
        ["wait", 6],
        ["work", "paid"],
        ["unbook"],
        ["busy", 16],
    ),
    (["work", "expired"], ["new_card"], ["limit", True], ["busy", 16]),
)


def draw(random):
    """Return a history drawn by a :class:`random.Random`."""
    names = list(_ACTS)
    weights = [_ACTS[name][0] for name in names]
    acts, size = [], random.randint(2, 12)
    while len(acts) < size:
        if random.random() < 0.4:
            acts += [_fill(random, act) for act in random.choice(_PHRASES)]
        else:
            name = random.choices(names, weights)[0]
            acts.append([name, *_ACTS[name][1](random)])
    return {
        "provider": random.choice(PROVIDERS),
        "entries": random.random() < 0.6,
        "acts": acts,
        "end": [random.choice(("paid", "funds", "funds", "pending")), random.random() < 0.5],
    }


def _fill(random, act):
    """Return an act of a phrase with what it leaves open drawn."""
    drawn = [act[0], *_ACTS[act[0]][1](random)]
    return [own if given is None else given for given, own in zip(act, drawn, strict=True)]


def _draw_decision(random):
    return random.choices(DECISIONS, (5, 5, 1, 1, 2, 4))[0]


def _draw_faults(random, share=0.7, faults=FAULTS):
    if random.random() > share:
        return []
    return [
        random.choice(faults) if random.random() < 0.7 else None
        for _call in range(random.randint(1, 3))
    ]


def _draw_job(random):
    kill = []
    if random.random() < 0.2:
        kill = [random.randint(1, 8), random.choice(("before", "after"))]
    return [random.choice(_JOBS), _draw_decision(random), _draw_faults(random), kill]


def describe(history):
    """Return a history as it can be played again."""
    return json.dumps(history)


def shrink(history, fails, budget=150):
    """Return the shortest history that is found to fail as well.

    :param fails: plays a history and returns whether it fails
    :param int budget: how many may be played
    """
    best, left = history, [budget]

    def is_better(candidate):
        left[0] -= 1
        return left[0] >= 0 and fails(candidate)

    size = max(len(best["acts"]) // 2, 1)
    while size:
        position = 0
        while position < len(best["acts"]):
            acts = best["acts"][:position] + best["acts"][position + size :]
            candidate = {**best, "acts": acts}
            if is_better(candidate):
                best = candidate
            else:
                position += size
        size = size // 2 if size > 1 else 0
    for candidate in _simplify(best):
        changed = candidate(best)
        if changed != best and is_better(changed):
            best = changed
    return best


def _simplify(history):
    """Yield functions that make something of a history plainer."""
    yield lambda each: {**each, "provider": "stripe"}
    yield lambda each: {**each, "entries": True}
    yield lambda each: {**each, "end": ["paid", False]}
    for number, act in enumerate(history["acts"]):
        for position, value in enumerate(act):
            if isinstance(value, list) and value:

                def empty(each, number=number, position=position):
                    acts = [list(one) for one in each["acts"]]
                    acts[number][position] = []
                    return {**each, "acts": acts}

                yield empty
