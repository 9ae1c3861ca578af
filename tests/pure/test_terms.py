# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Every term is translated into every language, by the same words for the same ideas."""

import csv
import re
from pathlib import Path

import polib
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "i18n"
LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.po"))
TEMPLATE = polib.pofile(FOLDER / "revenue_recovery.pot")
PLACEHOLDER = re.compile(r"%\(\w+\)[sdif]|%[sdif%]|\{[\w.]*\}")
TAG = re.compile(r"</?([a-zA-Z][\w-]*)[^>]*>")
WORD = re.compile(r"\b[a-z]{2,}\b")
CODE = re.compile(r"\bobject\.|://")
# More words are no name that is the same everywhere.
MOST_SAME = 3


class Language:
    """The terms of one language, and what is wrong with them."""

    def __init__(self, name, entries):
        self.name = name
        self.entries = entries
        with (Path(__file__).parent / "glossary.csv").open() as file:
            rows = list(csv.DictReader(file))
        # A word of ours, by itself or in a sentence, and what stands for it: parts of words.
        self.glossary = [
            (
                re.compile(rf"\b(?:{row['term']})\b", re.IGNORECASE),
                re.compile(row[name], re.IGNORECASE),
            )
            for row in rows
        ]

    def find_complaints(self):
        """Return what is wrong, a line each."""
        return [
            f"{complaint}: {entry.msgid[:80]!r} → {entry.msgstr[:80]!r}"
            for entry in self.entries
            for complaint in self._check(entry)
        ]

    def _check(self, entry):
        term, said = entry.msgid, entry.msgstr
        if not said.strip():
            yield "missing"
            return
        if entry.fuzzy:
            yield "fuzzy"
        if sorted(PLACEHOLDER.findall(term)) != sorted(PLACEHOLDER.findall(said)):
            yield "other placeholders"
        if sorted(TAG.findall(term)) != sorted(TAG.findall(said)):
            yield "other tags"
        if term == said and len(WORD.findall(strip(term))) > MOST_SAME and not CODE.search(term):
            yield "left in English"
        if get_edges(term) != get_edges(said):
            yield "other spaces at an end"
        for word, wanted in self.glossary:
            # Names of others' columns and the like stay as they are.
            if word.search(strip(term)) and not (wanted.search(said) or word.search(said)):
                yield f"not by the glossary ({word.pattern})"


def get_edges(text):
    return text[:1].isspace(), text[-1:].isspace()


def strip(text):
    """Return a text without what no reader sees."""
    return PLACEHOLDER.sub("", TAG.sub("", text))


def read(name):
    return [each for each in polib.pofile(FOLDER / f"{name}.po") if not each.obsolete]


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_term_is_translated(name):
    entries = read(name)
    assert [each.msgid for each in entries] == [each.msgid for each in TEMPLATE], (
        "bring them up to date with dev/terms"
    )
    assert Language(name, entries).find_complaints() == []


@pytest.mark.parametrize(
    ("term", "said", "complaint"),
    [
        ("Retry %(when)s", "Réessayer %(quand)s", "other placeholders"),
        ("<b>Paid</b>", "<i>Payé</i>", "other tags"),
        ("Paid", "", "missing"),
        ("Paid", "Payé ", "other spaces"),
        ("Nothing is owed any more.", "Nothing is owed any more.", "left in English"),
        ("The policy of the invoice", "La police de la facture", "not by the glossary"),
    ],
)
def test_mistake_is_found(term, said, complaint):
    entry = polib.POEntry(msgid=term, msgstr=said)
    (found,) = Language("fr", [entry]).find_complaints()
    assert found.startswith(complaint)
