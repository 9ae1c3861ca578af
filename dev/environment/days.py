# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The day of `dev/test --date`: one that is named, or drawn."""

import random
from datetime import date, timedelta

from .errors import SetupError
from .progress import say

_OPTION = "--date"
# A day that nobody thought of, with what is valid for some years over, and summer or winter time.
_AHEAD = "ahead"
_DAYS_AHEAD = range(366, 3653)


def take(arguments: list[str]) -> tuple[date | None, list[str]]:
    """Return the day that arguments name, and the other arguments.

    :raise SetupError: for what is not a day
    """
    rest = []
    text = None
    following = iter(arguments)
    for argument in following:
        if argument == _OPTION:
            text = next(following, "")
        elif argument.startswith(f"{_OPTION}="):
            text = argument.partition("=")[2]
        else:
            rest.append(argument)
    return (None if text is None else _parse(text)), rest


def _parse(text: str) -> date:
    word, _separator, seed = text.partition(":")
    if word == _AHEAD:
        return _draw(seed or str(random.randrange(10**6)))
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SetupError(
            f"{_OPTION} takes a day as in 2028-02-29, or the word {_AHEAD}; not {text!r}."
        ) from None


def _draw(seed: str) -> date:
    # Today is no part of it: a seed is the same day tomorrow.
    day = date(2026, 11, 29) + timedelta(days=random.Random(seed).choice(_DAYS_AHEAD))
    say(f"tests: the day drawn is {day} (seed {seed}; again with {_OPTION} {day})")
    return day
