# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The list of sentences is closed: what the code says is in it, in eight languages, and no more."""

import ast
import re
from functools import lru_cache
from pathlib import Path

import polib
import pytest

from revenue_recovery.notices import wording
from revenue_recovery.timing.plan import choice, journeys
from revenue_recovery.tools.sentences import SENTENCES

HOME = Path(__file__).parents[2]
SHIPPED = ("models", "wizards", "report", "controllers", "timing", "notices", "tools")
LANGUAGES = ("de", "es", "fr", "it", "ja", "nl", "pt_BR")
# Where the kind stands in a call that says something.
SAYING = {"say": 1, "Sentence": 0, "facts_in_sql": 0}
# Kinds that the tables of `timing` and `notices` name.
TABLES = (
    *(kind for row in wording._PLANNED.values() for kind in row),
    *choice._SENTENCES.values(),
    *journeys._ENDS.values(),
)


@lru_cache
def read_code():
    """Return the trees of what ships, the list itself left out."""
    paths = [path for room in SHIPPED for path in sorted((HOME / room).rglob("*.py"))]
    return [ast.parse(path.read_text()) for path in paths if path.parent.name != "sentences"]


def list_calls():
    """Yield the calls that say something, each with the kinds that it names."""
    for tree in read_code():
        for node in ast.walk(tree):
            at = SAYING.get(getattr(node.func, "id", "")) if isinstance(node, ast.Call) else None
            if at is not None and len(node.args) > at:
                yield node, list_words(node.args[at])


def list_words(node):
    parts = (node.body, node.orelse) if isinstance(node, ast.IfExp) else (node,)
    return [part.value for part in parts if isinstance(part, ast.Constant)]


def list_placeholders(text):
    return sorted(re.findall(r"%(?:\((\w+)\)s|%)", text))


def test_every_kind_that_the_code_names_has_a_sentence():
    named = {kind for _call, kinds in list_calls() for kind in kinds if kind != "text"}
    assert len(named) > 200, "The calls were not found."
    copied = re.findall(r'\[\["(\w+)", \{\}\]\]', (HOME / "data" / "neutralize.sql").read_text())
    assert copied
    assert {*named, *TABLES, *copied} - set(SENTENCES) == set()


def test_every_sentence_is_said_somewhere():
    words = {
        node.value
        for tree in read_code()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    copied = (HOME / "data" / "neutralize.sql").read_text()
    assert {kind for kind in SENTENCES if kind not in words and f'"{kind}"' not in copied} == set()


def test_every_call_gives_its_sentence_what_it_needs():
    for call, kinds in list_calls():
        names = {keyword.arg for keyword in call.keywords}
        if call.func.id != "say" or None in names:
            continue  # Some come from elsewhere.
        for kind in kinds:
            assert {*list_placeholders(SENTENCES[kind])} <= names, kind


def test_sentences_of_one_line_end_as_sentences():
    parts = {"label", "part_of", "a_payment", "no_reason"}
    for kind, sentence in SENTENCES.items():
        last = sentence.split("%(")[-1].split(")s")[-1]
        assert kind in parts or not last or last[-1] in ".)”" or sentence.endswith("s"), kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_in_every_language(language):
    terms = {entry.msgid: entry.msgstr for entry in polib.pofile(HOME / "i18n" / f"{language}.po")}
    for kind, sentence in SENTENCES.items():
        said = terms.get(sentence)
        assert said, f"{kind} is not in {language}"
        assert list_placeholders(said) == list_placeholders(sentence), kind
        assert said != sentence or kind == "label" or not re.sub(r"%\(\w+\)s", "", sentence), kind
