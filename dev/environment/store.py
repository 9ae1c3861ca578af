# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The page of the addon in Odoo's store and Apps menu: `static/description/index.html`.

What it does, how it is set up, its limits, the providers and the changelog come from the documents
of the repository, so that there is one truth; the words about the screens, and the questions, are
in `store.md` beside this file. Stores clean what they show: no scripts, no style sheets, colours in
the tags, links within the page.
"""

import ast
import re
from pathlib import Path
from typing import NamedTuple

from . import markdown
from .settings import REPOSITORY

FOLDER = REPOSITORY / "static" / "description"
PAGE = FOLDER / "index.html"
_WORDS = Path(__file__).with_suffix(".md")
_INK, _ACCENT, _PALE = "#2b2a40", "#3c3a5e", "#f5f5fa"
# So much of a long changelog; the rest is in the file that ships.
_CHANGES = 14
_SECTIONS = {
    "does": "What it does",
    "screens": "Screens",
    "setup": "Set-up",
    "providers": "Providers",
    "faq": "Questions",
    "limits": "Limits",
    "changes": "Changelog",
}


class Screen(NamedTuple):
    """A picture, its heading, and what to see in it."""

    picture: str
    title: str
    words: str


def read_words(heading: str) -> list[tuple[str, str]]:
    """Return the titles and texts below a heading of the page's own words."""
    text = markdown.section(_WORDS.read_text(), heading)
    parts = re.split(r"^### (.*)\n", text, flags=re.M)[1:]
    titles, texts = parts[::2], parts[1::2]
    return [(name, " ".join(words.split())) for name, words in zip(titles, texts, strict=True)]


def read_screens() -> list[Screen]:
    """Return the pictures with their words, in their order."""
    found = []
    for title, words in read_words("Screens"):
        name, _space, picture = title.rpartition(" (")
        found.append(Screen(picture.removesuffix(")"), name, words))
    return found


def write_page() -> str:
    """Return the page."""
    readme = _read("README.md")
    parts = {
        "does": _write_cards(markdown.list_items(readme)),
        "screens": "\n".join(_write_screen(*each) for each in enumerate(read_screens(), 1)),
        "setup": _write_setup(readme),
        "providers": _write_providers(_read("docs/providers.md")),
        "faq": "\n".join(_write_question(*each) for each in read_words("Questions")),
        "limits": markdown.convert(markdown.section(readme, "Limits")),
        "changes": _write_changes(_read("CHANGELOG.md")),
    }
    sections = "\n".join(_write_section(name, parts[name]) for name in _SECTIONS)
    return f"<!-- Written by dev/store. -->\n{_write_head(readme)}\n{sections}\n"


def _read(name: str) -> str:
    return (REPOSITORY / name).read_text()


def _write_head(readme: str) -> str:
    manifest = ast.literal_eval(_read("__manifest__.py"))
    lead = readme.split("\n\n")[1]
    links = "".join(
        f'<a href="#{name}" class="badge me-1 mb-1" style="background-color: #fff; '
        f"color: {_ACCENT}; font-size: 14px; font-weight: 500; text-decoration: none; "
        f'padding: 8px 14px; border-radius: 16px">{title}</a>\n'
        for name, title in _SECTIONS.items()
    )
    return f"""\
<section class="oe_container" style="background-color: {_ACCENT}; color: #fff; padding: 48px 32px">
<div style="max-width: 900px; margin: 0 auto; text-align: center">
<img src="icon.png" alt="" width="84" height="84" style="background-color: #fff; \
border-radius: 18px; padding: 10px">
<h1 style="color: #fff; font-size: 40px; margin: 20px 0 8px">{manifest["name"]}</h1>
<p style="font-size: 21px; margin: 0 0 16px">{manifest["summary"]}</p>
<p style="font-size: 16px; line-height: 26px; margin: 0 0 24px">{markdown.inline(lead)}</p>
<p style="margin: 0">
{links}</p>
</div>
</section>"""


def _write_section(name: str, content: str) -> str:
    pale = list(_SECTIONS).index(name) % 2
    background = f"background-color: {_PALE}; " if pale else ""
    return f"""\
<section class="oe_container" id="{name}" style="{background}color: {_INK}; padding: 40px 32px">
<div style="max-width: 980px; margin: 0 auto; font-size: 15px; line-height: 24px">
<h2 style="color: {_ACCENT}; font-size: 28px; margin: 0 0 24px">{_SECTIONS[name]}</h2>
{content}
</div>
</section>"""


def _write_cards(items: list[str]) -> str:
    cards = "\n".join(
        '<div class="col-md-6" style="padding: 0 12px 20px">'
        f'<div style="border-left: 4px solid {_ACCENT}; padding: 2px 0 2px 14px">'
        f"{markdown.inline(item)}</div></div>"
        for item in items
    )
    return f'<div class="row">\n{cards}\n</div>'


def _write_screen(number: int, screen: Screen) -> str:
    return f"""\
<div style="padding: 0 0 36px">
<h3 style="font-size: 20px; margin: 0 0 4px">{number}. {screen.title}</h3>
<p style="margin: 0 0 12px">{screen.words}</p>
<img src="{screen.picture}" alt="{screen.title}" class="img-fluid" \
style="max-width: 100%; border: 1px solid #d8d8e4; border-radius: 6px">
</div>"""


def _write_setup(readme: str) -> str:
    parts = []
    for heading in ("Install it into your Odoo 19", "Your first policy", "Check that it works"):
        parts.append(f'<h3 style="font-size: 20px">{heading}</h3>')
        parts.append(markdown.convert(markdown.section(readme, heading)))
    return "\n".join(parts)


def _write_providers(text: str) -> str:
    heading, *rows = markdown.read_table(text)
    head = "".join(f'<th style="padding: 6px">{markdown.inline(cell)}</th>' for cell in heading)
    body = "\n".join(
        "<tr>"
        + "".join(f'<td style="padding: 6px">{markdown.inline(cell)}</td>' for cell in row)
        + "</tr>"
        for row in rows
    )
    intro = text.split("\n\n")[1].partition(". ")
    return f"""\
<p>{markdown.inline(intro[0])}. What works with which, tried through Odoo's own addons against a
gateway that answers as the provider's documents say:</p>
<div style="overflow-x: auto">
<table class="table table-sm" style="font-size: 13px; line-height: 18px">
<thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody>
</table>
</div>"""


def _write_cell(text: str) -> str:
    return f'<td style="padding: 6px">{markdown.inline(text)}</td>'


def _write_question(question: str, answer: str) -> str:
    return f'<h3 style="font-size: 18px; margin: 0 0 4px">{question}</h3>\n<p>{answer}</p>'


def _write_changes(text: str) -> str:
    version = re.search(r"^## (.*)$", text, re.M)[1]
    items = markdown.list_items(markdown.section(text, version))
    shown = "".join(f"<li>{markdown.inline(item)}</li>" for item in items[:_CHANGES])
    return f"""\
<h3 style="font-size: 20px">{version}</h3>
<ul>{shown}</ul>
<p>And {len(items) - _CHANGES} more, in the file CHANGELOG.md that comes with the addon.</p>"""
