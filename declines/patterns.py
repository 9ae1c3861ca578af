# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Patterns of a provider's sentences: what must be in them, in this order, and nothing else.

Not regular expressions: one that a person writes could take for ever on a long sentence. A pattern
is looked for piece by piece, in time that grows with the length of the sentence only.
"""

# Fewer letters in a row would be found in sentences of any meaning.
MIN_PIECE = 6
MAX_PATTERN = 200
# Longer sentences are read up to here.
MAX_SENTENCE = 1000
_GAP = "*"


def parse_pattern(pattern: str) -> tuple[str, ...]:
    """Return the pieces that a sentence must hold, in this order.

    :param pattern: words as the provider writes them; ``*`` stands for any text between them, as in
        ``detached from a customer*may not be used again``. Capitals and blanks don't matter
    :raise ValueError: when it is too long, or has no piece of :data:`MIN_PIECE` characters
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"A pattern has at most {MAX_PATTERN} characters.")
    pieces = tuple(filter(None, map(_plain, pattern.split(_GAP))))
    if max(map(len, pieces), default=0) < MIN_PIECE:
        raise ValueError(f"Not enough words to look for: {pattern!r}")
    return pieces


def matches(pieces: tuple[str, ...], sentence: str) -> bool:
    """Return whether a sentence holds the pieces of :func:`parse_pattern`, in their order."""
    sentence, at = _plain(sentence[:MAX_SENTENCE]), 0
    for piece in pieces:
        found = sentence.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _plain(value: str) -> str:
    return " ".join(value.split()).casefold()
