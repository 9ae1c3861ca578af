# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What Odoo kept of a refused charge: a sentence, in which the provider's words or code may stand.

Before this addon is there, a transaction only has the text that its provider's addon made for
people. Where it holds the provider's own words, or its code, these are looked up as in an answer.
"""

import re

from .decline import Decline
from .raw import RawDecline
from .reading import classify
from .taxonomy import Taxonomy
from .values import code, text

# What Odoo's addons write around a code: "(code 2001)", "with error code: card_declined", …
_AFTER_NAME = re.compile(r"(?i)\b(?:code|reason|status|refusal)\b[\s:\"'“(]*([\w./-]{2,40})")
_QUOTED = re.compile(r"[\"'“”‘’(]([^\"'“”‘’()]{3,120})[\"'“”‘’)]")
# Codes such as insufficient_funds stand by themselves.
_WORD = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")
_MOST = 8


def read_kept(provider: str, message: str, taxonomy: Taxonomy | None = None) -> Decline:
    """Read the sentence that a transaction was ended with.

    :param provider: the provider's technical name
    :return: a decline whose `known` says whether the reason could be read
    """
    name, sentence = code(provider), text(message)
    taxonomy = taxonomy or Taxonomy.shipped()
    codes = [found for found in _find_codes(message) if taxonomy.find(name, "code", found)]
    raw = RawDecline(name, tuple(codes[:_MOST]), _find_texts(message), sentence)
    return classify(raw, taxonomy)


def _find_codes(message: str) -> list[str]:
    found = [*_WORD.findall(message), *_AFTER_NAME.findall(message)]
    return [code(each.rstrip(".,;)")) for each in dict.fromkeys(found)]


def _find_texts(message: str) -> tuple[str, ...]:
    """Return what may be the provider's own words: all of it, its lines, what it quotes."""
    lines = [line.strip() for line in message.splitlines()]
    after = [line.partition(": ")[2] for line in lines]
    parts = (message, *lines, *after, *_QUOTED.findall(message))
    texts = dict.fromkeys(text(part.strip(" '\"")) for part in parts)
    return tuple(list(filter(None, texts))[:_MOST])
